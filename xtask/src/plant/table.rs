//! The table of `docs/planted-bugs.md`.

use anyhow::{Context, Result};

use super::bug::Bug;
use crate::cargo;

const DOCUMENT: &str = "docs/planted-bugs.md";

/// The table stands behind this line, to the end of the document.
const MARK: &str = "<!-- Written by cargo xtask plant. -->\n";

/// A bug, and the tests that failed with it.
pub(super) struct Row<'b> {
    pub(super) bug: &'b Bug,
    pub(super) caught_by: Vec<String>,
}

/// Writes the table into the document.
pub(super) fn write(rows: &[Row<'_>]) -> Result<()> {
    let path = cargo::root().join(DOCUMENT);
    let document = std::fs::read_to_string(&path).with_context(|| format!("cannot read {DOCUMENT}"))?;
    let (before, _) = document.split_once(MARK).with_context(|| format!("{DOCUMENT} has no mark"))?;
    std::fs::write(&path, format!("{before}{MARK}{}", rendered(rows)))?;
    println!("{DOCUMENT} is written");
    Ok(())
}

fn rendered(rows: &[Row<'_>]) -> String {
    let mut table = "\n| bug | does | caught by |\n|---|---|---|\n".to_owned();
    for Row { bug, caught_by } in rows {
        let by = format!("{}: {}", bug.tests, told(caught_by));
        table.push_str(&format!("{}{by} |\n", beginning(bug)));
    }
    table
}

/// What of a bug's row is known before it is planted.
fn beginning(bug: &Bug) -> String {
    format!("| `{}` | {} | ", bug.name, bug.does)
}

/// The tests that failed: the first, and how many more.
pub(super) fn told(caught_by: &[String]) -> String {
    match caught_by {
        [] => "none".to_owned(),
        [one] => format!("`{one}`"),
        [first, more @ ..] => format!("`{first}` and {} more", more.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plant::bug;

    #[test]
    fn the_document_lists_every_bug_that_is_planted() {
        let document = std::fs::read_to_string(cargo::root().join(DOCUMENT)).unwrap();
        let rows: Vec<&str> = document.lines().filter(|line| line.starts_with("| `")).collect();
        let bugs = bug::all().unwrap();
        for bug in &bugs {
            let begins = beginning(bug);
            assert!(rows.iter().any(|row| row.starts_with(&begins)), "{}: run cargo xtask plant", bug.name);
        }
        assert_eq!(rows.len(), bugs.len(), "run cargo xtask plant");
    }
}
