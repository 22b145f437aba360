//! Benchmarks that anyone can run. Machines differ and are noisy, so each compares servers side by side in one run,
//! round by round, and quotes ratios; `docs/performance.md` says how to read them.
//!
//! All end with one kind of report: a table, JSON, and a drawing.

mod bookings;
mod cores;
pub(crate) mod counter;
mod crowd;
mod debian;
mod fairness;
mod gate;
mod growth;
mod http;
mod lambda;
mod load;
mod machine;
mod nodes;
mod overload;
mod pace;
mod peer;
pub(crate) mod process;
mod program;
mod report;
mod screen;
mod slow;
pub(crate) mod wire;

use anyhow::Result;
use clap::Subcommand;

pub(crate) use peer::Bare;

/// What can be measured.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Create bookings over HTTP: bare servers, ours on each store, and what a team would put up otherwise.
    Http(http::Options),
    /// Book until there are a million: what a booking, a read and a list cost then, what is written, how long it takes to open.
    Growth(growth::Options),
    /// Check keys, decide on calls and look at addresses, with one agency and with 100,000: nanoseconds and memory.
    Gate(gate::Options),
    /// Flood the counter with one agency's calls, beside ten that behave.
    Fairness(fairness::Options),
    /// Ask for one, two and ten times what can be done, and look what is still done.
    Overload(overload::Options),
    /// Start and call the Lambda function, beside the lesson's own in Python.
    Lambda(lambda::Options),
    /// Share one plan among several servers, and kill one: what is admitted, and what that costs in writes.
    Nodes(nodes::Options),
    /// Send a thousand slow callers of each kind: when each is closed, and what they cost a caller that is not slow.
    Slow(slow::Options),
    /// Screen bookings and free texts: what that costs and catches, beside libmodsecurity with CRS.
    Screen(screen::Options),
    /// Put the last reports of these benchmarks into docs/performance, drawn anew.
    Publish {
        /// As they are called here, such as http.
        #[arg(required = true)]
        names: Vec<String>,
    },
}

impl Bench {
    /// Measures, and reports.
    pub(crate) fn run(&self) -> Result<()> {
        match self {
            Self::Http(options) => http::run(options),
            Self::Growth(options) => growth::run(options),
            Self::Gate(options) => gate::run(options),
            Self::Fairness(options) => fairness::run(options),
            Self::Overload(options) => overload::run(options),
            Self::Lambda(options) => lambda::run(options),
            Self::Nodes(options) => nodes::run(options),
            Self::Slow(options) => slow::run(options),
            Self::Screen(options) => screen::run(options),
            Self::Publish { names } => report::publish(names),
        }
    }
}
