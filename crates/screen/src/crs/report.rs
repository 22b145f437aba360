//! What became of each rule of the directory, in words for the log and the terminal.

use std::collections::BTreeMap;
use std::fmt;

/// How a directory of rules was taken in. Nothing is left out silently: every rule is in exactly one list.
#[derive(Clone, Debug, Default)]
pub struct CrsReport {
    /// What the rules say of themselves, such as `OWASP_CRS/4.0.1`.
    pub version: Option<String>,
    /// Rules that are asked of the texts, with their scores.
    pub honoured: Vec<u32>,
    /// Of those, the ones that only count, and why.
    pub only_counted: Vec<(u32, String)>,
    /// Rules that could not be honoured, and why.
    pub not_honoured: Vec<(u32, String)>,
    /// Rules that the chosen paranoia level leaves aside, with theirs.
    pub above_level: Vec<(u32, u8)>,
    /// Lines that could not be read at all: file, line, why.
    pub unreadable: Vec<(String, usize, String)>,
    /// Data files that rules name and that are not there.
    pub missing_files: Vec<String>,
    /// The paranoia level that was asked for.
    pub paranoia: u8,
}

impl fmt::Display for CrsReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "{} at paranoia level {}: {} rules honoured ({} of them only count), {} not, {} above the level",
            self.version.as_deref().unwrap_or("rules without a version"),
            self.paranoia,
            self.honoured.len(),
            self.only_counted.len(),
            self.not_honoured.len(),
            self.above_level.len()
        )?;
        for (file, line, why) in &self.unreadable {
            writeln!(out, "unreadable: {file} line {line}: {why}")?;
        }
        for file in &self.missing_files {
            writeln!(out, "missing: {file}")?;
        }
        by_reason(out, "not honoured", &self.not_honoured)?;
        by_reason(out, "only counts", &self.only_counted)
    }
}

/// One line for each reason, with the ids it holds for.
fn by_reason(out: &mut fmt::Formatter<'_>, what: &str, rules: &[(u32, String)]) -> fmt::Result {
    let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (id, why) in rules {
        let id = if *id == 0 { "(no id)".to_owned() } else { id.to_string() };
        reasons.entry(why).or_default().push(id);
    }
    for (why, ids) in reasons {
        writeln!(out, "{what}: {why}: {}", ids.join(" "))?;
    }
    Ok(())
}
