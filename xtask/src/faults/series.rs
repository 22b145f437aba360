//! A series of trials of one fault: load, the fault, recovery, judgement, again and again on stores that live through
//! many of them, so that what was acknowledged long ago is asked for too.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::dice::Dice;
use super::site::{Guise, Server, Site};
use super::stage::Stage;
use super::tally::{Tally, Wrongs};

/// Trials on one store, before all of it is read and a new one is begun.
const TRIALS_PER_STORE: u32 = 50;

/// What is common to all series of a run.
pub(super) struct Ground {
    pub(super) program: PathBuf,
    pub(super) seed: u64,
    pub(super) trials: u32,
    pub(super) runtime: Runtime,
    pub(super) scratch: TempDir,
}

/// What befalls the program in one trial.
#[derive(Default)]
pub(super) struct Blow {
    /// Load on the program as it stands, before it is killed and started in the guise: something to recover from.
    pub(super) prelude: Duration,
    /// How the program is run while it is under load.
    pub(super) guise: Guise,
    /// How long the load lasts, if the program lives that long.
    pub(super) load: Duration,
    /// Done to the running program when half of the load is over.
    pub(super) amid: Option<Amid>,
    pub(super) strikes: Strikes,
}

/// Something done to a running program.
pub(super) type Amid = Box<dyn Fn(&Server) -> Result<Wrongs>>;

/// How it is known that the fault came to pass, and what the program must do then.
#[derive(Debug, Default)]
pub(super) enum Strikes {
    /// It always does; the program is killed at the end.
    #[default]
    Always,
    /// If the program falls before it is killed.
    IfItFalls,
    /// If strace has written so here. The program is killed at the end.
    IfTraced(PathBuf),
    /// If strace has written so here. The program must have ended by itself before the end of the load.
    AndEndsIt(PathBuf),
}

/// One kind of fault.
pub(super) struct Series<'a> {
    pub(super) name: &'a str,
    /// Where the store lies.
    pub(super) place: &'a Path,
    /// Says what befalls the program.
    pub(super) blow: &'a dyn Fn(&mut Dice, &Site) -> Result<Blow>,
    /// Done to the files before the program is started again.
    pub(super) aftermath: &'a dyn Fn(&mut Dice, &Site) -> Result<()>,
}

impl Series<'_> {
    /// The data directory that is begun with this trial.
    pub(super) fn data(&self, trial: u32) -> PathBuf {
        self.place.join(format!("{}-{trial}", self.name))
    }
}

impl Ground {
    pub(super) fn new(program: PathBuf, seed: u64, trials: u32) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let scratch = tempfile::Builder::new().prefix("skybridge-faults-").tempdir()?;
        Ok(Self { program, seed, trials, runtime, scratch })
    }

    /// Runs trials until enough of them count, or many more than that do not; [`TRIALS_PER_STORE`] on each store.
    pub(super) fn run(&self, series: &Series<'_>) -> Result<Tally> {
        let begun = Instant::now();
        let attempts_max = self.trials * 4 + 20;
        let mut tally = Tally::default();
        let mut attempt = 0;
        while tally.trials < self.trials && tally.wrongs.count() == 0 {
            ensure!(attempt < attempts_max, "only {} trials of {attempt} count", tally.trials);
            let mut stage = Stage::open(self, series, attempt)?;
            let last = attempt + TRIALS_PER_STORE;
            while attempt < last && tally.trials < self.trials && tally.wrongs.count() == 0 {
                stage.trial(attempt, &mut tally).with_context(|| format!("trial {attempt}"))?;
                attempt += 1;
            }
            stage.close(&mut tally)?;
        }
        tally.took = begun.elapsed();
        Ok(tally)
    }
}

impl Strikes {
    pub(super) fn has_struck(&self, fell: bool) -> Result<bool> {
        let trace = match self {
            Self::Always => return Ok(true),
            Self::IfItFalls => return Ok(fell),
            Self::IfTraced(trace) | Self::AndEndsIt(trace) => trace,
        };
        let text = std::fs::read_to_string(trace).context("strace has written nothing")?;
        Ok(["(INJECTED", "(DELAYED"].iter().any(|mark| text.contains(mark)))
    }
}
