//! From a rule as written to one that can be asked, or the reason why not.

use super::need::Need;
use super::pcre;
use super::rule::{Operator, Written};
use super::transform::Transform;
use super::variables::Looks;
use aho_corasick::{AhoCorasick, MatchKind};
use regex::bytes::{Regex, RegexBuilder};
use std::collections::BTreeMap;

use crate::set::Set;

/// Memory for one pattern's program. CRS 4's largest needs 3.4 MB.
const PROGRAM_BYTES_MAX: usize = 8 << 20;
/// Memory for one pattern's states, which are made as texts need them; beyond it they are made anew.
const STATES_BYTES_MAX: usize = 512 << 10;
/// A pattern longer than this is not CRS's.
const PATTERN_BYTES_MAX: usize = 64 * 1024;
/// Transformations that one rule, or one member of a chain, may ask for; CRS 4 takes at most eight.
const STEPS_MAX: usize = 16;
/// Phrases that one rule may look for.
const PHRASES_MAX: usize = 20_000;

/// Longest phrase; each byte of it is a state of the search.
const PHRASE_BYTES_MAX: usize = 1024;

/// What is asked of a text.
#[derive(Debug)]
pub(super) enum Ask {
    Pattern(Regex),
    /// In whatever case.
    Phrases(AhoCorasick),
    Sql,
    Script,
}

impl Ask {
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        match self {
            Self::Pattern(pattern) => pattern.is_match(text),
            Self::Phrases(phrases) => phrases.is_match(text),
            Self::Sql => libinjectionrs::detect_sqli(text).is_injection(),
            Self::Script => libinjectionrs::detect_xss(text).is_injection(),
        }
    }
}

/// A question with what a text must have for the answer to be yes.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) ask: Ask,
    pub(super) negated: bool,
    pub(super) need: Need,
}

/// A later member of a chain: asked of what the first one matched.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) chain: Vec<Transform>,
    pub(super) question: Question,
    /// Asked of the text as it came rather than as the member before transformed it.
    pub(super) of_text: bool,
}

/// A rule that is honoured.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) looks: Looks,
    pub(super) chain: Vec<Transform>,
    pub(super) multi_match: bool,
    pub(super) question: Question,
    pub(super) links: Vec<Link>,
}

/// Compiles a rule with its chain.
pub(super) fn compile(rules: &[Written], files: &BTreeMap<String, Vec<u8>>) -> Result<Compiled, String> {
    let [first, rest @ ..] = rules else { return Err("is empty".to_owned()) };
    if let Some(what) = rules.iter().find_map(|rule| rule.actions.control.as_deref()) {
        let steers = what.to_ascii_lowercase().starts_with("ruleremove");
        if steers {
            return Err("switches other rules off for some requests (ctl)".to_owned());
        }
    }
    let looks = Looks::read(&first.variables)?;
    let mut links = Vec::new();
    for link in rest {
        links.push(compile_link(link, &looks, files)?);
    }
    Ok(Compiled {
        looks,
        chain: transformations(first)?,
        multi_match: first.actions.multi_match,
        question: question(&first.operator, files)?,
        links,
    })
}

fn compile_link(link: &Written, first: &Looks, files: &BTreeMap<String, Vec<u8>>) -> Result<Link, String> {
    let name = |text: &[u8]| String::from_utf8_lossy(text).to_ascii_uppercase();
    let matched = link
        .variables
        .iter()
        .all(|variable| matches!(name(variable).as_str(), "MATCHED_VAR" | "MATCHED_VARS"));
    if !matched && link.variables.iter().any(|variable| name(variable).starts_with("TX:")) {
        return Err("has a chain that uses what the pattern caught (TX)".to_owned());
    }
    let same = !matched && Looks::read(&link.variables).is_ok_and(|looks| looks == *first);
    if !matched && !same {
        return Err("has a chain that looks at something else than the text that matched".to_owned());
    }
    let question =
        question(&link.operator, files).map_err(|why| format!("has a chain whose member {why}"))?;
    Ok(Link { chain: transformations(link)?, question, of_text: same })
}

fn transformations(rule: &Written) -> Result<Vec<Transform>, String> {
    let read = |name: &String| Transform::named(name).ok_or_else(|| format!("transforms with {name}"));
    if rule.actions.transformations.len() > STEPS_MAX {
        return Err("takes more than 16 transformations".to_owned());
    }
    rule.actions.transformations.iter().map(read).collect()
}

