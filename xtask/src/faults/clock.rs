//! Clocks that jump under load, by libfaketime: hours ahead or back, and right again after the next start.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::dice::Dice;
use super::series::{Blow, Ground, Series};
use super::site::{Guise, Server, Site};
use super::tally::{Tally, Wrongs};

/// Where Debian puts it.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// The load around the jump.
const LOAD: Duration = Duration::from_millis(200);

/// How far the clock jumps, in seconds: more than the hour from which on a step is taken for a correction. After a
/// shorter step ahead and back, an agency's time stands still until the clock has caught up, and its calls are refused.
const JUMP_S: (u64, u64) = (3_700, 10_000);

pub(super) fn is_there() -> bool {
    Path::new(LIBRARY).exists()
}

pub(super) fn run(ground: &Ground) -> Result<Tally> {
    let place = ground.scratch.path();
    let clock = place.join("clock");
    let blow = |dice: &mut Dice, _: &Site| {
        std::fs::write(&clock, "+0")?;
        let variables = [
            ("LD_PRELOAD", LIBRARY.to_owned()),
            ("FAKETIME_TIMESTAMP_FILE", clock.display().to_string()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
        ];
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let jump = format!("{}{}", dice.one_of(&["+", "-"]), dice.between(JUMP_S.0, JUMP_S.1));
        let file = clock.clone();
        let amid = move |server: &Server| {
            std::fs::write(&file, &jump)?;
            // What the library shares with children, and a killed process leaves behind.
            for name in ["faketime_shm", "sem.faketime_sem"] {
                let _ = std::fs::remove_file(format!("/dev/shm/{name}_{}", server.id()));
            }
            Ok(Wrongs::default())
        };
        let guise = Guise { words: Vec::new(), variables };
        Ok(Blow { guise, load: LOAD, amid: Some(Box::new(amid)), ..Blow::default() })
    };
    ground.run(&Series { name: "clock-jump", place, blow: &blow, aftermath: &|_, _| Ok(()) })
}
