//! A torn end: behind the last whole batch of the journal stands what a crash in the middle of a write leaves there.
//!
//! A killed process leaves its writes whole, so the torn ones of a loss of power are made by hand: noise, or the
//! beginning of a batch that was never finished. None of it was acknowledged, and all of it must go.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use anyhow::{Context, Result};

use super::dice::Dice;
use super::series::{Blow, Ground, Series};
use super::site::Site;
use super::strace::newest_journal;
use super::tally::Tally;

/// The load before the kill, in milliseconds.
const LOAD_MS: (u64, u64) = (20, 120);

pub(super) fn run(ground: &Ground) -> Result<Tally> {
    let blow = |dice: &mut Dice, _: &Site| {
        let load = Duration::from_millis(dice.between(LOAD_MS.0, LOAD_MS.1));
        Ok(Blow { load, ..Blow::default() })
    };
    ground.run(&Series { name: "torn-end", place: ground.scratch.path(), blow: &blow, aftermath: &tear })
}

fn tear(dice: &mut Dice, site: &Site) -> Result<()> {
    let path = newest_journal(site);
    let mut journal = File::options().read(true).write(true).open(&path).context("there is no journal")?;
    let mut bytes = Vec::new();
    journal.read_to_end(&mut bytes)?;
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let length = usize::try_from(dice.between(1, 2000))?;
    let mut torn = match dice.between(0, 2) {
        0 => bytes[..beginning(dice, written)?].to_vec(),
        // One whose middle never came.
        1 => [&bytes[..beginning(dice, written)?], &vec![0; length][..]].concat(),
        _ => dice.bytes(length),
    };
    // Zeros at the end cannot be told from those that a journal is made of.
    torn.push(0xAB);
    journal.write_all_at(&torn, written as u64)?;
    Ok(journal.sync_all()?)
}

/// How many bytes of the journal's first batch make the beginning of a batch and no whole one: it is written when the
/// store is opened, and has 64 bytes at least.
fn beginning(dice: &mut Dice, written: usize) -> Result<usize> {
    Ok(usize::try_from(dice.between(1, 60))?.min(written))
}
