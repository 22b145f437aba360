//! `cargo xtask bench growth`: what becomes of the embedded store's figures when it holds a million bookings.
//!
//! One server is filled over HTTP, by as many callers as wait in `bench http`. Shortly before each size the last bookings
//! are measured; then a lone caller books, bookings are read one by one and in lists, the server is killed (SIGKILL)
//! and opened again, and the filling goes on. Reads are set beside a bare server's constant answers in the same turn.

mod size;
mod stage;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Args;

use super::bookings;
use super::http::hand_over_to_release_build;
use super::machine::Machine;
use super::program::Program;
use super::report::{Column, Report, Scale, Table};
use size::Size;
use stage::Stage;

/// How far, and how often.
#[derive(Args)]
pub(crate) struct Options {
    /// How many bookings there are when figures are taken, ascending. 3 million take about four minutes a round.
    #[arg(long, value_delimiter = ',', default_value = "10k,100k,1m")]
    sizes: Vec<Size>,
    /// How often an empty store is filled.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Callers at once, each with one connection.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1000))]
    connections: u16,
    /// How many bookings before each size are measured, at most: never more than the last half.
    #[arg(long, default_value = "50k")]
    window: Size,
    /// How long one booking, a list, and the bare server are each read.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    #[command(flatten)]
    program: Program,
}

/// Measures and reports.
pub(crate) fn run(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) {
        return hand_over_to_release_build();
    }
    let Options { sizes, rounds, connections, window, seconds, .. } = options;
    ensure!(sizes.is_sorted(), "sizes go up");
    let program = options.program.path()?;
    let bodies = Arc::new(bookings::read(Path::new(bookings::FILE))?);
    let load = format!(
        "POST /v1/bookings, {connections} connections, {} bytes of body on average, embedded store, filled {rounds} times; \
         the last {window} bookings (at most half) before each size are measured",
        bookings::mean_bytes(&bodies)
    );
    let mut report = Report::new("growth", "A store that grows", Machine::here()?, load);
    let (mut booking, mut around) = (bookings_made(), beside_bookings());
    for round in 1..=*rounds {
        let mut stage = Stage::open(&program, *connections, Arc::clone(&bodies))?;
        around.add("none", &idle(stage.resident_mebibytes()?));
        for size in sizes {
            let at = || format!("round {round}, at {size}");
            let figures = stage.grow(*size, *window).with_context(at)?;
            println!("{:<24} {:>6.1} us/booking, p99 {:.1} ms", at(), figures[0], figures[3]);
            booking.add(&size.to_string(), &figures);
            let figures = stage.look_around(Duration::from_secs(*seconds)).with_context(at)?;
            around.add(&size.to_string(), &figures);
        }
    }
    report.tables = vec![booking, around];
    report.notes.push(
        "opened    from the start of a server that was killed (SIGKILL) to its first 200 from /readyz"
            .to_owned(),
    );
    report.notes.extend(options.program.notes());
    report.finish()
}

/// What one booking takes at a size, as [`Stage::grow`] measures it.
fn bookings_made() -> Table {
    Table::new(
        "bookings",
        [
            Column::new("CPU us/booking", 1).drawn(Scale::Linear),
            Column::new("bookings/s", 0),
            Column::new("p50 ms", 2),
            Column::new("p99 ms", 2).drawn(Scale::Linear),
            Column::new("worst ms", 1),
            Column::new("written/payload", 2).drawn(Scale::Linear),
            Column::new("syncs/booking", 4),
            Column::ratio("CPU ratio", 2, "CPU us/booking"),
        ],
    )
}

/// Everything else at a size, as [`Stage::look_around`] measures it.
fn beside_bookings() -> Table {
    Table::new(
        "bookings",
        [
            Column::new("lone syncs/booking", 3),
            Column::new("lone p50 ms", 2),
            Column::new("read CPU us", 1),
            Column::new("read / bare", 2).drawn(Scale::Linear),
            Column::new("list of 20 CPU us", 1),
            Column::new("list / bare", 2).drawn(Scale::Linear),
            Column::new("memory MiB", 0).drawn(Scale::Linear),
            Column::new("opened s", 2).drawn(Scale::Linear),
        ],
    )
}

/// A row of a server that nobody has called yet.
fn idle(mebibytes: f64) -> [f64; 8] {
    let none = f64::NAN;
    [none, none, none, none, none, none, mebibytes, none]
}
