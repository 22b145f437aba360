//! `cargo xtask bench slow`: a thousand slow callers of each kind, and what they cost a caller that is not slow.
//!
//! Against the program itself, at its own deadlines, in real time: heads, bodies and reads that trickle, and connections
//! that say nothing. They come one after the other, each stays for as long as it is let, and so they also go one after
//! the other. Reported is how long after it came each was closed, and how long another caller waited for its bookings
//! from the first arrival to the last end. What that is compared with is a second server that has only such a good
//! caller, at the same moments. The thousand slow callers are clients on the same machine, and what their own work costs
//! others there is not the server's doing: so all callers share one core, and the servers have the others. It fails if
//! one of the slow is left open or a good caller is refused.

mod caller;

use std::mem;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use tokio::task::{JoinHandle, JoinSet};

use super::cores::Cores;
use super::counter::Counter;
use super::machine::Machine;
use super::program::Program;
use super::report::{Column, Report, Scale, Table};
use super::wire::Wire;
use caller::Kind;

/// How often a good caller books.
const EVERY: Duration = Duration::from_millis(4);
/// From one slow caller's coming to the next one's: a thousand are there after five seconds.
const BETWEEN_ARRIVALS: Duration = Duration::from_millis(5);
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
    /// How often each kind comes; the two servers change parts each time.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    #[command(flatten)]
    program: Program,
}

/// Runs, reports, and fails if a connection was left open.
pub(crate) fn run(options: &Options) -> Result<()> {
    let program = options.program.path()?;
    let machine = Machine::here()?;
    let cores =
        Cores::shared_out()?.context("this wants two cores: one for the servers, one for their callers")?;
    let start = || Ok((Served::start(&program)?, Served::start(&program)?));
    let (mut beset, mut quiet) = cores.as_server(start)?;
    let load = format!(
        "{} slow callers of each kind at one of two servers, one every {BETWEEN_ARRIVALS:?}; a good caller every \
         {EVERY:?} at both: at the other server, and beside the slow ones; callers on one core, servers on the others",
        options.connections
    );
    let mut report = Report::new("slow", "A thousand slow callers of each kind", machine, load);
    let mut table = Table::new(
        "kind",
        [
            Column::new("closed", 0),
            Column::new("first after s", 1),
            Column::new("last after s", 1).drawn(Scale::Linear),
            Column::new("other p50 ms", 2),
            Column::new("other p99 ms", 2),
            Column::new("beside p50 ms", 2).drawn(Scale::Linear),
            Column::new("beside p99 ms", 2),
            Column::new("p99 x", 2),
        ],
    );
    let runtime =
        cores.as_caller(|| Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?))?;
    let kinds = Kind::ALL.into_iter().filter(|kind| options.only.is_empty() || options.only.contains(kind));
    for round in 1..=options.rounds {
        for kind in kinds.clone() {
            println!("round {round}: {} …", kind.name());
            let figures = runtime.block_on(one_kind(kind, options.connections, &beset, &quiet))?;
            table.add(kind.name(), &figures);
        }
        mem::swap(&mut beset, &mut quiet);
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

    /// Books from `begin` until `end`; gives how long each booking took, the shortest first.
    fn good_caller(&self, begin: Instant, end: Instant) -> JoinHandle<Result<Vec<Duration>>> {
        let (address, api_key) = (self.counter.address, self.api_key.clone());
        tokio::spawn(async move { good_caller(address, &api_key, begin, end).await })
    }
}

async fn one_kind(kind: Kind, connections: u32, beset: &Served, quiet: &Served) -> Result<[f64; 8]> {
    let begun = Instant::now();
    let arrivals = (0..connections).map(|number| begun + BETWEEN_ARRIVALS * number);
    let mut crowd = JoinSet::new();
    for arrival in arrivals {
        let (address, api_key) = (beset.counter.address, beset.api_key.clone());
        crowd.spawn(async move {
            tokio::time::sleep_until(arrival.into()).await;
            kind.dawdle(address, &api_key, kind.deadline() + GRACE).await
        });
    }
    let ends = begun + BETWEEN_ARRIVALS * connections + kind.deadline();
    // In turn, so that neither always waits for the other's answer to be read.
    let (beside, other) = (beset.good_caller(begun, ends), quiet.good_caller(begun + EVERY / 2, ends));
    let mut closed = Vec::new();
    while let Some(ended) = crowd.join_next().await {
        closed.extend(ended??);
    }
    let (beside, other) = (beside.await??, other.await??);
    closed.sort_unstable();
    let [first, last] = [closed.first(), closed.last()].map(|after| after.copied().unwrap_or_default());
    let open = connections as usize - closed.len();
    ensure!(open == 0, "{open} slow {} were still open {:?} after their deadline", kind.name(), GRACE);
    let closed_count = closed.len() as f64;
    let ([other_p50, other_p99], [p50, p99]) = (latencies_ms(&other), latencies_ms(&beside));
    Ok([
        closed_count,
        first.as_secs_f64(),
        last.as_secs_f64(),
        other_p50,
        other_p99,
        p50,
        p99,
        p99 / other_p99,
    ])
}

/// The 50th and the 99th percentile.
fn latencies_ms(sorted: &[Duration]) -> [f64; 2] {
    [50, 99].map(|share| {
        sorted.get(sorted.len() * share / 100).copied().unwrap_or_default().as_secs_f64() * 1_000.0
    })
}

/// Books again and again over one connection from `begin` until `end`. Gives how long each took, the shortest first.
async fn good_caller(
    address: SocketAddr,
    api_key: &str,
    begin: Instant,
    end: Instant,
) -> Result<Vec<Duration>> {
    let mut wire = Wire::connect(address).await?;
    let request = format!(
        "POST /booking HTTP/1.1\r\nHost: {address}\r\nX-Api-Key: {api_key}\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    let mut ticks = tokio::time::interval_at(begin.into(), EVERY);
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
