//! What every benchmark ends with: one report, told in the terminal, kept as JSON, and drawn.
//!
//! A run writes `target/bench/<name>.json` and `.svg` and leaves the working copy as it was. A run worth keeping is
//! published by a command of its own (`cargo xtask bench publish <name>`): only who has seen the figures knows whether
//! the machine was quiet.

mod drawing;
mod table;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::machine::Machine;
use crate::cargo;
pub(super) use table::{Column, Scale, Table};

/// Where runs leave their reports, seen from the root.
const FOLDER: &str = "target/bench";

/// Where published ones are.
const PUBLISHED: &str = "docs/performance";

/// One run of one benchmark.
#[derive(Serialize, Deserialize)]
pub(super) struct Report {
    /// The benchmark's name, as on the command line.
    pub(super) name: String,
    /// What was measured, as a heading.
    pub(super) title: String,
    pub(super) machine: Machine,
    /// What the peers run on.
    pub(super) versions: Vec<String>,
    /// Who asked for what, how often, and for how long.
    pub(super) load: String,
    pub(super) tables: Vec<Table>,
    /// Sentences beside the tables: what was missing, what held, what did not.
    pub(super) notes: Vec<String>,
    /// What a benchmark's own program told, if more than the tables have.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub(super) details: Value,
}

impl Report {
    /// A report without figures so far.
    pub(super) fn new(name: &str, title: &str, machine: Machine, load: String) -> Self {
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            machine,
            versions: Vec::new(),
            load,
            tables: Vec::new(),
            notes: Vec::new(),
            details: Value::Null,
        }
    }

    /// Prints it, and leaves it with its drawing in `target/bench`.
    pub(super) fn finish(&self) -> Result<()> {
        println!("\n{}\n", self.text());
        for file in self.write(&cargo::root().join(FOLDER))? {
            println!("written   {}", file.display());
        }
        println!("          if the run was good: cargo xtask bench publish {}", self.name);
        Ok(())
    }

    /// The report as people read it.
    pub(super) fn text(&self) -> String {
        let mut lines = self.machine.lines().to_vec();
        lines.extend(self.versions.iter().map(|version| format!("          {version}")));
        lines.push(format!("load      {}", self.load));
        if self.tables.iter().any(Table::is_of_rounds) {
            lines.push(
                "figures   median (min..max) over the rounds; ratios are to the first row, within each round"
                    .to_owned(),
            );
        }
        for table in &self.tables {
            lines.push(String::new());
            lines.extend(table.lines());
        }
        if !self.notes.is_empty() {
            lines.push(String::new());
            lines.extend(self.notes.iter().cloned());
        }
        lines.join("\n")
    }

    /// Writes JSON and drawing into `folder`.
    fn write(&self, folder: &Path) -> Result<[PathBuf; 2]> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let json = serde_json::to_string_pretty(self)? + "\n";
        let drawing = drawing::of(self)?;
        let files = ["json", "svg"].map(|kind| folder.join(format!("{}.{kind}", self.name)));
        for (file, text) in files.iter().zip([json, drawing]) {
            std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
        }
        Ok(files)
    }
}

/// Puts the last reports of these benchmarks beside the documentation, drawn anew, and prints their text for it.
pub(crate) fn publish(names: &[String]) -> Result<()> {
    for name in names {
        let file = cargo::root().join(FOLDER).join(format!("{name}.json"));
        let json = std::fs::read_to_string(&file).with_context(|| {
            format!("there is no {}; run `cargo xtask bench {name}` first", file.display())
        })?;
        let report: Report = serde_json::from_str(&json)
            .with_context(|| format!("{} is of another version of this program", file.display()))?;
        println!("{}\n", report.text());
        for file in report.write(&cargo::root().join(PUBLISHED))? {
            println!("written   {}", file.display());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A report with two servers, of which one is ours.
    pub(super) fn example() -> Report {
        let mut table = Table::new(
            "server",
            [
                Column::new("requests/s", 0).drawn(Scale::Linear),
                Column::new("CPU us/request", 1).drawn(Scale::Logarithmic),
                Column::ratio("CPU ratio", 2, "CPU us/request"),
            ],
        )
        .ours("skybridge");
        for round in [1.0, 2.0, 3.0] {
            table.add("bare", &[round * 1000.0, 10.0 * round]);
            table.add("skybridge", &[round * 500.0, 20.0 * round]);
        }
        let mut report = Report::new("example", "An example", Machine::example(), "none".to_owned());
        report.tables.push(table);
        report.notes.push("nothing was missing".to_owned());
        report
    }

    #[test]
    fn a_report_that_was_kept_tells_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let report = example();
        let [json, drawing] = report.write(folder.path()).unwrap();
        let kept: Report = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
        assert_eq!(kept.text(), report.text());
        assert_eq!(drawing::of(&kept).unwrap(), std::fs::read_to_string(drawing).unwrap());
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        let text = example().text();
        let ours = text.lines().find(|line| line.starts_with("skybridge")).unwrap();
        assert_eq!(
            ours.split("  ").filter(|cell| !cell.is_empty()).map(str::trim).collect::<Vec<_>>(),
            ["skybridge", "1000 (500..1500)", "40.0 (20.0..60.0)", "2.00 (2.00..2.00)"]
        );
    }

    #[test]
    fn a_report_that_nobody_made_is_named_when_it_is_to_be_published() {
        let error = publish(&["no-such-benchmark".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("run `cargo xtask bench no-such-benchmark` first"), "{error}");
    }
}
