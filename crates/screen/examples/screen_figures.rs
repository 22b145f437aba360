//! What the built-in rules catch of known attacks, and what they refuse of honest bookings.
//!
//! `cargo run --example screen_figures -p skybridge-screen [misses]`: the table; with `misses`, also those that were not
//! caught. Every honest text that was caught is named. Attacks are counted as lines of the file, as
//! distinct values, and without the plain words among them.

#![expect(clippy::print_stdout, reason = "prints a table")]

#[path = "../tests/corpus/lib.rs"]
mod corpus;

use corpus::{Attack, attacks, awkward, honest, unseen_attacks, unseen_honest};
use skybridge_screen::{Exceptions, Field, Pointer, Profile, Screen, Text, Verdict};

fn main() {
    let screen = Screen::new(Profile::default(), None);
    let verdict = |value: &str| -> Verdict {
        screen.inspect(
            [Text { field: Field::Remarks, pointer: Pointer::Of("/remarks"), value }],
            Exceptions::NONE,
        )
    };
    let shows = std::env::args().nth(1).is_some_and(|argument| argument == "misses");
    let texts = attacks();
    let missed: Vec<_> = texts.iter().filter(|attack| !verdict(&attack.payload).is_blocked()).collect();
    for family in (930..=934).chain(941..=944) {
        let of_family = texts.iter().filter(|attack| attack.rule / 1000 == family).count();
        let missed = missed.iter().filter(|attack| attack.rule / 1000 == family).count();
        println!("  {family}: {} of {of_family}", of_family - missed);
    }
    if shows {
        missed.iter().for_each(|attack| println!("missed {} {:?}", attack.rule, attack.payload));
    }
    shares("all lines", &texts, &verdict);
    let mut distinct = texts.clone();
    distinct.sort_by(|a, b| a.payload.cmp(&b.payload));
    distinct.dedup_by(|a, b| a.payload == b.payload);
    shares("distinct values", &distinct, &verdict);
    for kind in ["plain", "tricky"] {
        let texts: Vec<_> = honest().into_iter().filter(|text| text.kind == kind).collect();
        report(kind, texts.iter().map(|text| text.value.as_str()), &verdict);
    }
    let unseen = unseen_attacks();
    let caught = unseen.iter().filter(|attack| verdict(&attack.text).is_blocked()).count();
    println!("attacks, unseen: {caught} of {} ({:.1} %)", unseen.len(), share(caught, unseen.len()));
    for kind in ["plain", "tricky"] {
        let texts: Vec<_> = unseen_honest().into_iter().filter(|text| text.kind == kind).collect();
        report(&format!("unseen, {kind}"), texts.iter().map(|text| text.text.as_str()), &verdict);
    }
    let awkward = awkward();
    report("awkward", awkward.iter().map(String::as_str), &verdict);
    report("awkward, two in one", joined(&awkward).iter().map(String::as_str), &verdict);
}

/// Each text with six others behind it, in the ways in which people go on: what one of two has for a rule, and the other
/// has too, may be in the reach of both.
fn joined(texts: &[String]) -> Vec<String> {
    const WAYS: [(usize, &str); 6] =
        [(7, "; "), (31, "\n"), (101, " "), (211, " - "), (401, ", "), (577, " / ")];
    let with = |(at, text): (usize, &String)| {
        WAYS.map(|(step, between)| format!("{text}{between}{}", texts[(13 * at + step) % texts.len()]))
    };
    texts.iter().enumerate().flat_map(with).collect()
}

/// How many are caught, of all and of those that are more than a plain word.
fn shares(what: &str, texts: &[Attack], verdict: &impl Fn(&str) -> Verdict) {
    let print = |what: &str, texts: Vec<&Attack>| {
        let caught = texts.iter().filter(|attack| verdict(&attack.payload).is_blocked()).count();
        println!("attacks, {what}: {caught} of {} ({:.1} %)", texts.len(), share(caught, texts.len()));
    };
    print(what, texts.iter().collect());
    let more = texts.iter().filter(|attack| !attack.is_one_word()).collect();
    print(&format!("{what}, more than a plain word"), more);
    let words = texts.iter().filter(|attack| attack.is_one_word()).collect();
    print(&format!("{what}, plain words"), words);
}

fn report<'a>(kind: &str, texts: impl Iterator<Item = &'a str>, verdict: &impl Fn(&str) -> Verdict) {
    let (mut all, mut hit) = (0, 0);
    for text in texts {
        let found = verdict(text);
        all += 1;
        if found.is_blocked() {
            hit += 1;
            let rules: Vec<_> = found.hits.iter().map(|hit| hit.rule.as_str()).collect();
            println!("refused {rules:?} {text:?}");
        }
    }
    println!("honest, {kind}: {hit} of {all} texts refused");
}

#[expect(clippy::cast_precision_loss, reason = "a share of a few thousand")]
fn share(part: usize, of: usize) -> f64 {
    100.0 * part as f64 / of as f64
}
