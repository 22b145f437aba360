//! Which cores a benchmark's parts run on, where that they share one would be what is measured.

use anyhow::{Context, Result};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The cores of this process, shared out: the first is the callers', the others the servers'.
pub(super) struct Cores {
    all: CpuSet,
    callers: CpuSet,
    servers: CpuSet,
}

impl Cores {
    /// `None` if there is one core only.
    pub(super) fn shared_out() -> Result<Option<Self>> {
        let all = sched_getaffinity(THIS_THREAD).context("cannot tell which cores there are")?;
        let mut numbers = (0..CpuSet::count()).filter(|core| all.is_set(*core).unwrap_or(false));
        let callers = set(numbers.by_ref().take(1))?;
        let rest: Vec<usize> = numbers.collect();
        let servers = set(rest.iter().copied())?;
        Ok((!rest.is_empty()).then_some(Self { all, callers, servers }))
    }

    /// Runs `start` on the servers' cores: what it starts stays there.
    pub(super) fn as_server<T>(&self, start: impl FnOnce() -> Result<T>) -> Result<T> {
        self.on(&self.servers, start)
    }

    /// Runs `start` on the callers' core: threads that it starts stay there.
    pub(super) fn as_caller<T>(&self, start: impl FnOnce() -> Result<T>) -> Result<T> {
        self.on(&self.callers, start)
    }

    fn on<T>(&self, cores: &CpuSet, start: impl FnOnce() -> Result<T>) -> Result<T> {
        sched_setaffinity(THIS_THREAD, cores).context("cannot choose cores")?;
        let outcome = start();
        sched_setaffinity(THIS_THREAD, &self.all).context("cannot choose cores")?;
        outcome
    }
}

const THIS_THREAD: Pid = Pid::from_raw(0);

fn set(cores: impl Iterator<Item = usize>) -> Result<CpuSet> {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(core)?;
    }
    Ok(set)
}
