//! SIGKILL at a system call while a data directory is made: the next start must make it, or find it made, and serve.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::dice::Dice;
use super::series::{Blow, Ground, Series};
use super::site::Site;
use super::stage::Stage;
use super::strace::inject;
use super::tally::Tally;

/// Calls of a first start, and up to which number one is chosen.
const AT_CREATION: &[(&str, u64)] =
    &[("openat", 100), ("fsync", 30), ("write", 40), ("mkdir", 8), ("rename", 4), ("ftruncate", 2)];

/// The load on the store that came of it.
const LOAD: Duration = Duration::from_millis(60);

pub(super) fn run(ground: &Ground) -> Result<Tally> {
    let begun = Instant::now();
    let blow = |_: &mut Dice, _: &Site| Ok(Blow { load: LOAD, ..Blow::default() });
    let place = ground.scratch.path();
    let series = Series { name: "kill-at-creation", place, blow: &blow, aftermath: &|_, _| Ok(()) };
    let trace = place.join("kill-at-creation.trace");
    let mut tally = Tally::default();
    let mut attempt = 0;
    while tally.trials < ground.trials && tally.wrongs.count() == 0 {
        ensure!(attempt < ground.trials * 4 + 20, "only {} trials of {attempt} count", tally.trials);
        let mut dice = Dice::of(ground.seed, series.name, attempt);
        let (call, most) = *dice.one_of(AT_CREATION);
        let guise = inject(&trace, call, &format!("signal=KILL:when={}", dice.between(1, most)), &[]);
        let fell = match Site::embedded(&ground.program, series.data(attempt)).start_as(&guise) {
            Ok(server) => server.kill().map(|_| false)?,
            Err(_) => true,
        };
        let mut stage = Stage::open(ground, &series, attempt)?;
        // A trial in which it did not fall is one of another fault.
        let counted = tally.trials;
        stage.trial(attempt, &mut tally)?;
        stage.close(&mut tally)?;
        if !fell {
            tally.void += tally.trials - counted;
            tally.trials = counted;
        }
        attempt += 1;
    }
    tally.took = begun.elapsed();
    Ok(tally)
}