fn question(operator: &Operator, files: &BTreeMap<String, Vec<u8>>) -> Result<Question, String> {
    let argument = operator.argument.as_slice();
    if matches!(operator.name.as_str(), "rx" | "contains" | "streq" | "beginswith" | "endswith")
        && argument.windows(2).any(|pair| pair == b"%{")
    {
        return Err("compares with a variable (%{...})".to_owned());
    }
    let literal = |before: &str, after: &str| {
        let text: String = argument.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        format!("(?s-u){before}{text}{after}")
    };
    let mut question = match operator.name.as_str() {
        "rx" => pattern(&translated(argument)?)?,
        "contains" => pattern(&literal("", ""))?,
        "streq" => pattern(&literal("^", "$"))?,
        "beginswith" => pattern(&literal("^", ""))?,
        "endswith" => pattern(&literal("", "$"))?,
        "pm" => phrases(argument.split(u8::is_ascii_whitespace).map(unescaped).collect())?,
        "pmf" | "pmfromfile" => phrases(phrases_of_files(argument, files)?)?,
        "detectsqli" => {
            // Letters alone are one token to libinjection, and it knows no attack of one word.
            let letters = Set::range(b'A', b'Z').with(&Set::range(b'a', b'z'));
            let need = Need { sets: vec![letters.inverse()], ..Need::default() };
            Question { need, ..asked(Ask::Sql) }
        }
        "detectxss" => {
            // libinjection finds a tag, a comment, a declaration or the value of an attribute.
            let need = Need { sets: vec![Set::bytes(b"<=")], ..Need::default() };
            Question { need, ..asked(Ask::Script) }
        }
        other => return Err(format!("asks with @{other}")),
    };
    if operator.negated {
        question.negated = true;
        // What a match needs, its absence does not.
        question.need = Need::default();
    }
    Ok(question)
}

fn asked(ask: Ask) -> Question {
    Question { ask, negated: false, need: Need::default() }
}

fn translated(argument: &[u8]) -> Result<String, String> {
    if argument.is_empty() {
        return Err("has an empty pattern".to_owned());
    }
    if argument.len() > PATTERN_BYTES_MAX {
        return Err("is longer than 64 KiB".to_owned());
    }
    pcre::translate(argument).map_err(str::to_owned)
}

fn pattern(written: &str) -> Result<Question, String> {
    let mut parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).nest_limit(60).build();
    let hir = parser.parse(written).map_err(|_| "has a pattern that cannot be read".to_owned())?;
    let mut builder = RegexBuilder::new(written);
    builder.unicode(false).nest_limit(60).size_limit(PROGRAM_BYTES_MAX).dfa_size_limit(STATES_BYTES_MAX);
    let compiled =
        builder.build().map_err(|_| "has a pattern whose program is larger than 8 MiB".to_owned())?;
    Ok(Question { need: Need::of(&hir), ..asked(Ask::Pattern(compiled)) })
}

fn phrases(mut phrases: Vec<Vec<u8>>) -> Result<Question, String> {
    phrases.retain(|phrase| !phrase.is_empty());
    phrases.iter_mut().for_each(|phrase| phrase.make_ascii_lowercase());
    phrases.sort();
    phrases.dedup();
    if phrases.is_empty() {
        return Err("looks for no phrase".to_owned());
    }
    if phrases.iter().any(|phrase| phrase.len() > PHRASE_BYTES_MAX) {
        return Err("looks for a phrase longer than 1 KiB".to_owned());
    }
    if phrases.len() > PHRASES_MAX {
        return Err("looks for more than 20,000 phrases".to_owned());
    }
    let found = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .build(&phrases)
        .map_err(|_| "looks for more than fits".to_owned())?;
    let need = Need::of_phrases(phrases);
    Ok(Question { need, ..asked(Ask::Phrases(found)) })
}

/// A phrase of `@pm`, in which `|41 42|` stands for bytes.
fn unescaped(phrase: &[u8]) -> Vec<u8> {
    let parts: Vec<&[u8]> = phrase.split(|byte| *byte == b'|').collect();
    let all_hex = |part: &[u8]| {
        !part.is_empty() && part.len().is_multiple_of(2) && part.iter().all(u8::is_ascii_hexdigit)
    };
    if parts.len() < 3
        || parts.len().is_multiple_of(2)
        || !parts.iter().skip(1).step_by(2).all(|part| all_hex(part))
    {
        return phrase.to_vec();
    }
    let bytes = |(index, part): (usize, &&[u8])| {
        if index % 2 == 1 { Transform::HexDecode.apply(part).into_owned() } else { part.to_vec() }
    };
    parts.iter().enumerate().flat_map(bytes).collect()
}

/// One phrase a line, less comments; files stand beside the rules.
fn phrases_of_files(names: &[u8], files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<Vec<u8>>, String> {
    let names = String::from_utf8_lossy(names);
    let mut all = Vec::new();
    for name in names.split_ascii_whitespace() {
        let file = files.get(name).ok_or_else(|| format!("needs the file {name}, which is missing"))?;
        let lines = file.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        all.extend(lines.filter(|line| !line.starts_with(b"#")).map(<[u8]>::to_vec));
    }
    Ok(all)
}

impl Need {
    fn of_phrases(phrases: Vec<Vec<u8>>) -> Self {
        let first = phrases.iter().fold(Set::NONE, |set, phrase| set.with(&Set::of(phrase[0])));
        // A phrase with other signs in it is no word of a sentence.
        let plain = phrases.iter().filter(|phrase| phrase.iter().all(u8::is_ascii_alphabetic)).cloned();
        let own_words = super::need::own_words(&plain.collect::<Vec<_>>());
        let samples = phrases.iter().take(8).cloned().collect();
        Self { sets: vec![first.folded()], words: Some(phrases), own_words, samples }
    }
}
