//! `cargo xtask bench slow`: a thousand slow callers of each kind, and what they cost a caller that is not slow.
//!
//! Against the program itself, at its own deadlines, in real time: heads, bodies and reads that trickle, and connections
//! that say nothing. Reported is when the server closed them, and how long another caller waited for its bookings. What
//! that is compared with is a second server that has only such a good caller, at the same moments: the thousand slow
//! callers are clients on the same machine, and what their own work costs others there is not the server's doing.
//! It fails if one of the slow is left open or a good caller is refused.

mod caller;

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use tokio::task::{JoinHandle, JoinSet};

use super::counter::Counter;
use super::machine::Machine;
use super::program::Program;
use super::report::{Column, Report, Scale, Table};
use super::wire::Wire;
use caller::Kind;

/// How often a good caller books.
const EVERY: Duration = Duration::from_millis(10);
/// What may come on top of a deadline: the server's farewell, and the pace at which we look.
const GRACE: Duration = Duration::from_secs(5);

/// How many, and of what.
#[derive(Args)]
pub(crate) struct Options {
    /// Slow callers of each kind, each with one connection.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=4000))]
    connections: u32,
    /// Only this kind (repeatable).
    #[arg(long, value_enum, value_name = "KIND")]
    only: Vec<Kind>,
    #[command(flatten)]
    program: Program,
}

/// Runs, reports, and fails if a connection was left open.
pub(crate) fn run(options: &Options) -> Result<()> {
    let program = options.program.path()?;
    let machine = Machine::here()?;
    let (beset, quiet) = (Served::start(&program)?, Served::start(&program)?);
    let load = format!(
        "{} slow callers of each kind at one of two servers, a good caller every {EVERY:?} at both: at the other \
         server, and beside the slow ones",
        options.connections
    );
    let mut report = Report::new("slow", "A thousand slow callers of each kind", machine, load);
    let mut table = Table::new(
        "kind",
        [
            Column::new("closed", 0),
            Column::new("first at s", 1),
            Column::new("last at s", 1).drawn(Scale::Linear),
            Column::new("other p50 ms", 2),
            Column::new("other p99 ms", 2),
            Column::new("beside p50 ms", 2).drawn(Scale::Linear),
            Column::new("beside p99 ms", 2),
        ],
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let kinds = Kind::ALL.into_iter().filter(|kind| options.only.is_empty() || options.only.contains(kind));
    for kind in kinds {
        println!("{} …", kind.name());
        let figures = runtime.block_on(one_kind(kind, options.connections, &beset, &quiet))?;
        table.add(kind.name(), &figures);
    }
    report.tables.push(table);
    report.notes.extend(options.program.notes());
    report.finish()
}

/// A server with an agency that is never throttled.
struct Served {
    counter: Counter,
    api_key: String,
}

impl Served {
    fn start(program: &Path) -> Result<Self> {
        // All callers are at one address here, and those that read slowly ask for much without a key.
        let settings = [("SKYBRIDGE_SCREENING_ADDRESSES_RATE", "off")];
        let counter = Counter::start_with(program, "memory", &settings)?;
        counter.set_plan("bench", 1_000_000, 1_000_000)?;
        let api_key = counter.create_agency("Bench", "bench")?;
        Ok(Self { counter, api_key })
    }

    /// Books until `end`; gives how long each booking took, the shortest first.
    fn good_caller(&self, end: Instant) -> JoinHandle<Result<Vec<Duration>>> {
        let (address, api_key) = (self.counter.address, self.api_key.clone());
        tokio::spawn(async move { good_caller(address, &api_key, end).await })
    }
}

async fn one_kind(kind: Kind, connections: u32, beset: &Served, quiet: &Served) -> Result<[f64; 7]> {
    let begun = Instant::now();
    let (ends, last) = (begun + kind.deadline(), begun + kind.deadline() + GRACE);
    let mut crowd = JoinSet::new();
    for _ in 0..connections {
        crowd.spawn(kind.dawdle(beset.counter.address, beset.api_key.clone(), last));
    }
    let (beside, other) = (beset.good_caller(ends), quiet.good_caller(ends));
    let mut closed = Vec::new();
    while let Some(ended) = crowd.join_next().await {
        closed.extend(ended??.map(|at| at.saturating_duration_since(begun)));
    }
    let (beside, other) = (beside.await??, other.await??);
    closed.sort_unstable();
    let [first, last] = [closed.first(), closed.last()].map(|at| at.copied().unwrap_or_default());
    let open = connections as usize - closed.len();
    ensure!(open == 0, "{open} slow {} were still open {:?} after their deadline", kind.name(), GRACE);
    let closed_count = closed.len() as f64;
    let ([other_p50, other_p99], [p50, p99]) = (latencies_ms(&other), latencies_ms(&beside));
    Ok([closed_count, first.as_secs_f64(), last.as_secs_f64(), other_p50, other_p99, p50, p99])
}

/// The 50th and the 99th percentile.
fn latencies_ms(sorted: &[Duration]) -> [f64; 2] {
    [50, 99].map(|share| {
        sorted.get(sorted.len() * share / 100).copied().unwrap_or_default().as_secs_f64() * 1_000.0
    })
}

/// Books again and again over one connection until `end`. Gives how long each took, the shortest first.
async fn good_caller(address: SocketAddr, api_key: &str, end: Instant) -> Result<Vec<Duration>> {
    let mut wire = Wire::connect(address).await?;
    let request = format!(
        "POST /booking HTTP/1.1\r\nHost: {address}\r\nX-Api-Key: {api_key}\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    let mut ticks = tokio::time::interval(EVERY);
    let mut taken = Vec::new();
    while Instant::now() < end {
        ticks.tick().await;
        let begun = Instant::now();
        let answer = wire.exchange(request.as_bytes()).await.context("the good caller was not served")?;
        taken.push(begun.elapsed());
        ensure!(answer.status() == "201", "the good caller was refused:\n{}", answer.text());
    }
    taken.sort_unstable();
    Ok(taken)
}
