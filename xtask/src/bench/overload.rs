//! `cargo xtask bench overload`: what is still done when far more is asked for than can be.
//!
//! Callers of several agencies, on plans that never refuse, each calling again as soon as it is answered, whatever the
//! answer was: as many as the server is busy with, and between those, twice and ten times as many. Goodput is bookings
//! made per second. The bare server gets the same callers, to tell what their connections alone cost on this machine.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use tokio::task::JoinSet;

use super::counter::Counter;
use super::crowd::{Crowd, Told};
use super::http::hand_over_to_release_build;
use super::machine::Machine;
use super::peer::{Bare, made_up_key};
use super::process::Process;
use super::program::Program;
use super::report::{Column, Report, Scale, Table};

/// How the load is made.
#[derive(Args)]
pub(crate) struct Options {
    /// How long each load lasts.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u64).range(2..=600))]
    seconds: u64,
    /// The callers of the single load: enough to keep the server busy.
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u32).range(8..=800))]
    callers: u32,
    /// The store: embedded or memory.
    #[arg(long, default_value = "embedded")]
    store: String,
    #[command(flatten)]
    program: Program,
}

const AGENCIES: usize = 8;

/// Measures and reports.
pub(crate) fn run(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) {
        return hand_over_to_release_build();
    }
    let program = options.program.path()?;
    let machine = Machine::here()?;
    let counter = Counter::start(&program, &options.store)?;
    counter.set_plan("ample", 1_000_000, 1_000_000)?;
    let keys = (0..AGENCIES)
        .map(|number| counter.create_agency(&format!("Agency{number}"), "ample"))
        .collect::<Result<Vec<_>>>()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let load = |name: &str, times: u32, seconds| {
        runtime.block_on(load(counter.address, &keys, name, times * options.callers, seconds))
    };
    load("warm-up", 1, 3)?;
    let Options { seconds, callers, store, program } = options;
    let described = format!(
        "{AGENCIES} agencies, {callers} callers and multiples of that, each calling again at once, {store} store, {seconds} s \
         each"
    );
    let mut report = Report::new("overload", "Ten times what can be done", machine, described);
    let mut table = Table::new(
        "callers",
        [
            Column::new("bookings/s", 0).drawn(Scale::Linear),
            Column::new("p50 ms", 1),
            Column::new("p99 ms", 1),
            Column::new("% of a processor", 0),
        ],
    );
    // Each greater load stands between two single ones, so that a store that grows, and a machine that changes its
    // mood, meet both alike.
    let mut turns = Vec::new();
    for (times, when) in [(1, "before"), (2, "twice"), (1, "between"), (10, "ten times"), (1, "after")] {
        let name = format!("{} ({when})", times * callers);
        let turn = format!("turn{}", turns.len());
        let (told, figures) = measure(counter.process(), *seconds, || load(&turn, times, *seconds))?;
        println!("{name:<20} {:>8.0} bookings/s, answers {:?}", figures[0], told.answers);
        table.add(&name, &figures);
        report.notes.push(format!("{name} answered {:?}", told.answers));
        turns.push(figures[0]);
    }
    let [before, twice, between, tenfold, after] = turns[..] else { unreachable!("five turns were taken") };
    let peak = f64::max(f64::midpoint(between, after), twice);
    for (name, goodput, single) in
        [("twice", twice, (before, between)), ("ten times", tenfold, (between, after))]
    {
        let share = 100.0 * goodput / f64::midpoint(single.0, single.1);
        report.notes.push(format!("{name}: {share:.1} % of the single loads before and after it"));
    }
    let told = load("after", 1, 10)?;
    let per_second = |second: u64| {
        let span = Duration::from_secs(second)..Duration::from_secs(second + 1);
        told.booked.iter().filter(|(_, at)| span.contains(at)).count() as f64
    };
    let back = (0..10).find(|second| per_second(*second) >= 0.9 * peak);
    let after = back.map_or("not within 10 s".to_owned(), |second| format!("within {} s", second + 1));
    report.notes.push(format!("afterwards, {callers} callers have 90 % of the peak again {after}"));
    let share = measure_bare(&runtime, options, &mut table)?;
    report
        .notes
        .push(format!("the bare server, ten times: {share:.1} % of its single loads before and after it"));
    report.tables.push(table);
    report.notes.extend(program.notes());
    report.finish()
}

/// What was told in a load, and the table's figures of it.
fn measure(server: &Process, seconds: u64, load: impl FnOnce() -> Result<Told>) -> Result<(Told, [f64; 4])> {
    let cpu = server.cpu()?;
    let told = load()?;
    let cpu = server.cpu()?.saturating_sub(cpu);
    let goodput = told.bookings() as f64 / seconds as f64;
    let processor = 100.0 * cpu.as_secs_f64() / seconds as f64;
    let figures = [goodput, told.latency_ms(0.5), told.latency_ms(0.99), processor];
    Ok((told, figures))
}

/// How much of its answers the bare server still gives to ten times the callers, in percent.
fn measure_bare(runtime: &tokio::runtime::Runtime, options: &Options, table: &mut Table) -> Result<f64> {
    let (process, address) = Bare::Hyper.start()?;
    let keys = vec![made_up_key(); AGENCIES];
    let mut turns = Vec::new();
    for (times, when) in [(1, "before"), (10, "ten times"), (1, "after")] {
        let callers = times * options.callers;
        let (_, figures) = measure(&process, options.seconds, || {
            runtime.block_on(load(address, &keys, "bare", callers, options.seconds))
        })?;
        table.add(&format!("bare server, {callers} ({when})"), &figures);
        turns.push(figures[0]);
    }
    let [before, tenfold, after] = turns[..] else { unreachable!("three turns were taken") };
    Ok(100.0 * tenfold / f64::midpoint(before, after))
}

async fn load(address: SocketAddr, keys: &[String], name: &str, callers: u32, seconds: u64) -> Result<Told> {
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut crowds = JoinSet::new();
    for (number, key) in keys.iter().enumerate() {
        let crowd = Crowd {
            address,
            api_key: key.clone(),
            name: format!("{name}-{number}"),
            moments: String::new(),
            callers: callers as usize / keys.len(),
            per_second: None,
            end,
        };
        crowds.spawn(crowd.run());
    }
    let mut told = Told::default();
    while let Some(crowd) = crowds.join_next().await {
        told.add(crowd??);
    }
    Ok(told)
}
