//! Does the time of a key check tell anything about keys? Welch's t between two classes of wrong keys, whose checks are
//! timed in an order of chance; the same shape as dudect's test (<https://eprint.iacr.org/2016/1123>).
//!
//! ```sh
//! cargo run --release -p skybridge-gate --example key_timing
//! ```
//!
//! A |t| of 4.5 or more over 100,000 checks of each class would say that they differ.

#![expect(clippy::print_stdout, reason = "its output is what it is for")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

#[path = "gate_cost/partners.rs"]
mod partners;

use std::hint::black_box;
use std::time::Instant;

use skybridge_domain::key::{ApiKey, Mode};
use skybridge_domain::time::Timestamp;
use skybridge_gate::Gate;

use partners::{NOW, SOURCE, Seeded, open};

const AGENCIES: u64 = 1_000;
/// Where a key's secret begins, and where what its checksum is over ends.
const SECRET_AT: usize = 22;
const CHECKED: usize = 65;

const CHECKS_EACH: u64 = 100_000;

/// Beyond this share of all times, a time is an interruption, not a check.
const KEPT: f64 = 0.99;

fn main() {
    let (gate, keys) = open(AGENCIES);
    let good = keys[0].reveal();
    let absent = ApiKey::generate(Mode::Live, &Seeded(1_000_000));
    let near =
        |secret_of: &ApiKey, number: u64| one_character_off(&with_id_of(good, secret_of), number_of(number));
    // Beside the same id's right secret and beside another's: the caller's texts are alike, what is stored is not.
    report("nearly the right secret / nearly another", &gate, |n| near(&keys[0], n), |n| near(&keys[1], n));
    // Beside an id that there is and one that there is not.
    let here = |number| one_character_off(&with_id_of(good, &keys[1]), number_of(number));
    let nowhere = |number| one_character_off(&with_id_of(absent.reveal(), &keys[1]), number_of(number));
    report("an id that there is / one that there is not", &gate, here, nowhere);
}

fn number_of(number: u64) -> usize {
    usize::try_from(number % 43).expect("below 43")
}

/// The id's part of `good`, the secret of `other`.
fn with_id_of(good: &str, other: &ApiKey) -> String {
    format!("{}{}", &good[..SECRET_AT], &other.reveal()[SECRET_AT..CHECKED])
}

fn one_character_off(text: &str, at: usize) -> String {
    let mut text = text.as_bytes()[..CHECKED].to_vec();
    let place = &mut text[SECRET_AT + at];
    *place = if *place == b'0' { b'1' } else { b'0' };
    sealed(std::str::from_utf8(&text).expect("keys are ASCII"))
}

/// A key's text with the checksum that belongs to it.
fn sealed(checked: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = crc32fast::hash(checked.as_bytes());
    let mut sum = [b'0'; 6];
    for digit in sum.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    format!("{checked}_{}", String::from_utf8_lossy(&sum))
}

/// Times both classes, prints Welch's t of their means.
fn report(what: &str, gate: &Gate, first: impl Fn(u64) -> String, second: impl Fn(u64) -> String) {
    // Made beforehand: what making a text leaves behind in the processor must not be timed.
    let texts = [(0..CHECKS_EACH).map(first).collect(), (0..CHECKS_EACH).map(second).collect::<Vec<_>>()];
    let mut times: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    let mut text = String::with_capacity(128);
    let mut coin = 0x9e37_79b9_7f4a_7c15_u64;
    while times.iter().any(|times| times.len() < texts[0].len()) {
        coin ^= coin << 13;
        coin ^= coin >> 7;
        coin ^= coin << 17;
        let class = usize::from(coin >> 60 & 1 == 1);
        let Some(next) = texts[class].get(times[class].len()) else { continue };
        // Both classes are checked out of the same memory.
        text.clear();
        text.push_str(next);
        let begun = Instant::now();
        let refused =
            black_box(gate.authenticate(black_box(&text), SOURCE, Timestamp::from_nanos(NOW))).is_err();
        let took = begun.elapsed();
        assert!(refused, "{what}: a wrong key was taken");
        times[class].push(took.as_secs_f64() * 1e9);
    }
    let mut all: Vec<f64> = times.concat();
    all.sort_unstable_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a length is an index of it"
    )]
    let limit = all[(KEPT * all.len() as f64) as usize];
    let [first, second] =
        times.map(|times| Sample::of(&times.into_iter().filter(|time| *time <= limit).collect::<Vec<_>>()));
    println!(
        "{what:<48} {:>7.1} ns, {:>7.1} ns, |t| {:.2}, {} and {} checks",
        first.mean,
        second.mean,
        (first.mean - second.mean).abs()
            / (first.variance / first.count + second.variance / second.count).sqrt(),
        first.count,
        second.count,
    );
}

struct Sample {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Sample {
    fn of(times: &[f64]) -> Self {
        let count = times.len() as f64;
        let mean = times.iter().sum::<f64>() / count;
        let variance = times.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Self { count, mean, variance }
    }
}
