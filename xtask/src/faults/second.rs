//! A second process on a directory that a server uses: it is refused, and the server does not notice.

use std::time::Duration;

use anyhow::Result;

use super::dice::Dice;
use super::series::{Blow, Ground, Series};
use super::site::{Server, Site};
use super::tally::{Tally, Wrongs};

/// The load around it.
const LOAD: Duration = Duration::from_millis(300);

/// What the second one tries.
const SECOND: &[&[&str]] = &[
    &["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"],
    &["serve", "--store", "memory", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"],
    &["verify", "--repair"],
    &["restore", "/dev/null"],
];

pub(super) fn run(ground: &Ground) -> Result<Tally> {
    let blow = |dice: &mut Dice, site: &Site| {
        let (site, words) = (site.clone(), *dice.one_of(SECOND));
        let amid = move |_: &Server| {
            let mut wrongs = Wrongs::default();
            if site.run(words)?.status.success() {
                wrongs.other(format!("{words:?} was not refused beside a running server"));
            }
            Ok(wrongs)
        };
        Ok(Blow { load: LOAD, amid: Some(Box::new(amid)), ..Blow::default() })
    };
    let place = ground.scratch.path();
    ground.run(&Series { name: "second-process", place, blow: &blow, aftermath: &|_, _| Ok(()) })
}
