//! The texts that the rules are measured with.

#![allow(dead_code, unused_imports, clippy::allow_attributes, reason = "not every test reads all of them")]

mod awkward;
mod evasions;
mod hostile;

use std::path::Path;

use serde::Deserialize;

pub(crate) use awkward::awkward;
pub(crate) use evasions::EVASIONS;
pub(crate) use hostile::hostile;

/// A value of a positive test of the OWASP Core Rule Set.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Attack {
    /// The rule that it was written for.
    pub(crate) rule: u32,
    pub(crate) payload: String,
}

impl Attack {
    /// Whether it is one plain word or number: nothing that does harm, only what else its test sends (`value`, `12345`).
    pub(crate) fn is_one_word(&self) -> bool {
        self.payload.len() <= 12 && self.payload.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }
}

/// Every text of one honest booking, with its kind: `plain` or `tricky`.
#[derive(Debug, Clone)]
pub(crate) struct Honest {
    pub(crate) kind: String,
    pub(crate) pointer: &'static str,
    pub(crate) value: String,
    /// Which booking it is from.
    pub(crate) booking: usize,
}

fn lines(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The attacks, in the order of the file.
pub(crate) fn attacks() -> Vec<Attack> {
    lines("tests/data/attacks.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of the file is JSON"))
        .collect()
}

/// A text that was written for the rules to be tried with: by an author who had seen neither them nor other texts, or by
/// one who looked for their gaps.
#[derive(Debug, Deserialize)]
pub(crate) struct Trial {
    /// The family of an attack, or `plain` or `tricky` of an honest text.
    #[serde(alias = "family")]
    pub(crate) kind: String,
    pub(crate) text: String,
}

pub(crate) fn unseen_attacks() -> Vec<Trial> {
    trials("tests/data/unseen_attacks.jsonl")
}

pub(crate) fn unseen_honest() -> Vec<Trial> {
    trials("tests/data/unseen_honest.jsonl")
}

/// Attacks that stand close to what the rules let in.
pub(crate) fn near_attacks() -> Vec<Trial> {
    trials("tests/data/near_attacks.jsonl")
}

fn trials(path: &str) -> Vec<Trial> {
    lines(path).lines().map(|line| serde_json::from_str(line).expect("a line of the file is JSON")).collect()
}

/// The texts of the honest bookings, which the tests of the domain have too.
pub(crate) fn honest() -> Vec<Honest> {
    let file = lines("../domain/tests/data/bookings.jsonl");
    file.lines().enumerate().flat_map(|(booking, line)| texts_of(booking, line)).collect()
}

fn texts_of(booking: usize, line: &str) -> Vec<Honest> {
    let line: serde_json::Value = serde_json::from_str(line).expect("a line of the file is JSON");
    let kind = line["kind"].as_str().expect("every line has a kind");
    let mut texts = Vec::new();
    let mut add = |pointer, value: &serde_json::Value| {
        if let Some(value) = value.as_str() {
            texts.push(Honest { kind: kind.to_owned(), pointer, value: value.to_owned(), booking });
        }
    };
    let body = &line["body"];
    add("remarks", &body["remarks"]);
    add("agency_reference", &body["agency_reference"]);
    add("email", &body["contact"]["email"]);
    add("phone", &body["contact"]["phone"]);
    for passenger in body["passengers"].as_array().into_iter().flatten() {
        add("given_name", &passenger["given_name"]);
        add("family_name", &passenger["family_name"]);
    }
    texts
}
