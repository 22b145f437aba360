//! Faults at system calls, by strace: the program killed at one, a call that fails, a call that takes its time.
//!
//! Calls are counted per thread from the program's start on, so that small numbers meet the opening of the store, and
//! greater ones the writer under load.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::dice::Dice;
use super::series::{Blow, Ground, Series, Strikes};
use super::site::{Guise, Site};
use super::tally::Tally;

/// The load that a fault is waited for under; strace slows everything down.
const LOAD: Duration = Duration::from_millis(700);

/// The load before, where the fault is to meet the opening of the store.
const PRELUDE: Duration = Duration::from_millis(60);

/// Calls of the program under load, and up to which number one is chosen.
const UNDER_LOAD: &[(&str, u64)] = &[("fdatasync", 100), ("pwrite64", 100), ("write", 200)];

/// The same of the opening of a store.
const AT_OPENING: &[(&str, u64)] = &[
    ("openat", 60),
    ("fsync", 12),
    ("write", 12),
    ("read", 60),
    ("ftruncate", 2),
    ("unlink", 3),
    ("rename", 3),
];

/// Is there an strace that may trace?
pub(super) fn is_there() -> bool {
    let tried = std::process::Command::new("strace").args(["-f", "-qq", "-e", "trace=none", "true"]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// SIGKILL at a call of the program under load.
pub(super) fn kill_under_load(ground: &Ground) -> Result<Tally> {
    run(ground, "kill-at-call", &|dice, trace, _| {
        let (call, most) = *dice.one_of(UNDER_LOAD);
        let guise = inject(trace, call, &format!("signal=KILL:when={}", dice.between(1, most)), &[]);
        Blow { guise, load: LOAD, strikes: Strikes::IfItFalls, ..Blow::default() }
    })
}

/// SIGKILL at a call of the program while it recovers a store that was killed under load.
pub(super) fn kill_at_opening(ground: &Ground) -> Result<Tally> {
    run(ground, "kill-at-opening", &|dice, trace, _| {
        let (call, most) = *dice.one_of(AT_OPENING);
        let guise = inject(trace, call, &format!("signal=KILL:when={}", dice.between(1, most)), &[]);
        let (prelude, load) = (PRELUDE, PRELUDE);
        Blow { prelude, guise, load, strikes: Strikes::IfItFalls, ..Blow::default() }
    })
}

/// EIO from one sync of the journal or the mark. The program must end, and never acknowledge what it is not sure of.
pub(super) fn sync_error(ground: &Ground) -> Result<Tally> {
    run(ground, "sync-error", &|dice, trace, _| {
        let when = format!("error=EIO:when={}", dice.between(1, 60));
        let guise = inject(trace, "fdatasync", &when, &[]);
        Blow { guise, load: LOAD, strikes: Strikes::AndEndsIt(trace.to_owned()), ..Blow::default() }
    })
}

/// EIO from one sync while the store is opened.
pub(super) fn sync_error_at_opening(ground: &Ground) -> Result<Tally> {
    run(ground, "sync-error-at-opening", &|dice, trace, _| {
        let when = format!("error=EIO:when={}", dice.between(1, 11));
        let guise = inject(trace, "fsync", &when, &[]);
        let strikes = Strikes::IfTraced(trace.to_owned());
        Blow { prelude: PRELUDE, guise, load: PRELUDE, strikes, ..Blow::default() }
    })
}

/// EIO or ENOSPC from one write to the journal or the mark.
pub(super) fn write_error(ground: &Ground) -> Result<Tally> {
    run(ground, "write-error", &|dice, trace, site| {
        let error = dice.one_of(&["EIO", "ENOSPC"]);
        let (call, file) = match dice.between(0, 1) {
            0 => ("write", newest_journal(site)),
            _ => ("pwrite64", site.store().join("mark")),
        };
        let when = format!("error={error}:when={}", dice.between(1, 60));
        let guise = inject(trace, call, &when, &[file]);
        Blow { guise, load: LOAD, strikes: Strikes::AndEndsIt(trace.to_owned()), ..Blow::default() }
    })
}

/// Every sync takes 5 to 60 ms, and in the end comes a kill.
pub(super) fn slow_disk(ground: &Ground) -> Result<Tally> {
    run(ground, "slow-disk", &|dice, trace, _| {
        let delay = format!("delay_enter={}", dice.between(5_000, 60_000));
        let guise = inject(trace, "fdatasync", &delay, &[]);
        let strikes = Strikes::IfTraced(trace.to_owned());
        Blow { guise, load: LOAD, strikes, ..Blow::default() }
    })
}

type Choose = dyn Fn(&mut Dice, &Path, &Site) -> Blow;

fn run(ground: &Ground, name: &str, choose: &Choose) -> Result<Tally> {
    let place = ground.scratch.path();
    let trace = place.join(format!("{name}.trace"));
    let blow = |dice: &mut Dice, site: &Site| {
        std::fs::write(&trace, "")?;
        Ok(choose(dice, &trace, site))
    };
    ground.run(&Series { name, place, blow: &blow, aftermath: &|_, _| Ok(()) })
}

/// strace before the program, as a grandchild: what is started, waited for and killed is the program itself.
pub(super) fn inject(trace: &Path, call: &str, what: &str, files: &[PathBuf]) -> Guise {
    let mut words = vec!["strace".to_owned(), "-D".to_owned(), "-f".to_owned(), "-qq".to_owned()];
    // Stops at these calls only, which signals do not go with.
    if !what.starts_with("signal") {
        words.push("--seccomp-bpf".to_owned());
    }
    words.extend(["-o".to_owned(), trace.display().to_string()]);
    words.extend([
        "-e".to_owned(),
        format!("trace={call}"),
        "-e".to_owned(),
        format!("inject={call}:{what}"),
    ]);
    for file in files {
        words.extend(["-P".to_owned(), file.display().to_string()]);
    }
    Guise { words, variables: Vec::new() }
}

/// The journal that is written to.
pub(super) fn newest_journal(site: &Site) -> PathBuf {
    let database = site.store().join("database");
    let files = std::fs::read_dir(&database).into_iter().flatten().flatten().map(|entry| entry.path());
    let journals = files.filter(|path| path.extension().is_some_and(|extension| extension == "jnl"));
    let number = |path: &PathBuf| path.file_stem().and_then(|stem| stem.to_str()?.parse::<u64>().ok());
    journals.max_by_key(number).unwrap_or_else(|| database.join("0.jnl"))
}
