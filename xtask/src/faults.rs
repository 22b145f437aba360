//! `cargo xtask faults`: the real program under load, a fault, recovery, and a comparison with what its callers know.
//!
//! Callers keep a journal of every request, key, answer and moment. When the program runs again, each booking that was
//! acknowledged must be there, once, byte for byte (I1, I2); each that was not is there once or not at all, and the
//! same request settles it (I4); no plan has granted more than it says (I5); nothing panicked, and no answer was an
//! error but the documented 503 (I6). A trial counts only if its fault struck and there was traffic. Seed and number
//! of a trial determine its dice; what the scheduler and the disk make of them differs from run to run.

mod backup;
mod call;
mod caps;
mod check;
mod clock;
mod creation;
mod dice;
mod flip;
mod journal;
mod kill;
mod load;
mod restart;
mod second;
mod series;
mod site;
mod space;
mod stage;
mod strace;
mod tables;
mod tally;
mod tear;

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use crate::cargo;
use series::Ground;
use tally::Tally;

/// What to inject, and how often.
#[derive(Args)]
pub(crate) struct Options {
    /// The faults; all of them if none is named.
    #[arg(value_enum)]
    faults: Vec<Fault>,
    /// Trials of each that must count.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    trials: u32,
    /// Determines the dice of every trial.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The program; without it, the release build is made and used.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Fault {
    /// SIGKILL at a random moment under load.
    Kill,
    /// SIGKILL at a system call under load.
    KillAtCall,
    /// SIGKILL at a system call while a killed store is opened.
    KillAtOpening,
    /// SIGKILL at a system call while a data directory is made.
    KillAtCreation,
    /// A torn end behind the last whole batch of the journal.
    TornEnd,
    /// EIO from a sync under load.
    SyncError,
    /// EIO from a sync while the store is opened.
    SyncErrorAtOpening,
    /// EIO or ENOSPC from a write to journal or mark.
    WriteError,
    /// A disk that fills up.
    FullDisk,
    /// A write that is cut short.
    ShortWrite,
    /// Syncs that take tens of milliseconds.
    SlowDisk,
    /// A clock that jumps by hours.
    ClockJump,
    /// A second process on the directory.
    SecondProcess,
    /// A backup under load, restored elsewhere.
    Backup,
    /// Restarts under load.
    Restart,
    /// A DynamoDB that fails, and a server that is killed with what it has leased.
    Tables,
    /// Each byte of a small store flipped; trials and seed do not matter.
    FlippedByte,
}

/// The bounded selection of the gate: kill points under load, with the build that the tests use. Tells what it lacks.
pub(crate) fn check() -> Result<Option<Need>> {
    const TRIALS: u32 = 15;
    const SEED: u64 = 20_270_101;
    let program = cargo::build(&["--package", "skybridge"], Vec::new(), "skybridge")?;
    let ground = Ground::new(program, SEED, TRIALS)?;
    for fault in [Fault::Kill, Fault::TornEnd, Fault::KillAtCall] {
        if let Some(need) = fault.lacks(&ground) {
            return Ok(Some(need));
        }
        let tally = fault.run(&ground)?;
        println!("{}", tally::table(&[(fault.name(), tally.clone())]));
        ensure!(tally.wrongs.count() == 0, "{}", tally.wrongs.told.join("\n"));
    }
    Ok(None)
}

/// What a series needs that may not be there, and how to get it.
pub(crate) struct Need {
    pub(crate) what: &'static str,
    pub(crate) install: &'static str,
}

/// Runs the series, prints the table, and fails if anything was not as it must be.
pub(crate) fn run(options: &Options) -> Result<()> {
    let program = match &options.program {
        Some(program) => program.canonicalize().context("there is no such program")?,
        None => cargo::build_release("skybridge", "skybridge")?,
    };
    let ground = Ground::new(program, options.seed, options.trials)?;
    let faults = if options.faults.is_empty() { Fault::value_variants() } else { &options.faults };
    let (mut rows, mut not_run) = (Vec::new(), Vec::new());
    for fault in faults {
        let name = fault.name();
        if let Some(Need { what, install }) = fault.lacks(&ground) {
            not_run.push(format!("not run: {name}: {what} is missing; {install}"));
            continue;
        }
        let tally = fault.run(&ground).with_context(|| format!("the series {name}"))?;
        println!("{name}: {} trials in {} s", tally.trials, tally.took.as_secs());
        tally.wrongs.told.iter().for_each(|told| println!("  {told}"));
        rows.push((name, tally));
    }
    println!("\nseed {}\n\n{}", options.seed, tally::table(&rows));
    not_run.iter().for_each(|line| println!("{line}"));
    let wrong: u64 = rows.iter().map(|(_, tally)| tally.wrongs.count()).sum();
    if wrong > 0 {
        // What a failed series left is what tells why.
        let kept = ground.scratch.keep();
        anyhow::bail!(
            "{wrong} things are not as they must be; the directories are kept in {}",
            kept.display()
        );
    }
    Ok(())
}

impl Fault {
    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// What it needs and this machine lacks.
    fn lacks(self, ground: &Ground) -> Option<Need> {
        match self {
            Self::Kill
            | Self::TornEnd
            | Self::ShortWrite
            | Self::SecondProcess
            | Self::Backup
            | Self::Restart
            | Self::Tables
            | Self::FlippedByte => None,
            Self::FullDisk => (!space::can_mount(ground))
                .then_some(Need { what: "the right to mount a tmpfs", install: "run it as root" }),
            Self::ClockJump => (!clock::is_there())
                .then_some(Need { what: "libfaketime", install: "apt-get install libfaketime" }),
            Self::KillAtCall
            | Self::KillAtOpening
            | Self::KillAtCreation
            | Self::SyncError
            | Self::SyncErrorAtOpening
            | Self::WriteError
            | Self::SlowDisk => (!strace::is_there())
                .then_some(Need { what: "strace, or the right to trace", install: "apt-get install strace" }),
        }
    }

    fn run(self, ground: &Ground) -> Result<Tally> {
        match self {
            Self::Kill => kill::run(ground),
            Self::KillAtCall => strace::kill_under_load(ground),
            Self::KillAtOpening => strace::kill_at_opening(ground),
            Self::KillAtCreation => creation::run(ground),
            Self::TornEnd => tear::run(ground),
            Self::SyncError => strace::sync_error(ground),
            Self::SyncErrorAtOpening => strace::sync_error_at_opening(ground),
            Self::WriteError => strace::write_error(ground),
            Self::FullDisk => space::full_disk(ground),
            Self::ShortWrite => space::short_write(ground),
            Self::SlowDisk => strace::slow_disk(ground),
            Self::ClockJump => clock::run(ground),
            Self::SecondProcess => second::run(ground),
            Self::Backup => backup::run(ground),
            Self::Restart => restart::run(ground),
            Self::Tables => tables::run(ground),
            Self::FlippedByte => flip::run(),
        }
    }
}
