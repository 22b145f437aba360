//! `cargo xtask bench http`: what it takes to create a booking over HTTP, beside the least that a server can do.
//!
//! Each round starts each server anew, in turn, with an empty store, warms it up, loads it, and stops it before the
//! next one starts: no server ever shares the machine with another's leftovers, and slow changes of the machine meet
//! all of them alike. The same bytes are sent to all.

use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::counter::Counter;
use super::load::Load;
use super::machine::Machine;
use super::process::{Process, tick};
use super::report::{Report, Round, Server};
use crate::cargo;

/// Unmeasured load at the start of each round: connections, caches and allocators settle.
const WARM_UP: Duration = Duration::from_secs(1);

/// How the load is made.
#[derive(Args)]
pub(crate) struct Options {
    /// How long each server is loaded in each round. CPU time is counted in ticks of 10 ms: take several seconds.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Callers at once, each with one connection.
    #[arg(long, default_value_t = 64, value_parser = connections)]
    connections: usize,
    /// How often each server has its turn.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Measure only this server (repeatable). Ratios are to the first of those measured.
    #[arg(long, value_enum, value_name = "SERVER")]
    only: Vec<Kind>,
    /// The bookings to send, one {"body": {...}} a line.
    #[arg(long, value_name = "FILE", default_value = "crates/domain/tests/data/bookings.jsonl")]
    bookings: PathBuf,
    /// Write every round's figures to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// A server that is measured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// A bare hyper server with a constant answer.
    Hyper,
    /// `skybridge serve --store memory`.
    Memory,
    /// `skybridge serve --store embedded`.
    Embedded,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Hyper => "minimal hyper",
            Self::Memory => "skybridge, memory",
            Self::Embedded => "skybridge, embedded",
        }
    }

    const fn store(self) -> Option<&'static str> {
        match self {
            Self::Hyper => None,
            Self::Memory => Some("memory"),
            Self::Embedded => Some("embedded"),
        }
    }
}

/// Measures and prints the report.
pub(crate) fn run(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) {
        return hand_over_to_release_build();
    }
    let kinds: Vec<Kind> =
        Kind::value_variants().iter().copied().filter(|kind| is_wanted(options, *kind)).collect();
    let bench = Bench::prepare(options, kinds.iter().any(|kind| kind.store().is_some()))?;
    let mut servers: Vec<Server> =
        kinds.iter().map(|kind| Server { name: kind.name(), rounds: Vec::new() }).collect();
    let machine = Machine::here()?;
    for number in 1..=options.rounds {
        for (kind, server) in kinds.iter().zip(&mut servers) {
            let round = bench.round(*kind).with_context(|| format!("{}, round {number}", kind.name()))?;
            println!("round {number}  {:<20} {:>8.0} requests/s", kind.name(), round.requests_per_second);
            server.rounds.push(round);
        }
    }
    let report = Report {
        machine,
        connections: options.connections,
        round_seconds: options.seconds,
        body_bytes_mean: bench.bodies.iter().map(String::len).sum::<usize>() / bench.bodies.len(),
        servers,
    };
    println!("\n{}", report.text());
    if let Some(file) = &options.json {
        let json = serde_json::to_string_pretty(&report)?;
        std::fs::write(file, json).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn is_wanted(options: &Options, kind: Kind) -> bool {
    options.only.is_empty() || options.only.contains(&kind)
}

/// Builds this program with optimisation and becomes it: an unoptimised client would take the server's processor.
pub(super) fn hand_over_to_release_build() -> Result<()> {
    let xtask = cargo::build_release("xtask", "xtask")?;
    let error = Command::new(&xtask).args(std::env::args_os().skip(1)).exec();
    Err(error).with_context(|| format!("cannot run {}", xtask.display()))
}

fn connections(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=1000) => Ok(count),
        _ => Err("a number of connections is 1 to 1000".to_owned()),
    }
}

