//! `cargo xtask bench http`: what it takes to create a booking over HTTP, beside the least that a server can do.
//!
//! Each round starts each server anew, in turn, with an empty store, warms it up, loads it, and stops it before the
//! next one starts: no server ever shares the machine with another's leftovers, and slow changes of the machine meet
//! all of them alike. The same bytes are sent to all.

mod servers;

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use super::bookings;
use super::load::{Call, Load, Until};
use super::machine::Machine;
use super::program::Program;
use super::report::{Column, Report, Scale, Table};
use crate::cargo;
use servers::{Kind, Servers};

/// Unmeasured load at the start of each round: connections, caches and allocators settle.
const WARM_UP: Duration = Duration::from_secs(1);

/// How the load is made.
#[derive(Args)]
pub(crate) struct Options {
    /// How long each server is loaded in each round.
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
    #[arg(long, value_name = "FILE", default_value = bookings::FILE)]
    bookings: PathBuf,
    #[command(flatten)]
    program: Program,
}

/// Measures and reports.
pub(crate) fn run(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) {
        return hand_over_to_release_build();
    }
    let wanted = |kind: &Kind| options.only.is_empty() || options.only.contains(kind);
    let servers = Servers::prepare(Kind::value_variants().iter().copied().filter(wanted), &options.program)?;
    let bodies = Arc::new(bookings::read(&options.bookings)?);
    let Options { connections, rounds, seconds, .. } = options;
    let load = format!(
        "POST /v1/bookings, {connections} connections, {rounds} interleaved rounds of {seconds} s, {} bytes of body on \
         average, client on the same machine",
        bookings::mean_bytes(&bodies)
    );
    let mut report = Report::new("http", "Creating a booking over HTTP", Machine::here()?, load);
    let mut table = Table::new(
        "server",
        [
            Column::new("requests/s", 0).drawn(Scale::Logarithmic),
            Column::new("CPU us/request", 1).drawn(Scale::Logarithmic),
            Column::new("p50 ms", 2),
            Column::new("p99 ms", 2),
            Column::new("memory MiB", 1),
            Column::ratio("req/s ratio", 3, "requests/s"),
            Column::ratio("CPU ratio", 2, "CPU us/request"),
        ],
    )
    .ours("skybridge");
    let bench =
        Bench { options, bodies, runtime: tokio::runtime::Builder::new_multi_thread().enable_all().build()? };
    for number in 1..=*rounds {
        for kind in servers.kinds() {
            let figures =
                bench.round(&servers, kind).with_context(|| format!("{}, round {number}", kind.name()))?;
            println!("round {number}  {:<40} {:>8.0} requests/s", kind.name(), figures[0]);
            table.add(kind.name(), &figures);
        }
    }
    report.tables.push(table);
    report.versions = servers.versions();
    report.notes = servers.missing();
    report.notes.extend(options.program.notes());
    report.finish()
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
struct Bench<'a> {
    options: &'a Options,
    bodies: Arc<Vec<String>>,
    runtime: tokio::runtime::Runtime,
}

impl Bench<'_> {
    /// Starts a server, loads it, and stops it. Gives the measured columns.
    fn round(&self, servers: &Servers, kind: Kind) -> Result<[f64; 5]> {
        let server = servers.start(kind)?;
        let load = Load {
            address: server.address,
            api_key: server.api_key.clone(),
            connections: self.options.connections,
        };
        let run = |phase: &str, duration| {
            let call = Call::Book { phase: phase.to_owned(), bodies: Arc::clone(&self.bodies) };
            self.runtime.block_on(load.run(&call, Until::Elapsed(duration)))
        };
        run("warm-up", WARM_UP)?;
        let before = server.cpu()?;
        let outcome = run("measured", Duration::from_secs(self.options.seconds))?;
        let cpu = server.cpu()?.saturating_sub(before);
        ensure!(cpu > Duration::ZERO, "the server used no processor time");
        let [p50, p99] = [0.5, 0.99].map(|share| outcome.latency_ms(share));
        let mebibytes = server.resident_bytes()? as f64 / f64::from(1 << 20);
        Ok([outcome.per_second(), outcome.us_per_request(cpu), p50, p99, mebibytes])
    }
}
