//! The OWASP Core Rule Set beside the built-in rules: an unmodified directory, read when the program starts.
//!
//! What is honoured are rules that ask `@rx`, `@pm`, `@pmFromFile`, `@detectSQLi` or `@detectXSS` of request
//! arguments (and of headers), with their transformations, chains and scores. Everything else is listed by id with the
//! reason, never skipped in silence: see [`CrsReport`]. Each pattern stays a regular expression of its own behind two
//! conditions that are read off its syntax (`need`), since a single automaton of all of them would be remade again and
//! again for texts of attackers.
//!
//! CRS is written for web forms, not for remarks of people. Its rules whose pattern a sentence can match only count
//! here (`treatment`), unless the directory's user decides otherwise.

mod canary;
mod compile;
mod engine;
mod inspect;
mod lines;
mod need;
mod pcre;
mod reader;
mod report;
mod rule;
mod transform;
mod treatment;
mod variables;

use crate::RuleId;
use compile::Compiled;
use engine::Engine;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use canary::CanaryFailure;
pub use report::CrsReport;
pub use variables::Place;

/// Anomaly score from which a text counts as an attack, as in CRS.
const THRESHOLD: u32 = 5;
/// Largest file that is read.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// Most files that are read.
const FILES_MAX: usize = 1000;

/// What may be chosen about a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrsOptions {
    /// CRS's paranoia level, 1 to 4: rules of higher levels are left aside.
    pub paranoia: u8,
}

impl Default for CrsOptions {
    fn default() -> Self {
        Self { paranoia: 1 }
    }
}

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CrsError {
    /// The directory or one of its files cannot be read from disk.
    #[error("{path} cannot be read")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no file with rules.
    #[error("there are no rule files (*.conf), neither there nor in a folder `rules` within")]
    NoFiles,
    /// There are rule files, but not one rule that can be honoured.
    #[error("not one rule can be honoured:\n{0}")]
    NoRules(Box<CrsReport>),
    /// The paranoia level is not one of CRS's.
    #[error("the paranoia level is 1, 2, 3 or 4, not {0}")]
    Paranoia(u8),
}

/// A rule of the directory that is honoured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrsRule {
    /// CRS's number, such as 942100.
    pub id: u32,
    /// The same as the name by which profiles, exceptions, logs and metrics know the rule.
    pub name: RuleId,
    /// What it adds to the anomaly score.
    pub score: u8,
    /// CRS's own words for what it found.
    pub message: String,
    /// The attack it is about, by CRS's tag: `sqli` of `attack-sqli`.
    pub attack: String,
    /// The honest text that it matches, if there is one: then it only counts.
    pub misfires_on: Option<String>,
}

/// The rules of a directory, ready to be asked.
#[derive(Debug)]
pub struct Crs {
    rules: Vec<CrsRule>,
    compiled: Vec<Compiled>,
    engine: Engine,
}

impl Crs {
    /// Reads the files of a directory (name to bytes) at paranoia level 1.
    pub fn read(files: &BTreeMap<String, Vec<u8>>) -> Result<(Self, CrsReport), CrsError> {
        Self::read_with(files, CrsOptions::default())
    }

    /// Reads the files of a directory with the options chosen.
    pub fn read_with(
        files: &BTreeMap<String, Vec<u8>>,
        options: CrsOptions,
    ) -> Result<(Self, CrsReport), CrsError> {
        if !(1..=4).contains(&options.paranoia) {
            return Err(CrsError::Paranoia(options.paranoia));
        }
        if !files.keys().any(|name| name.ends_with(".conf")) {
            return Err(CrsError::NoFiles);
        }
        let (read, mut report) = reader::read(files, options.paranoia);
        if read.is_empty() {
            return Err(CrsError::NoRules(Box::new(report)));
        }
        let mut rules = Vec::with_capacity(read.len());
        let mut compiled = Vec::with_capacity(read.len());
        for rule in read {
            let misfires_on = treatment::misfires_on(&rule.compiled);
            if let Some(text) = &misfires_on {
                report.only_counted.push((rule.id, text.clone()));
            }
            let attack =
                rule.tags.iter().find_map(|tag| tag.strip_prefix("attack-")).unwrap_or("other").to_owned();
            let name = RuleId::new(&rule.id.to_string());
            rules.push(CrsRule {
                id: rule.id,
                name,
                score: rule.score,
                message: rule.message,
                attack,
                misfires_on,
            });
            compiled.push(rule.compiled);
        }
        let engine = Engine::new(&compiled);
        Ok((Self { rules, compiled, engine }, report))
    }

    /// Reads a directory of CRS from disk: its rule and data files, or those in its folder `rules`.
    pub fn read_dir(path: &Path, options: CrsOptions) -> Result<(Self, CrsReport), CrsError> {
        let within = path.join("rules");
        let folder = if within.is_dir() { within } else { path.to_owned() };
        Self::read_with(&files_of(&folder)?, options)
    }

    /// The rules that are honoured.
    #[must_use]
    pub fn rules(&self) -> &[CrsRule] {
        &self.rules
    }

    /// Tells `found` each rule that the text matches, until it answers false. `go_on` is asked before each pattern
    /// that has to be run; once it answers false no more are.
    pub fn find(
        &self,
        place: Place<'_>,
        text: &[u8],
        mut go_on: impl FnMut() -> bool,
        mut found: impl FnMut(&CrsRule) -> bool,
    ) {
        self.engine.find(
            &self.compiled,
            text,
            |rule| self.compiled[usize::from(rule)].looks.at(place).then(&mut go_on),
            |rule| found(&self.rules[usize::from(rule)]),
        );
    }

    /// The ids of all rules that match, with their scores: what `explain` shows.
    #[must_use]
    pub fn all(&self, place: Place<'_>, text: &[u8]) -> Vec<&CrsRule> {
        let mut all: Vec<&CrsRule> = Vec::new();
        self.engine.find(
            &self.compiled,
            text,
            |rule| self.compiled[usize::from(rule)].looks.at(place).then_some(true),
            |rule| {
                let rule = &self.rules[usize::from(rule)];
                if !all.iter().any(|known| known.id == rule.id) {
                    all.push(rule);
                }
                true
            },
        );
        all
    }
}

/// The rule and data files of a folder, by name.
fn files_of(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, CrsError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| CrsError::Unreadable { path, source }
    };
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        let wanted = path.extension().is_some_and(|kind| kind == "conf" || kind == "data");
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| wanted && path.is_file())
        else {
            continue;
        };
        let size = path.metadata().map_err(unreadable(&path))?.len();
        if size > FILE_BYTES_MAX || files.len() == FILES_MAX {
            let source = std::io::Error::other("more than 4 MiB in one file, or more than 1,000 files");
            return Err(CrsError::Unreadable { path, source });
        }
        files.insert(name.to_owned(), std::fs::read(&path).map_err(unreadable(&path))?);
    }
    Ok(files)
}

#[cfg(test)]
mod tests;
