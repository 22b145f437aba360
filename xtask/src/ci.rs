//! The gate: every check that a change must pass, in the order of their cost, and a closing summary.
//!
//! A failed check does not stop the others: one run tells everything there is to mend. Nothing but a Rust
//! toolchain is needed; a check whose tool is missing says so, and how to install it.

mod layers;
mod schemathesis;
mod sources;
mod templates;

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::{cargo, lesson};

/// What to check.
#[derive(Args)]
pub(crate) struct Options {
    /// Leave out a check by its name (repeatable).
    #[arg(long, value_name = "CHECK", value_parser = names())]
    skip: Vec<String>,
}

/// One check: a name for the summary, and what it does.
struct Check {
    name: &'static str,
    run: fn() -> Result<Outcome>,
}

/// How a check ended that did not fail.
enum Outcome {
    Passed,
    Missing { tool: &'static str, install: &'static str },
}

const CHECKS: &[Check] = &[
    Check { name: "format", run: || cargo_passes(&["fmt", "--all", "--check"]) },
    Check { name: "sources", run: || sources::check().map(|()| Outcome::Passed) },
    Check { name: "layers", run: || layers::check().map(|()| Outcome::Passed) },
    Check { name: "templates", run: templates::check },
    Check { name: "dependencies", run: dependencies },
    Check { name: "lints", run: lints },
    Check { name: "documentation", run: documentation },
    Check { name: "lesson", run: lesson },
    // The README's own command; it runs every crate but this one.
    Check { name: "test", run: || cargo_passes(&["test", "--locked"]) },
    Check { name: "faults", run: faults },
    Check { name: "schemathesis", run: schemathesis::check },
    Check { name: "test-xtask", run: || cargo_passes(&["test", "--locked", "--package", "xtask"]) },
];

fn names() -> Vec<&'static str> {
    CHECKS.iter().map(|check| check.name).collect()
}

/// Runs the checks and sums up.
pub(crate) fn run(options: &Options) -> Result<()> {
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for check in CHECKS {
        if options.skip.iter().any(|skipped| skipped == check.name) {
            lines.push(format!("skipped  {}", check.name));
            continue;
        }
        println!("== {}", check.name);
        let start = Instant::now();
        let result = (check.run)();
        lines.push(summary(check.name, &result, start.elapsed()));
        if let Err(error) = result {
            println!("{error:#}");
            failed.push(check.name);
        }
    }
    println!("\n== summary\n{}", lines.join("\n"));
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

fn summary(name: &str, result: &Result<Outcome>, took: Duration) -> String {
    match result {
        Ok(Outcome::Passed) => format!("passed   {name} ({:.1} s)", took.as_secs_f64()),
        Ok(Outcome::Missing { tool, install }) => format!("not run  {name}: {tool} is missing; {install}"),
        Err(_) => format!("FAILED   {name} ({:.1} s)", took.as_secs_f64()),
    }
}

fn lints() -> Result<Outcome> {
    cargo_passes(&["clippy", "--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"])
}

fn documentation() -> Result<Outcome> {
    let mut command = cargo::command("cargo", &["doc", "--locked", "--workspace", "--no-deps"]);
    passes(command.env("RUSTDOCFLAGS", "--deny warnings"))
}

/// Licences, bans and sources as `deny.toml` has them. Not the advisories: those need the network, and the gate
/// gives the same verdict on the same commit.
fn dependencies() -> Result<Outcome> {
    if cargo::output(&mut cargo::command("cargo", &["deny", "--version"])).is_err() {
        return Ok(Outcome::Missing { tool: "cargo-deny", install: "cargo install cargo-deny --locked" });
    }
    cargo_passes(&["deny", "--workspace", "check", "--hide-inclusion-graph", "bans", "licenses", "sources"])
}

/// The lesson's own commands, where PyPI can be reached for them.
fn lesson() -> Result<Outcome> {
    if let Err(error) = lesson::aws_command_line() {
        println!("{error:#}");
        let install = "pip could not bring it from PyPI";
        return Ok(Outcome::Missing { tool: "the AWS command line", install });
    }
    lesson::run().map(|()| Outcome::Passed)
}

/// A few dozen kill points under load; those at system calls need strace.
fn faults() -> Result<Outcome> {
    let need = crate::faults::check()?;
    Ok(need.map_or(Outcome::Passed, |need| Outcome::Missing { tool: need.what, install: need.install }))
}

fn cargo_passes(arguments: &[&str]) -> Result<Outcome> {
    passes(&mut cargo::command("cargo", arguments))
}

fn passes(command: &mut Command) -> Result<Outcome> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed ({status})");
    }
    Ok(Outcome::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tool_is_named_with_the_way_to_install_it() {
        let missing =
            Ok(Outcome::Missing { tool: "cargo-deny", install: "cargo install cargo-deny --locked" });
        assert_eq!(
            summary("dependencies", &missing, Duration::ZERO),
            "not run  dependencies: cargo-deny is missing; cargo install cargo-deny --locked"
        );
    }

    #[test]
    fn a_command_that_fails_fails_its_check() {
        assert!(passes(&mut Command::new("false")).is_err());
        assert!(passes(&mut Command::new("true")).is_ok());
    }
}