/// All that the rounds have in common.
struct Bench {
    runtime: tokio::runtime::Runtime,
    bodies: Arc<Vec<String>>,
    /// The server's executable; none if only the bare one is measured.
    skybridge: Option<PathBuf>,
    connections: usize,
    duration: Duration,
}

impl Bench {
    fn prepare(options: &Options, builds_skybridge: bool) -> Result<Self> {
        let skybridge =
            builds_skybridge.then(|| cargo::build_release("skybridge", "skybridge")).transpose()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        Ok(Self {
            runtime,
            bodies: Arc::new(read_bodies(&cargo::root().join(&options.bookings))?),
            skybridge,
            connections: options.connections,
            duration: Duration::from_secs(options.seconds),
        })
    }

    /// Starts a server, loads it, and stops it.
    fn round(&self, kind: Kind) -> Result<Round> {
        let (server, api_key) = match kind.store() {
            None => Self::start_bare()?,
            Some(store) => self.start_skybridge(store)?,
        };
        let address = server.address();
        let load = Load { address, api_key, bodies: Arc::clone(&self.bodies), connections: self.connections };
        self.runtime.block_on(load.run("warm-up", WARM_UP))?;
        let before = server.process().cpu()?;
        let outcome = self.runtime.block_on(load.run("measured", self.duration))?;
        let cpu = server.process().cpu()?.saturating_sub(before);
        ensure!(cpu >= tick(), "the server used no processor time that can be counted");
        let [p50, p99] = [0.5, 0.99].map(|share| outcome.latency(share));
        Ok(Round::new(outcome.requests, outcome.elapsed, cpu, p50, p99))
    }

    fn start_bare() -> Result<(Running, String)> {
        let server = Process::start(Command::new(std::env::current_exe()?).arg("bare-peer"))?;
        let [address] = server.addresses(["public"])?;
        // Of a real key's length, so that the requests are as long as those to the other servers.
        let api_key = format!("sbk_live_{}_{}_{}", "k".repeat(12), "s".repeat(43), "c".repeat(6));
        Ok((Running::Bare(server, address), api_key))
    }

    /// With an agency that is never throttled.
    fn start_skybridge(&self, store: &str) -> Result<(Running, String)> {
        let program = self.skybridge.as_deref().expect("it was built because a store is measured");
        let counter = Counter::start(program, store)?;
        counter.set_plan("bench", 1_000_000, 1_000_000)?;
        let key = counter.create_agency("Bench", "bench")?;
        Ok((Running::Ours(counter), key))
    }
}

/// A server in its turn.
enum Running {
    Bare(Process, SocketAddr),
    Ours(Counter),
}

impl Running {
    fn process(&self) -> &Process {
        match self {
            Self::Bare(process, _) => process,
            Self::Ours(counter) => counter.process(),
        }
    }

    fn address(&self) -> SocketAddr {
        match self {
            Self::Bare(_, address) => *address,
            Self::Ours(counter) => counter.address,
        }
    }
}

/// Reads the bodies as they stand in the file, byte for byte.
fn read_bodies(path: &Path) -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Line {
        body: Box<RawValue>,
    }

    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let lines =
        text.lines().map(|line| serde_json::from_str::<Line>(line).map(|line| line.body.get().to_owned()));
    let bodies =
        lines.collect::<Result<Vec<_>, _>>().with_context(|| format!("{} is malformed", path.display()))?;
    ensure!(!bodies.is_empty(), "{} is empty", path.display());
    Ok(bodies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_sent_as_the_file_has_them() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "{\"kind\": \"plain\", \"body\": {\"remarks\":  \"a\"}}\n").unwrap();
        assert_eq!(read_bodies(file.path()).unwrap(), ["{\"remarks\":  \"a\"}"]);
    }

    #[test]
    fn a_file_without_bookings_is_an_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(read_bodies(file.path()).is_err());
    }
}
