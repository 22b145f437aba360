//! The built-in rules: one file a family, compiled in.
//!
//! A rule names the words and signs without one of which none of its patterns can match (`anchors`): they are looked
//! for in every text, the patterns only where one was found. Its examples are part of the file: `catches` must match
//! and `passes` must not, in the tests and again whenever a server starts ([`crate::Screen::warm`]).

mod base64;

use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use crate::Family;

/// The name of a rule: one of ours, such as `sql-union-select`, or the number that CRS gives it. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(Arc<str>);

impl RuleId {
    pub(crate) fn new(id: &str) -> Self {
        Self(id.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name that is neither a rule nor a family.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no rule and no family called {0:?}")]
pub struct UnknownRule(pub String);

/// What a rule looks with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Detector {
    /// Its patterns.
    #[default]
    Patterns,
    /// libinjection's reading of SQL.
    Sqli,
    /// libinjection's reading of HTML.
    Xss,
}

/// A rule as its file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleText {
    pub(crate) id: String,
    pub(crate) score: u8,
    pub(crate) why: String,
    #[serde(default)]
    pub(crate) detector: Detector,
    /// Whether it reads the text as a shell would, too.
    #[serde(default)]
    pub(crate) shell: bool,
    #[serde(default)]
    pub(crate) anchors: Vec<String>,
    /// Anchors that stand between signs or spaces: `or` is not in `for`.
    #[serde(default)]
    pub(crate) words: Vec<String>,
    /// Signs without one of which no pattern can match either; empty if there are none.
    #[serde(default)]
    pub(crate) signs: String,
    /// How far from an anchor a match may begin or end, in bytes. What is farther off is not read.
    #[serde(default = "usual_reach")]
    pub(crate) reach: usize,
    /// Regular expressions on bytes, without regard to case; `.` stands for any byte but a line's end.
    #[serde(default)]
    pub(crate) patterns: Vec<String>,
    /// Words that are looked for in Base64, wherever in the encoded text they may begin.
    #[serde(default)]
    pub(crate) base64: Vec<String>,
    pub(crate) catches: Vec<String>,
    pub(crate) passes: Vec<String>,
    /// Set from the head of the file.
    #[serde(skip, default = "unset")]
    pub(crate) family: Family,
}

/// Longer than what stands between the words of an attack, once comments and white space are one space each.
const fn usual_reach() -> usize {
    96
}

const fn unset() -> Family {
    Family::Crs
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    family: Family,
    rule: Vec<RuleText>,
}

const FILES: [&str; 11] = [
    include_str!("../rules/sql.toml"),
    include_str!("../rules/xss.toml"),
    include_str!("../rules/command.toml"),
    include_str!("../rules/path.toml"),
    include_str!("../rules/template.toml"),
    include_str!("../rules/jndi.toml"),
    include_str!("../rules/ssrf.toml"),
    include_str!("../rules/deserialisation.toml"),
    include_str!("../rules/code.toml"),
    include_str!("../rules/protocol.toml"),
    include_str!("../rules/lookup.toml"),
];

static RULES: LazyLock<Vec<RuleText>> = LazyLock::new(|| FILES.iter().flat_map(|file| read(file)).collect());

fn read(file: &str) -> Vec<RuleText> {
    let file: RuleFile = toml::from_str(file).expect("a test reads every rule file that is compiled in");
    let family = file.family;
    file.rule.into_iter().map(|rule| completed(rule, family)).collect()
}

/// The rule with its family, and with the spellings of its Base64 words as anchors and as a pattern.
fn completed(mut rule: RuleText, family: Family) -> RuleText {
    rule.family = family;
    let spellings: Vec<String> = rule.base64.iter().flat_map(|word| base64::spellings(word)).collect();
    if !spellings.is_empty() {
        let escaped: Vec<String> = spellings.iter().map(|spelling| spelling.replace('+', r"\+")).collect();
        rule.patterns.push(escaped.join("|"));
        rule.anchors.extend(spellings);
    }
    rule
}

/// The rules, read from their files once.
pub(crate) fn all() -> &'static [RuleText] {
    &RULES
}

/// The rule of this name: one of ours, or any number, since which rules of CRS there are depends on the directory.
pub(crate) fn id_named(name: &str) -> Result<RuleId, UnknownRule> {
    let is_number = name.len() == 6 && name.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || all().iter().any(|rule| rule.id == name) {
        Ok(RuleId::new(name))
    } else {
        Err(UnknownRule(name.to_owned()))
    }
}

/// A built-in rule, for those who print them.
#[derive(Debug, Clone, Copy)]
pub struct RuleCard {
    /// Its name.
    pub id: &'static str,
    /// Its family.
    pub family: Family,
    /// What it adds towards the threshold.
    pub score: u8,
    /// Why it is there, in one sentence.
    pub why: &'static str,
    /// A text that it catches.
    pub example: &'static str,
}

/// The built-in rules, by family.
pub fn builtin_rules() -> impl Iterator<Item = RuleCard> {
    all().iter().map(|rule| RuleCard {
        id: &rule.id,
        family: rule.family,
        score: rule.score,
        why: &rule.why,
        example: rule.catches.first().map_or("", String::as_str),
    })
}

#[cfg(test)]
mod tests;
