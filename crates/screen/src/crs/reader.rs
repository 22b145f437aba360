//! From the files of a directory to rules, each with its chain; and what became of every line.

use super::compile::{Compiled, compile};
use super::lines::{self, Line};
use super::report::CrsReport;
use super::rule::{self, Written};
use super::transform::Transform;
use std::collections::{BTreeMap, BTreeSet};

/// Rules that are taken from one directory; CRS 4 has some 600 with those for responses.
const RULES_MAX: usize = 4000;

/// Different beginnings of chains of transformations that are taken from one directory: each is a text more to make of
/// every text. CRS 4 has some 60.
const CHAINS_MAX: usize = 4000;

/// A rule that is honoured, with what the report and the engine want to know of it.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) id: u32,
    pub(super) score: u8,
    pub(super) message: String,
    pub(super) tags: Vec<String>,
    pub(super) compiled: Compiled,
}

/// Reads every rule file of the directory, in the order of names, as ModSecurity's `Include` does.
pub(super) fn read(files: &BTreeMap<String, Vec<u8>>, paranoia: u8) -> (Vec<Read>, CrsReport) {
    let mut reader = Reader::new(files, paranoia);
    for (name, file) in files.iter().filter(|(name, _)| name.ends_with(".conf")) {
        for line in lines::directives(file) {
            reader.directive(name, &line);
        }
        reader.close_chain();
    }
    reader.remove();
    (reader.read, reader.report)
}

struct Reader<'f> {
    files: &'f BTreeMap<String, Vec<u8>>,
    report: CrsReport,
    read: Vec<Read>,
    /// The chain that is being read: the first rule and its links.
    open: Vec<Written>,
    ids: BTreeSet<u32>,
    /// The beginnings of all rules' chains of transformations: the nodes of the engine's tree.
    chains: BTreeSet<Vec<Transform>>,
    removed: Vec<(u32, u32)>,
    removed_tags: Vec<String>,
}

impl<'f> Reader<'f> {
    fn new(files: &'f BTreeMap<String, Vec<u8>>, paranoia: u8) -> Self {
        Self {
            files,
            report: CrsReport { paranoia, ..CrsReport::default() },
            read: Vec::new(),
            open: Vec::new(),
            ids: BTreeSet::new(),
            chains: BTreeSet::new(),
            removed: Vec::new(),
            removed_tags: Vec::new(),
        }
    }

    fn directive(&mut self, file: &str, line: &Line) {
        let name = line.words.first().map(|word| String::from_utf8_lossy(word).to_ascii_lowercase());
        let name = name.unwrap_or_default();
        if let Some(fault) = line.fault {
            // A broken member must not let the rest of its chain pass for a rule of its own.
            if let Some(first) = self.open.first() {
                let id = first.id;
                self.open.clear();
                self.refuse(id, "has a chain of which a line cannot be read");
            }
            return self.unreadable(file, line.number, fault);
        }
        match name.as_str() {
            "secrule" => match rule::secrule(&line.words[1..]) {
                Ok(rule) => self.rule(rule),
                Err(why) => self.unreadable(file, line.number, why),
            },
            "secaction" => {
                let id = rule::id_of(&line.words[1..]).unwrap_or(0);
                self.refuse(id, "is an action without a question (SecAction)");
            }
            "secruleremovebyid" => self.removals(&line.words[1..]),
            "secruleremovebytag" => {
                let tags =
                    line.words[1..].iter().map(|tag| String::from_utf8_lossy(tag).to_ascii_lowercase());
                self.removed_tags.extend(tags);
            }
            "seccomponentsignature" => {
                self.report.version =
                    line.words.get(1).map(|word| String::from_utf8_lossy(word).into_owned());
            }
            "secmarker" => {}
            _ => {
                self.unreadable(
                    file,
                    line.number,
                    &format!("{name:?} is not a directive that is known here"),
                );
            }
        }
    }

    fn rule(&mut self, rule: Written) {
        if self.report.honoured.len() >= RULES_MAX {
            return self.refuse(rule.id, "comes after 4,000 others");
        }
        let goes_on = rule.actions.chain;
        self.open.push(rule);
        if !goes_on {
            self.finish();
        }
    }

