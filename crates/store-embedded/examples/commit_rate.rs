//! How fast the embedded store commits on this machine, and what it costs. Run by hand, in a release build:
//!
//! ```text
//! cargo run --release -p skybridge-store-embedded --example commit_rate -- [commits] [committers] [directory]
//! ```
//!
//! Prints commits per second, commits per sync, CPU time per commit (user and system, of this whole process, which
//! includes making the records), and the longest group. The directory must not exist; it is left behind.

#![expect(clippy::print_stdout, reason = "a program that prints its measurements")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use skybridge_store::{Attributes, Commit, Key, Listing, Record, Store, Table, Write};
use skybridge_store_embedded::{EmbeddedStore, Options};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let commits: u64 = arguments.next().map_or(Ok(200_000), |text| text.parse())?;
    let committers: u64 = arguments.next().map_or(Ok(64), |text| text.parse())?;
    let temporary = tempfile::tempdir()?;
    let dir = arguments.next().map_or_else(|| temporary.path().join("store"), PathBuf::from);

    let longest = Arc::new(AtomicU64::new(0));
    let mut options = Options::default();
    let seen = Arc::clone(&longest);
    options.on_group = Some(Arc::new(move |group| {
        let micros = u64::try_from(group.persist_time.as_micros()).unwrap_or(u64::MAX);
        seen.fetch_max(micros, Ordering::Relaxed);
    }));
    let store = Arc::new(EmbeddedStore::open_or_create(&dir, options)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().build()?;
    for round in 0..4 {
        let (began, cpu) = (now(), cpu_time());
        let before = store.health().activity;
        runtime.block_on(run(&store, round, commits / 4, committers))?;
        let (elapsed, cpu) = (began.elapsed(), cpu_time() - cpu);
        let after = store.health().activity;
        let done = after.commits - before.commits;
        let groups = after.groups - before.groups;
        println!(
            "{done} commits: {:.0}/s, {:.1} commits per sync ({groups} syncs), {:.1} us CPU per commit, \
             {:.0} us per group, longest {} us",
            per(done, elapsed),
            ratio(done, groups),
            1e6 / per(done, cpu),
            1e6 / per(groups, after.persist_time - before.persist_time),
            longest.swap(0, Ordering::Relaxed),
        );
    }
    let began = now();
    drop(store);
    drop(EmbeddedStore::open(&dir, Options::default())?);
    println!("closed and opened again in {:?}", began.elapsed());
    Ok(())
}

async fn run(store: &Arc<EmbeddedStore>, round: u64, commits: u64, committers: u64) -> Result<(), String> {
    let mut tasks = Vec::new();
    for committer in 0..committers {
        let store = Arc::clone(store);
        tasks.push(tokio::spawn(async move {
            for n in 0..commits / committers {
                let commit = Commit::of(Write::create(booking(round, committer, n)));
                store.commit(commit).await.map_err(|error| error.to_string())?;
            }
            Ok::<_, String>(())
        }));
    }
    for task in tasks {
        task.await.map_err(|error| error.to_string())??;
    }
    Ok(())
}

/// About 700 bytes under a random-looking id, listed by time.
fn booking(round: u64, committer: u64, n: u64) -> Record {
    let number = (round << 56) | (committer << 40) | n;
    // A mixer (splitmix64): ids are spread like the hashes that name bookings.
    let mut mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed ^= mixed >> 27;
    Record {
        key: Key::new(Table::Bookings, format!("{mixed:016x}-0000-8000-{number:016x}")),
        version: 1,
        listing: Some(Listing {
            partition: format!("live/agency-{:02}", committer % 20),
            sort: format!("2026-01-01T00:00:00.{n:012}Z"),
        }),
        attributes: Attributes::default()
            .with("agency", "partnerco")
            .with("status", "CREATED")
            .with("created_at", "2026-01-01T00:00:00.000Z")
            .with("fingerprint", vec![7_u8; 32])
            .with("body", vec![b'x'; 540]),
    }
}

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a measurement")]
    Instant::now()
}

/// User and system time of this process so far, from `/proc/self/stat` (in hundredths of a second).
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

#[expect(clippy::cast_precision_loss, reason = "printed with three digits")]
fn per(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

#[expect(clippy::cast_precision_loss, reason = "printed with three digits")]
fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b as f64
}
