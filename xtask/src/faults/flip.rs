//! Every byte of a small store flipped in turn, by the test of the store that flips every sixty-first.

use std::time::Instant;

use anyhow::{Context, Result};

use super::tally::Tally;
use crate::cargo;

/// Runs it, and counts the bytes as trials. It needs no server, and no traffic.
pub(super) fn run() -> Result<Tally> {
    let begun = Instant::now();
    let test = "tests::flips::no_flipped_byte_yields_wrong_data";
    let arguments = ["test", "--locked", "--package", "skybridge-store-embedded", "--lib", test];
    let mut command = cargo::command("cargo", &arguments);
    let told = cargo::output(command.args(["--", "--exact", "--ignored", "--nocapture"]))?;
    let outcomes = told.lines().find(|line| line.starts_with("Outcomes")).context("the test says nothing")?;
    println!("{outcomes}");
    let trials = bytes(outcomes).context("the outcomes of the test are not counted")?;
    Ok(Tally { trials, took: begun.elapsed(), ..Tally::default() })
}

/// How many bytes were flipped: the sum of what became of them.
fn bytes(outcomes: &str) -> Option<u32> {
    let counts = outcomes.split([' ', ',', '}']).filter_map(|word| word.parse::<u32>().ok());
    Some(counts.sum()).filter(|sum| *sum > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_are_summed_up() {
        assert_eq!(bytes("Outcomes { refused: 12, harmless: 30 }"), Some(42));
        assert_eq!(bytes("Outcomes {}"), None);
    }
}
