//! `cargo xtask bench fairness`: what one agency at many times its plan costs the others.
//!
//! Ten agencies book at half of their plan: alone, beside an eleventh that books as much as its plan allows, and beside
//! the same one asking for many times as much. The three take turns on one server, so that all meet the same moods of
//! the machine. What the eleventh costs the others within its plan is bookings for the same disk; the rest is the flood.
//!
//! The flood's callers give way to everybody else on the processors: a flood comes from machines of its own, and what
//! sending it takes from a server and from other callers on the same machine is not the server's doing.

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use tokio::runtime::{Builder, Runtime};
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

/// Connections of the eleventh.
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
    let eleventh = counter.create_agency("Eleventh", "fair")?;
    let bench = Bench { options, counter, guests, eleventh, floods: giving_way()? };
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let mut table = Table::new(
        "the ten",
        [
            Column::new("booked %", 3),
            Column::new("p50 ms", 2),
            Column::new("p99 ms", 2).drawn(Scale::Linear),
            Column::ratio("p99 ratio", 2, "p99 ms"),
        ],
    );
    let mut whole = KINDS.map(|_| Told::default());
    let (mut flood, mut plan) = (Told::default(), 0.0);
    for round in 0..options.rounds {
        for (kind, whole) in KINDS.iter().zip(&mut whole) {
            let turn = runtime.block_on(bench.turn(round, kind))?;
            table.add(kind.name, &figures(&turn.guests));
            whole.add(turn.guests);
            if kind.floods {
                plan += f64::from(options.rate) * (1.0 + turn.took.as_secs_f64());
                flood.add(turn.eleventh);
            }
        }
    }
    let Options { seconds, rounds, rate, times, program } = options;
    let load = format!(
        "{GUESTS} agencies at half of a plan of {rate}/s each, alone, beside one more at its plan, and at {times} times \
         its plan, embedded store, {rounds} turns of {seconds} s each"
    );
    let mut report = Report::new("fairness", "Ten agencies beside one that floods", machine, load);
    report.tables.push(table);
    report.notes.push(format!(
        "the flooder was answered {:?}, {:.1} % of the {plan:.0} that its plan allows",
        flood.answers,
        100.0 * flood.bookings() as f64 / plan
    ));
    let [alone, .., beside] = whole.map(|told| told.latency_ms(0.99));
    report.notes.push(format!(
        "over all turns together, the ten's p99 is {alone:.2} ms alone and {beside:.2} ms beside the flooder: {:.2} times",
        beside / alone
    ));
    report.notes.extend(program.notes());
    report.finish()
}

fn figures(told: &Told) -> [f64; 3] {
    let booked = 100.0 * told.bookings() as f64 / told.all() as f64;
    [booked, told.latency_ms(0.5), told.latency_ms(0.99)]
}

/// A runtime for the flood's callers, whose thread runs when no other wants to.
fn giving_way() -> Result<Runtime> {
    let give_way = || {
        // Refused, the flood would cost the others more, not less.
        let _ = rustix::process::setpriority_process(None, 19);
    };
    Ok(Builder::new_multi_thread().worker_threads(1).on_thread_start(give_way).enable_all().build()?)
}

struct Bench<'a> {
    options: &'a Options,
    counter: Counter,
    guests: Vec<String>,
    eleventh: String,
    floods: Runtime,
}

/// Whom the ten book beside.
struct Kind {
    name: &'static str,
    /// Whether there is an eleventh.
    is_eleventh_there: bool,
    /// Whether it asks for more than its plan.
    floods: bool,
}

const KINDS: [Kind; 3] = [
    Kind { name: "alone", is_eleventh_there: false, floods: false },
    Kind { name: "beside one at its plan", is_eleventh_there: true, floods: false },
    Kind { name: "beside the flooder", is_eleventh_there: true, floods: true },
];

/// What everybody was told in a turn.
struct Turn {
    guests: Told,
    eleventh: Told,
    took: Duration,
}

impl Bench<'_> {
    async fn turn(&self, round: u32, kind: &Kind) -> Result<Turn> {
        // Every bucket is full again after as long: its burst is what it gets in a second.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let begun = Instant::now();
        let rate = f64::from(self.options.rate);
        let crowd = |who: &str, key: &String, callers, per_second| Crowd {
            address: self.counter.address,
            api_key: key.clone(),
            name: format!("{}-{round}-{who}", kind.name),
            callers,
            per_second: Some(per_second),
            end: begun + Duration::from_secs(self.options.seconds),
        };
        let mut guests = JoinSet::new();
        for (number, key) in self.guests.iter().enumerate() {
            guests.spawn(crowd(&format!("guest{number}"), key, GUEST_CALLERS, 0.5 * rate).run());
        }
        let times = if kind.floods { self.options.times } else { 1.0 };
        let eleventh = kind
            .is_eleventh_there
            .then(|| self.floods.spawn(crowd("eleventh", &self.eleventh, FLOOD_CALLERS, times * rate).run()));
        let mut told = Told::default();
        while let Some(guest) = guests.join_next().await {
            told.add(guest??);
        }
        let eleventh = match eleventh {
            Some(eleventh) => eleventh.await??,
            None => Told::default(),
        };
        Ok(Turn { guests: told, eleventh, took: begun.elapsed() })
    }
}
