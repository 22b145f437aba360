//! SIGKILL at a moment that the dice choose: what a crash of the process or the out-of-memory killer does.

use std::time::Duration;

use anyhow::Result;

use super::dice::Dice;
use super::series::{Blow, Ground, Series};
use super::site::Site;
use super::tally::Tally;

/// The load before the kill, in milliseconds: from the first bookings on.
const LOAD_MS: (u64, u64) = (20, 220);

pub(super) fn run(ground: &Ground) -> Result<Tally> {
    let blow = |dice: &mut Dice, _: &Site| {
        let load = Duration::from_millis(dice.between(LOAD_MS.0, LOAD_MS.1));
        Ok(Blow { load, ..Blow::default() })
    };
    let place = ground.scratch.path();
    ground.run(&Series { name: "kill", place, blow: &blow, aftermath: &|_, _| Ok(()) })
}