    /// A chain whose last member is missing.
    fn close_chain(&mut self) {
        if let Some(first) = self.open.first() {
            let id = first.id;
            self.open.clear();
            self.refuse(id, "has a chain that does not end");
        }
    }

    fn finish(&mut self) {
        let rules = std::mem::take(&mut self.open);
        let first = &rules[0];
        let id = first.id;
        if let Err(why) = self.admit(first) {
            return self.refuse(id, why);
        }
        if first.actions.paranoia() > self.report.paranoia {
            return self.report.above_level.push((id, first.actions.paranoia()));
        }
        let score = rules.iter().map(|rule| rule.actions.score()).max().unwrap_or(0);
        match compile(&rules, self.files) {
            Err(why) => {
                if let Some(file) =
                    why.strip_suffix(", which is missing").and_then(|text| text.rsplit(' ').next())
                {
                    self.report.missing_files.push(file.to_owned());
                }
                self.refuse(id, &why);
            }
            Ok(_) if score == 0 => self.refuse(id, "adds nothing to the anomaly score"),
            Ok(compiled) if !self.has_room_for(&compiled.chain) => {
                self.refuse(id, "transforms in a way of its own, after 4,000 others");
            }
            Ok(compiled) => {
                self.report.honoured.push(id);
                let (message, tags) = (first.actions.message.clone(), first.actions.tags.clone());
                self.read.push(Read { id, score, message, tags, compiled });
            }
        }
    }

    /// Whether the steps of a chain fit beside those of all others; then they are counted.
    fn has_room_for(&mut self, chain: &[Transform]) -> bool {
        let beginnings = (1..=chain.len()).map(|steps| &chain[..steps]);
        let new: Vec<Vec<Transform>> =
            beginnings.filter(|steps| !self.chains.contains(*steps)).map(<[_]>::to_vec).collect();
        let fits = self.chains.len() + new.len() <= CHAINS_MAX;
        if fits {
            self.chains.extend(new);
        }
        fits
    }

    fn admit(&mut self, first: &Written) -> Result<(), &'static str> {
        if first.id == 0 {
            return Err("has no id");
        }
        if !self.ids.insert(first.id) {
            return Err("has an id that another rule has");
        }
        match first.actions.phase.as_deref() {
            Some("3" | "4" | "response") => return Err("looks at responses"),
            Some("5" | "logging") => return Err("works in the log, after the answer"),
            _ => {}
        }
        if first.actions.skips {
            return Err("steers which rules are asked (skipAfter); the paranoia level does that here");
        }
        Ok(())
    }

    fn removals(&mut self, words: &[Vec<u8>]) {
        for word in words {
            let text = String::from_utf8_lossy(word);
            let (from, to) = text.split_once('-').unwrap_or((&text, &text));
            if let (Ok(from), Ok(to)) = (from.trim().parse(), to.trim().parse()) {
                self.removed.push((from, to));
            }
        }
    }

    /// Takes out what `SecRuleRemoveById` and `SecRuleRemoveByTag` name.
    fn remove(&mut self) {
        let (removed, tags) = (std::mem::take(&mut self.removed), std::mem::take(&mut self.removed_tags));
        let gone = |rule: &Read| {
            removed.iter().any(|(from, to)| (*from..=*to).contains(&rule.id))
                || tags.iter().any(|tag| rule.tags.contains(tag))
        };
        let (out, kept): (Vec<Read>, Vec<Read>) = std::mem::take(&mut self.read).into_iter().partition(gone);
        self.read = kept;
        for rule in out {
            self.report.honoured.retain(|id| *id != rule.id);
            self.refuse(rule.id, "is removed by the directory itself (SecRuleRemove)");
        }
    }

    fn refuse(&mut self, id: u32, why: &str) {
        self.report.not_honoured.push((id, why.to_owned()));
    }

    fn unreadable(&mut self, file: &str, number: usize, why: &str) {
        self.report.unreadable.push((file.to_owned(), number, why.to_owned()));
    }
}
