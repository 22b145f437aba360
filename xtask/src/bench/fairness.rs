//! `cargo xtask bench fairness`: what one agency at many times its plan costs the others.
//!
//! Ten agencies book at half of their plan: alone; beside an eleventh that books as much as its plan allows; while many
//! times as much is asked of the bare server on the same machine; and beside the eleventh asking for that much. The four
//! take turns with one server, each round beginning with another, so that all meet the same moods of the machine. The second row tells what bookings for
//! the same disk cost the ten, the third what a flood costs them that never reaches their server.
//!
//! The flood's callers give way to everybody else on the processors: a flood comes from machines of its own, and what
//! sending it takes from a server and from other callers on the same machine is not the server's doing.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use super::counter::Counter;
use super::crowd::{Crowd, Told};
use super::http::hand_over_to_release_build;
use super::machine::Machine;
use super::peer::{Bare, made_up_key};
use super::program::Program;
use super::report::{Column, Report, Scale, Table};

/// How the load is made.
#[derive(Args)]
pub(crate) struct Options {
    /// How long each turn takes.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How often each of the four has its turn.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=40))]
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
    let (_process, bare) = Bare::Hyper.start()?;
    let bench = Bench { options, counter, guests, eleventh, bare, floods: giving_way()? };
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
    let mut whole = Company::ALL.map(|_| Told::default());
    let (mut flood, mut plan, mut elsewhere) = (Told::default(), 0.0, Told::default());
    for round in 0..options.rounds {
        for step in 0..Company::ALL.len() {
            let place = (step + round as usize) % Company::ALL.len();
            let company = Company::ALL[place];
            let turn = runtime.block_on(bench.turn(round, company))?;
            table.add(company.name(), &figures(&turn.guests));
            whole[place].add(turn.guests);
            match company {
                Company::Flooder => {
                    plan += f64::from(options.rate) * (1.0 + turn.took.as_secs_f64());
                    flood.add(turn.eleventh);
                }
                Company::FloodElsewhere => elsewhere.add(turn.eleventh),
                Company::Nobody | Company::AtItsPlan => {}
            }
        }
    }
    let Options { seconds, rounds, rate, times, program } = options;
    let load = format!(
        "{GUESTS} agencies at half of a plan of {rate}/s each, alone, beside one more at its plan, and beside {times} \
         times that plan asked of the bare server and of theirs, the eleventh's callers at nice 19, embedded store, {rounds} \
         turns of {seconds} s each"
    );
    let mut report = Report::new("fairness", "Ten agencies beside one that floods", machine, load);
    report.tables.push(table);
    report.notes.push(format!(
        "the flooder was answered {:?}, {:.1} % of the {plan:.0} that its plan allows",
        flood.answers,
        100.0 * flood.bookings() as f64 / plan
    ));
    report.notes.push(format!("the bare server answered {:?}", elsewhere.answers));
    let alone = whole[0].latency_ms(0.99);
    let told = Company::ALL.iter().zip(&whole).map(|(company, told)| {
        let p99 = told.latency_ms(0.99);
        format!("{} {p99:.2} ms ({:.2} times)", company.name(), p99 / alone)
    });
    report.notes.push(format!("the ten's p99 over all turns: {}", told.collect::<Vec<_>>().join(", ")));
    report.notes.extend(program.notes());
    report.finish()
}

fn figures(told: &Told) -> [f64; 3] {
    let booked = 100.0 * told.bookings() as f64 / told.all() as f64;
    [booked, told.latency_ms(0.5), told.latency_ms(0.99)]
}

/// A runtime for the eleventh's callers, whose thread gives way to others.
fn giving_way() -> Result<Runtime> {
    let give_way = || {
        // Of this thread: on Linux each has its own. Refused, the flood would cost the others more, not less.
        let _ = rustix::process::setpriority_process(None, 19);
    };
    Ok(Builder::new_multi_thread().worker_threads(1).on_thread_start(give_way).enable_all().build()?)
}

struct Bench<'a> {
    options: &'a Options,
    counter: Counter,
    guests: Vec<String>,
    eleventh: String,
    /// A server that none of them uses.
    bare: SocketAddr,
    floods: Runtime,
}

/// Whom the ten book beside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Company {
    Nobody,
    /// An eleventh that asks for its plan.
    AtItsPlan,
    /// A flood that another server has to do with.
    FloodElsewhere,
    /// The eleventh, asking for many times its plan.
    Flooder,
}

impl Company {
    const ALL: [Self; 4] = [Self::Nobody, Self::AtItsPlan, Self::FloodElsewhere, Self::Flooder];

    fn name(self) -> &'static str {
        match self {
            Self::Nobody => "alone",
            Self::AtItsPlan => "beside one at its plan",
            Self::FloodElsewhere => "flood at the bare server",
            Self::Flooder => "beside the flooder",
        }
    }
}

/// What everybody was told in a turn.
struct Turn {
    guests: Told,
    eleventh: Told,
    took: Duration,
}

impl Bench<'_> {
    async fn turn(&self, round: u32, company: Company) -> Result<Turn> {
        // Every bucket is full again after as long: its burst is what it gets in a second.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let begun = Instant::now();
        let rate = f64::from(self.options.rate);
        let crowd = |who: &str, key: String, callers, per_second| Crowd {
            address: self.counter.address,
            api_key: key,
            name: format!("{}-{round}-{who}", company.name()),
            moments: format!("{round}-{who}"),
            callers,
            per_second: Some(per_second),
            end: begun + Duration::from_secs(self.options.seconds),
        };
        let flood = |key| crowd("eleventh", key, FLOOD_CALLERS, self.options.times * rate);
        let eleventh = match company {
            Company::Nobody => None,
            Company::AtItsPlan => Some(crowd("eleventh", self.eleventh.clone(), FLOOD_CALLERS, rate)),
            Company::FloodElsewhere => Some(Crowd { address: self.bare, ..flood(made_up_key()) }),
            Company::Flooder => Some(flood(self.eleventh.clone())),
        };
        let eleventh = eleventh.map(|crowd| self.floods.spawn(crowd.run()));
        let mut guests = JoinSet::new();
        for (number, key) in self.guests.iter().enumerate() {
            guests.spawn(crowd(&format!("guest{number}"), key.clone(), GUEST_CALLERS, 0.5 * rate).run());
        }
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
