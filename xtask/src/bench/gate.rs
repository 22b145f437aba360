//! `cargo xtask bench gate`: what a key check, a decision and a look at an address cost in memory, with one agency and with
//! many, and what many take.
//!
//! The gate is measured alone, in a program of its own (`gate_cost`, an example of the crate): no HTTP, no storage.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::machine::Machine;
use super::report::{Column, Report, Scale, Table};
use crate::cargo;

/// How often.
#[derive(Args)]
pub(crate) struct Options {
    /// How often everything is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// How many there are of what the tables are about.
const AGENCIES: [u64; 3] = [1, 1_000, 100_000];
const NETWORKS: [u64; 3] = [0, 1_000, 100_000];

/// Measures and reports.
pub(crate) fn run(options: &Options) -> Result<()> {
    let example = ["--release", "--package", "skybridge-gate", "--example", "gate_cost"];
    let program = cargo::build(&example, Vec::new(), "gate_cost")?;
    let load = format!(
        "a million calls of each on one thread, {} rounds, in processor time; the gate alone",
        options.rounds
    );
    let mut report = Report::new("gate", "Key checks and throttle decisions", Machine::here()?, load);
    let (mut agencies, mut networks) = (nanoseconds("agencies", AGENCIES), nanoseconds("networks", NETWORKS));
    let mut memory = Table::new("memory", [Column::new("MiB", 1).drawn(Scale::Linear)]);
    for round in 1..=options.rounds {
        println!("round {round}");
        let told = Told::read(&cargo::output(&mut Command::new(&program))?)?;
        told.add_to(&mut agencies, "agencies", AGENCIES);
        told.add_to(&mut networks, "networks", NETWORKS);
        let kibibytes = told.figure("memory", AGENCIES[2], "resident KiB");
        memory.add("100,000 agencies, keys and buckets", &[kibibytes / 1024.0]);
    }
    report.tables = vec![agencies, networks, memory];
    report.finish()
}

/// A table of nanoseconds by how many there are; the last column is drawn.
fn nanoseconds(of_what: &str, counts: [u64; 3]) -> Table {
    let [few, some, many] = counts.map(|count| Column::new(&format!("ns, {count} {of_what}"), 0));
    Table::new("what", [few, some, many.drawn(Scale::Linear)])
}

/// What a run of the program told.
struct Told {
    /// In the order in which it was told: of what there were how many, and what was measured.
    lines: Vec<[String; 3]>,
    figures: BTreeMap<[String; 3], f64>,
}

impl Told {
    fn read(output: &str) -> Result<Self> {
        let mut told = Self { lines: Vec::new(), figures: BTreeMap::new() };
        for line in output.lines() {
            let mut fields = line.split('\t').map(str::to_owned);
            let key = [(); 3].map(|()| fields.next().unwrap_or_default());
            let figure = fields.next().with_context(|| format!("the program printed {line}"))?;
            told.figures
                .insert(key.clone(), figure.parse().with_context(|| format!("{line} has no figure"))?);
            told.lines.push(key);
        }
        ensure!(!told.lines.is_empty(), "the program printed nothing");
        Ok(told)
    }

    /// One that was not told is no number.
    fn figure(&self, of_what: &str, count: u64, what: &str) -> f64 {
        let key = [of_what, &count.to_string(), what].map(str::to_owned);
        self.figures.get(&key).copied().unwrap_or(f64::NAN)
    }

    fn add_to(&self, table: &mut Table, of_what: &str, counts: [u64; 3]) {
        let first = counts[0].to_string();
        for [_, _, what] in self.lines.iter().filter(|[of, count, _]| of == of_what && *count == first) {
            table.add(what, &counts.map(|count| self.figure(of_what, count, what)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_rows_in_their_order() {
        let told = Told::read("agencies\t1\tb\t3\nagencies\t1\ta\t1\nagencies\t1000\ta\t2\n").unwrap();
        let mut table = nanoseconds("agencies", AGENCIES);
        told.add_to(&mut table, "agencies", AGENCIES);
        let rows: Vec<_> = table.lines().iter().skip(1).map(|line| line.replace(' ', "")).collect();
        assert_eq!(rows, ["b3--", "a12-"]);
    }

    #[test]
    fn what_is_no_line_is_named() {
        assert!(Told::read("agencies\t1\tno figure\n").is_err());
        assert!(Told::read("").is_err());
    }
}
