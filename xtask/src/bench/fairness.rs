//! `cargo xtask bench fairness`: what one agency at many times its plan costs the others.
//!
//! Ten agencies book at half of their plan, first alone, then beside one that floods; the two take turns on one server,
//! so that both meet the same moods of the machine.

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use tokio::task::JoinSet;

use super::counter::Counter;
use super::crowd::{Crowd, Told};
use super::http::hand_over_to_release_build;
use super::machine::Machine;
use crate::cargo;

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
}

/// Agencies that behave.
const GUESTS: usize = 10;

/// Connections of each of them.
const GUEST_CALLERS: usize = 2;

/// Connections of the flooder.
const FLOOD_CALLERS: usize = 64;

/// Measures and prints.
pub(crate) fn run(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) {
        return hand_over_to_release_build();
    }
    let program = cargo::build_release("skybridge", "skybridge")?;
    let machine = Machine::here()?;
    let counter = Counter::start(&program, "embedded")?;
    counter.set_plan("fair", options.rate, options.rate)?;
    let guests = (0..GUESTS)
        .map(|number| counter.create_agency(&format!("Guest{number}"), "fair"))
        .collect::<Result<Vec<_>>>()?;
    let flooder = counter.create_agency("Flooder", "fair")?;
    let bench = Bench { options, counter, guests, flooder };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (mut alone, mut beside, mut flood) = (Told::default(), Told::default(), Told::default());
    let mut plan = 0.0;
    for round in 0..options.rounds {
        alone.add(runtime.block_on(bench.turn(round, "alone", false))?.0);
        let begun = Instant::now();
        let (guests, flooded) = runtime.block_on(bench.turn(round, "beside", true))?;
        // The bucket is full again by the next turn: it fills in a second.
        plan += f64::from(options.rate) * (1.0 + begun.elapsed().as_secs_f64());
        beside.add(guests);
        flood.add(flooded);
    }
    for line in machine.lines() {
        println!("{line}");
    }
    let Options { seconds, rounds, rate, times } = options;
    println!(
        "load      {GUESTS} agencies at half of a plan of {rate}/s each, alone and beside one at {times} times its plan, \
         embedded store, {rounds} turns of {seconds} s each\n"
    );
    print("the ten, alone", &alone);
    print("the ten, beside the flooder", &beside);
    println!("p99 beside / alone           {:.2}", beside.latency_ms(0.99) / alone.latency_ms(0.99));
    println!(
        "the flooder                  {:?}, {:.1} % of the {plan:.0} that its plan allows",
        flood.answers,
        100.0 * flood.bookings() as f64 / plan
    );
    Ok(())
}

fn print(who: &str, told: &Told) {
    println!(
        "{who:<28} {:.3} % of {} booked, p50 {:.2} ms, p99 {:.2} ms",
        100.0 * told.bookings() as f64 / told.all() as f64,
        told.all(),
        told.latency_ms(0.5),
        told.latency_ms(0.99),
    );
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
        let crowd = |who: &str, key: &String, callers, times: f64| Crowd {
            address: self.counter.address,
            api_key: key.clone(),
            name: format!("{name}-{round}-{who}"),
            callers,
            per_second: Some(times * f64::from(self.options.rate)),
            end: Instant::now() + Duration::from_secs(self.options.seconds),
        };
        let mut guests = JoinSet::new();
        for key in &self.guests {
            guests.spawn(crowd("guest", key, GUEST_CALLERS, 0.5).run());
        }
        let flood = floods
            .then(|| tokio::spawn(crowd("flood", &self.flooder, FLOOD_CALLERS, self.options.times).run()));
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
