//! What screening costs: time per booking and per 2 KiB of text, honest and hostile, growth with length, memory.
//!
//! `cargo run --release -p skybridge-screen --example screen_cost`

#![expect(clippy::print_stdout, reason = "prints a table")]
#![expect(clippy::disallowed_methods, reason = "measures time")]

#[path = "../tests/corpus/lib.rs"]
mod corpus;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use corpus::{attacks, honest, hostile};
use skybridge_screen::{Exceptions, Field, Pointer, Profile, Screen, Text};

/// Each text is measured so often and its least time kept: the rest is what other programs do to the caches.
const REPEATS: usize = 9;
/// How often a text is read in one measurement: the clock of a thread costs a good part of a booking itself.
const ROUNDS: u32 = 4;
const KIB: usize = 1024;

fn main() {
    let begun = Instant::now();
    let resident = resident_kib();
    let screen = Screen::new(Profile::default(), None);
    println!("screen made in {:?}", begun.elapsed());
    let bookings = bookings();
    let begun = Instant::now();
    inspect(&screen, &bookings[0]);
    println!("first booking, nothing built before: {:?}", begun.elapsed());
    let begun = Instant::now();
    screen.warm().expect("the rules do what their examples say");
    println!(
        "warm: {:?}; resident + {} KiB, of it anchors {} KiB",
        begun.elapsed(),
        resident_kib() - resident,
        Screen::tables_bytes() / KIB
    );
    println!("{:<44} {:>9} {:>9} {:>9}", "per", "mean us", "p99 us", "worst us");
    report("booking (all its texts)", &screen, bookings.clone());
    report("remark of a booking", &screen, bookings.iter().map(|texts| texts[..1].to_vec()));
    report("2 KiB, remarks of plain bookings", &screen, honest_texts("plain", 2 * KIB));
    report("2 KiB, remarks of tricky bookings", &screen, honest_texts("tricky", 2 * KIB));
    report(
        "2 KiB, attacks joined (refused)",
        &screen,
        joined(attacks().into_iter().map(|attack| attack.payload), 2 * KIB),
    );
    let counting = Screen::new(Profile::parse("mode = \"count\"").expect("a mode"), None);
    report(
        "2 KiB, attacks joined (all searched)",
        &counting,
        joined(attacks().into_iter().map(|attack| attack.payload), 2 * KIB),
    );
    report("2 KiB, hostile shapes (all searched)", &counting, hostile(2 * KIB).map(|(_, text)| vec![text]));
    growth(&counting);
    println!("resident + {} KiB after all of it", resident_kib() - resident);
}

/// The texts of each honest booking, remarks first.
fn bookings() -> Vec<Vec<String>> {
    let mut bookings = BTreeMap::<usize, Vec<String>>::new();
    for text in honest() {
        bookings.entry(text.booking).or_default().push(text.value);
    }
    bookings.into_values().collect()
}

fn honest_texts(kind: &str, bytes: usize) -> Vec<Vec<String>> {
    let remarks = honest().into_iter().filter(|text| text.pointer == "remarks" && text.kind == kind);
    joined(remarks.map(|text| text.value), bytes)
}

/// Texts of `bytes` bytes each, made of these one behind the other.
fn joined(pieces: impl Iterator<Item = String>, bytes: usize) -> Vec<Vec<String>> {
    let all = pieces.collect::<Vec<_>>().join(" ");
    let mut rest = all.as_str();
    let mut texts = Vec::new();
    while rest.len() > bytes {
        let cut = (0..=bytes).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(0);
        texts.push(vec![rest[..cut].to_owned()]);
        rest = &rest[cut..];
    }
    texts
}

fn inspect(screen: &Screen, texts: &[String]) {
    let texts =
        texts.iter().map(|value| Text { field: Field::Remarks, pointer: Pointer::Of("/remarks"), value });
    black_box(screen.inspect(texts, Exceptions::NONE));
}

/// The least time of the processor that these texts took.
fn least(screen: &Screen, texts: &[String]) -> Duration {
    (0..REPEATS)
        .map(|_| {
            let begun = cpu();
            (0..ROUNDS).for_each(|_| inspect(screen, texts));
            cpu().saturating_sub(begun) / ROUNDS
        })
        .min()
        .unwrap_or_default()
}

/// CPU time of this thread: other work on the machine is not in it.
fn cpu() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

fn report(what: &str, screen: &Screen, all: impl IntoIterator<Item = Vec<String>>) {
    let mut times: Vec<f64> = all.into_iter().map(|texts| micros(least(screen, &texts))).collect();
    times.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let mean = times.iter().sum::<f64>() / times.len() as f64;
    println!(
        "{what:<44} {mean:>9.2} {:>9.2} {:>9.2}",
        times[(times.len() * 99 / 100).min(times.len() - 1)],
        times[times.len() - 1]
    );
}

/// How the time grows when each hostile shape is doubled, from 1 KiB to 64 KiB.
fn growth(screen: &Screen) {
    let mut shapes = BTreeMap::<&str, Vec<f64>>::new();
    for kib in [1, 2, 4, 8, 16, 32, 64] {
        for (unit, text) in hostile(kib * KIB) {
            shapes.entry(unit).or_default().push(micros(least(screen, &[text])));
        }
    }
    let mut worst: Vec<_> = shapes.iter().collect();
    worst.sort_by(|a, b| b.1[0].total_cmp(&a.1[0]));
    println!(
        "the eight costliest shapes: us at 1, 2, 4, 8, 16, 32, 64 KiB, and the growth from 1 to 64 KiB (64 times the text)"
    );
    for (unit, times) in worst.iter().take(8) {
        let shown: Vec<_> = times.iter().map(|time| format!("{time:.0}")).collect();
        println!("  {:<28.28} {:<40} x {:.1}", format!("{unit:?}"), shown.join(", "), times[6] / times[0]);
    }
    // A shape that takes a few microseconds at all sizes below says nothing of how the rest grows.
    let doublings = shapes.iter().flat_map(|(unit, times)| {
        times.windows(2).enumerate().map(move |(at, pair)| (pair[1] / pair[0], unit, 1 << at, pair[1]))
    });
    let mut doublings: Vec<_> = doublings.filter(|(.., time)| *time > 20.0).collect();
    doublings.sort_by(|a, b| b.0.total_cmp(&a.0));
    println!("the three steepest doublings of those that take more than 20 us:");
    for (growth, unit, kib, time) in doublings.iter().take(3) {
        println!("  {:<28.28} from {kib} KiB to {time:.0} us: x {growth:.2}", format!("{unit:?}"));
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Resident memory of this process, where the system tells.
fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
