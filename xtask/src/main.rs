//! Automation of the repository, in Rust so that it runs wherever cargo does.
//!
//! `cargo xtask ci` is the gate that every change passes; `cargo xtask bench http` measures the server beside a
//! bare one, `cargo xtask faults` makes things fail under load. `cargo xtask help` lists the rest.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command for people: what it prints is its product"
)]
#![expect(clippy::disallowed_methods, reason = "it measures real time and never runs in the server")]

mod bench;
mod cargo;
mod ci;
mod faults;
mod lesson;
mod package_lambda;
mod plant;
mod python;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Checks and measures the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every check that a change must pass, and sum up.
    Ci(ci::Options),
    /// Measure, side by side with something to compare with.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Make things fail under load, and look whether every booking is there that was acknowledged, once.
    Faults(faults::Options),
    /// Plant bugs in a copy of the sources, one by one, and tell which tests catch each.
    Plant(plant::Options),
    /// Walk the lesson with its own commands: a table, our function, a booking, the clean-up. No account is needed.
    Lesson,
    /// Build the Lambda function and pack it into a zip.
    PackageLambda(package_lambda::Options),
    /// Serve a constant 201: what `bench http` compares with.
    #[command(hide = true)]
    BarePeer { bare: bench::Bare },
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Ci(options) => ci::run(&options),
        Task::Bench(bench) => bench.run(),
        Task::Faults(options) => faults::run(&options),
        Task::Plant(options) => plant::run(&options),
        Task::Lesson => lesson::run(),
        Task::PackageLambda(options) => package_lambda::run(&options),
        Task::BarePeer { bare } => bare.serve(),
    }
}
