//! `cargo xtask bench fairness`: what one agency at many times its plan costs the others.
//!
//! Ten agencies book at half of their plan, first alone, then beside one that floods; the two take turns on one server,
//! so that both meet the same moods of the machine. Each calls at an even pace, and no two at the same moment.

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use tokio::task::JoinSet;

use super::counter::Counter;
use super::crowd::{Crowd, Told};
use super::http::hand_over_to_release_build;
use super::machine::Machine;
use super::program::Program;
use super::report::{Column, Report, Scale, Table};

/// How the load is made.
#[derive(Args)]
pub(crate) struct Options {
    /// How long each turn takes.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How often each of the two has its turn.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Every agency's plan, per second. Its burst is as much again.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=2000))]
    rate: u32,
    /// How many times its plan the flooder asks for.
    #[arg(long, default_value_t = 50.0)]
    times: f64,
    #[command(flatten)]
    program: Program,
}

/// Agencies that behave.
const GUESTS: usize = 10;

/// Connections of each of them.
const GUEST_CALLERS: usize = 2;

/// Connections of the flooder.
const FLOOD_CALLERS: usize = 64;

/// Measures and reports.
pub(crate) fn run(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) {
        return hand_over_to_release_build();
    }
    let program = options.program.path()?;
    let machine = Machine::here()?;
    let counter = Counter::start(&program, "embedded")?;
    counter.set_plan("fair", options.rate, options.rate)?;
    let guests = (0..GUESTS)
        .map(|number| counter.create_agency(&format!("Guest{number}"), "fair"))
        .collect::<Result<Vec<_>>>()?;
    let flooder = counter.create_agency("Flooder", "fair")?;
    let bench = Bench { options, counter, guests, flooder };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut table = Table::new(
        "the ten",
        [
            Column::new("booked %", 3),
            Column::new("p50 ms", 2),
            Column::new("p99 ms", 2).drawn(Scale::Linear),
            Column::ratio("p99 ratio", 2, "p99 ms"),
        ],
    );
    let (mut flood, mut plan) = (Told::default(), 0.0);
    for round in 0..options.rounds {
        let (alone, _) = runtime.block_on(bench.turn(round, "alone", false))?;
        table.add("alone", &figures(&alone));
        let begun = Instant::now();
        let (guests, flooded) = runtime.block_on(bench.turn(round, "beside", true))?;
        // The bucket is full again by the next turn: it fills in a second.
        plan += f64::from(options.rate) * (1.0 + begun.elapsed().as_secs_f64());
        table.add("beside the flooder", &figures(&guests));
        flood.add(flooded);
    }
    let Options { seconds, rounds, rate, times, program } = options;
    let load = format!(
        "{GUESTS} agencies at half of a plan of {rate}/s each, alone and beside one at {times} times its plan, embedded \
         store, {rounds} turns of {seconds} s each"
    );
    let mut report = Report::new("fairness", "Ten agencies beside one that floods", machine, load);
    report.tables.push(table);
    report.notes.push(format!(
        "the flooder was answered {:?}, {:.1} % of the {plan:.0} that its plan allows",
        flood.answers,
        100.0 * flood.bookings() as f64 / plan
    ));
    report.notes.extend(program.notes());
    report.finish()
}

fn figures(told: &Told) -> [f64; 3] {
    let booked = 100.0 * told.bookings() as f64 / told.all() as f64;
    [booked, told.latency_ms(0.5), told.latency_ms(0.99)]
}

struct Bench<'a> {
    options: &'a Options,
    counter: Counter,
    guests: Vec<String>,
    flooder: String,
}

impl Bench<'_> {
    /// What the guests were told, and the flooder if there is one.
    async fn turn(&self, round: u32, name: &str, floods: bool) -> Result<(Told, Told)> {
        let per_guest = 0.5 * f64::from(self.options.rate);
        let crowd = |who: &str, key: &String, callers, per_second: f64, first_after| Crowd {
            address: self.counter.address,
            api_key: key.clone(),
            name: format!("{name}-{round}-{who}"),
            callers,
            per_second: Some(per_second),
            first_after,
            end: Instant::now() + Duration::from_secs(self.options.seconds),
        };
        let mut guests = JoinSet::new();
        for (number, key) in self.guests.iter().enumerate() {
            let first_after = Duration::from_secs_f64(number as f64 / GUESTS as f64 / per_guest);
            guests.spawn(crowd("guest", key, GUEST_CALLERS, per_guest, first_after).run());
        }
        let flood = floods.then(|| {
            let per_second = self.options.times * f64::from(self.options.rate);
            tokio::spawn(crowd("flood", &self.flooder, FLOOD_CALLERS, per_second, Duration::ZERO).run())
        });
        let mut told = Told::default();
        while let Some(guest) = guests.join_next().await {
            told.add(guest??);
        }
        let flooded = match flood {
            Some(flood) => flood.await??,
            None => Told::default(),
        };
        Ok((told, flooded))
    }
}
