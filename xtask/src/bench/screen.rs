//! `cargo xtask bench screen`: what screening costs for a booking and for 2 KiB of free text, what it catches, and what
//! libmodsecurity takes for the same with CRS.
//!
//! Ours runs as a program of its own, built for release (`screen_bench`, an example of the crate): the built-in rules
//! alone, and with the rules of CRS. The peer is a program of some lines in C against Debian's libmodsecurity. Its
//! packages are fetched with `apt-get download` and unpacked below `target`; nothing is installed. Where that cannot be
//! done, the report says so and has our figures alone, without CRS if there is none.

mod packages;
mod peer;
mod table;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};

use super::machine::Machine;
use super::report::Report;
use crate::cargo;
use packages::Packages;

/// Where everything that a run makes is put.
const FOLDER: &str = "target/bench/screen";

/// Which rules, and how much of the peer.
#[derive(Args)]
pub(crate) struct Options {
    /// A directory of CRS for ours, such as one of 4.x. The peer keeps Debian's, whose settings are made for it.
    #[arg(long, value_name = "DIR")]
    crs: Option<PathBuf>,
    /// How often the peer screens each text; the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=99))]
    peer_rounds: u32,
}

/// Runs and reports.
pub(crate) fn run(options: &Options) -> Result<()> {
    let folder = cargo::root().join(FOLDER);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let machine = Machine::here()?;
    let debian = Packages::fetch();
    let rules = options.crs.clone().or_else(|| debian.as_ref().ok().map(Packages::rules));
    let program = cargo::build(
        &["--release", "--package", "skybridge-screen", "--example", "screen_bench"],
        Vec::new(),
        "screen_bench",
    )?;
    let bodies = folder.join("bodies.jsonl");
    let mut command = std::process::Command::new(program);
    command.arg(&bodies).args(rules.iter());
    let ours: Value = serde_json::from_str(&cargo::output(&mut command)?)?;
    let measured = debian.and_then(|debian| peer::measure(&debian, &bodies, &ours, options.peer_rounds));
    let load = format!("free texts, each screened several times; the peer's {} rounds", options.peer_rounds);
    let mut report = Report::new("screen", "Screening", machine, load);
    let peer = measured.unwrap_or_else(|error| {
        report.notes.push(format!("missing   the peer: {error:#}"));
        Value::Null
    });
    report.details = json!({ "ours": ours, "libmodsecurity": peer });
    report.tables.push(table::costs(&report.details));
    report.notes.extend(table::notes(&report.details));
    report.finish()
}
