//! The bounded queue in front of the one writer.
//!
//! A lock, a deque and one condition variable: the writer takes a whole group in one go, and a sender wakes it
//! only if it sleeps. While the writer waits for the disk, commits gather here without waking anyone; that is
//! what makes a group.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fjall::Slice;
use tokio::sync::oneshot;

use crate::health::Stopped;
use crate::layout::EncodedWrite;

/// A commit on its way to the writer.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) writes: Vec<EncodedWrite>,
    pub(crate) bytes: usize,
    pub(crate) reply: oneshot::Sender<Result<(), Failure>>,
}

/// What the writer answers when a commit did not take place, or may not have.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A condition failed; the record in the way is decoded by the caller.
    Condition { write: usize, standing: Option<Slice> },
    /// A record that a condition is about could not be read; nothing was written.
    Unreadable { write: usize, source: Box<dyn std::error::Error + Send + Sync> },
    /// The group failed while it was written.
    Unknown(Stopped),
    /// The store has stopped; nothing was written.
    Stopped(Stopped),
}

/// Why the queue does not take a job.
#[derive(Debug)]
pub(crate) enum Refused {
    Full,
    Closed,
    Stopped(Stopped),
}

/// What the writer finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// At least one job.
    Jobs,
    /// Nothing for as long as it wanted to wait.
    Idle,
    /// Nothing, and nothing will come.
    Closed,
}

/// How much one group may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupBound {
    pub(crate) commits: usize,
    pub(crate) bytes: usize,
}

#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    jobs_max: usize,
}

#[derive(Debug, Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Set by the writer around its wait, so that senders know whether to wake it.
    writer_waits: bool,
    /// Set once, by `close`.
    is_closed: bool,
    /// Set once, by the writer, when a commit failed.
    stopped: Option<Stopped>,
    /// The writer leaves the jobs where they are, so that a test can say what is in a group.
    #[cfg(test)]
    is_held: bool,
}

impl Queue {
    pub(crate) fn new(jobs_max: usize) -> Self {
        Self { state: Mutex::default(), filled: Condvar::new(), jobs_max }
    }

    pub(crate) fn push(&self, job: Job) -> Result<(), Refused> {
        let mut state = self.state();
        if let Some(stopped) = &state.stopped {
            return Err(Refused::Stopped(stopped.clone()));
        }
        if state.is_closed {
            return Err(Refused::Closed);
        }
        if state.jobs.len() >= self.jobs_max {
            return Err(Refused::Full);
        }
        state.jobs.push_back(job);
        let wake = std::mem::take(&mut state.writer_waits);
        drop(state);
        if wake {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Moves the next group into `group`, waiting for one up to `patience` (`None`: for as long as it takes).
    pub(crate) fn take(&self, group: &mut Vec<Job>, bound: GroupBound, patience: Option<Duration>) -> Taken {
        let mut state = self.state();
        loop {
            if !state.jobs.is_empty() && !state.is_held() {
                state.move_group(group, bound);
                return Taken::Jobs;
            }
            if state.is_closed {
                return Taken::Closed;
            }
            state.writer_waits = true;
            let Some(patience) = patience else {
                state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let waited = self.filled.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner);
            state = waited.0;
            if waited.1.timed_out() && state.jobs.is_empty() {
                return Taken::Idle;
            }
        }
    }

    /// Takes no more jobs; those in the queue are still written.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        state.is_closed = true;
        #[cfg(test)]
        {
            state.is_held = false;
        }
        drop(state);
        self.filled.notify_one();
    }

    /// Takes no more jobs, and hands back those that will not be written.
    pub(crate) fn stop(&self, stopped: Stopped) -> VecDeque<Job> {
        let mut state = self.state();
        state.stopped.get_or_insert(stopped);
        std::mem::take(&mut state.jobs)
    }

    pub(crate) fn depth(&self) -> usize {
        self.state().jobs.len()
    }

    pub(crate) fn stopped(&self) -> Option<Stopped> {
        self.state().stopped.clone()
    }

    #[cfg(test)]
    pub(crate) fn hold(&self) {
        self.state().is_held = true;
    }

    #[cfg(test)]
    pub(crate) fn release(&self) {
        self.state().is_held = false;
        self.filled.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of the state is one step, so a panic while it was locked left it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn move_group(&mut self, group: &mut Vec<Job>, bound: GroupBound) {
        let mut bytes = 0;
        // The first commit goes whatever its size, or it never would.
        while group.is_empty() || (group.len() < bound.commits && bytes < bound.bytes) {
            let Some(job) = self.jobs.pop_front() else { return };
            bytes += job.bytes;
            group.push(job);
        }
    }

    #[cfg(test)]
    fn is_held(&self) -> bool {
        self.is_held
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "the same call as in tests, where the writer can be held")]
    fn is_held(&self) -> bool {
        false
    }
}
