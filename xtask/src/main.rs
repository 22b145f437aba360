//! Automation of the repository, in Rust so that it runs wherever cargo does.
//!
//! `cargo xtask ci` is the gate that every change passes; `cargo xtask bench http` measures the server beside a
//! bare one. `cargo xtask help` lists the rest.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command for people: what it prints is its product"
)]
#![expect(clippy::disallowed_methods, reason = "it measures real time and never runs in the server")]

mod bench;
mod cargo;
mod ci;
mod lesson;
mod package_lambda;
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
    Bench(Bench),
    /// Walk the lesson with its own commands: a table, our function, a booking, the clean-up. No account is needed.
    Lesson,
    /// Build the Lambda function and pack it into a zip.
    PackageLambda(package_lambda::Options),
    /// Serve a constant 201 with bare hyper: what `bench http` compares with.
    #[command(hide = true)]
    BarePeer,
}

#[derive(Subcommand)]
enum Bench {
    /// Create bookings over HTTP: a bare hyper server, ours in memory, ours on disk.
    Http(bench::http::Options),
    /// Flood the counter with one agency's calls, beside ten that behave.
    Fairness(bench::fairness::Options),
    /// Ask for one, two and ten times what can be done, and look what is still done.
    Overload(bench::overload::Options),
    /// Start and call the Lambda function, beside the lesson's own in Python.
    Lambda(bench::lambda::Options),
    /// Share one plan among several servers, and kill one: what is admitted, and what that costs in writes.
    Nodes(bench::nodes::Options),
    /// Send a thousand slow callers of each kind: when each is closed, and what they cost a caller that is not slow.
    Slow(bench::slow::Options),
    /// Screen bookings and free texts: what that costs and catches, beside libmodsecurity with CRS.
    Screen(bench::screen::Options),
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
        Task::Bench(Bench::Http(options)) => bench::http::run(&options),
        Task::Bench(Bench::Fairness(options)) => bench::fairness::run(&options),
        Task::Bench(Bench::Overload(options)) => bench::overload::run(&options),
        Task::Bench(Bench::Lambda(options)) => bench::lambda::run(&options),
        Task::Bench(Bench::Nodes(options)) => bench::nodes::run(&options),
        Task::Bench(Bench::Slow(options)) => bench::slow::run(&options),
        Task::Bench(Bench::Screen(options)) => bench::screen::run(&options),
        Task::Lesson => lesson::run(),
        Task::PackageLambda(options) => package_lambda::run(&options),
        Task::BarePeer => bench::peer::serve(),
    }
}
