//! The bounded queue in front of the one writer.
//!
//! A lock, a deque and one condition variable: the writer takes a whole group in one go, and a sender wakes it
//! only if it sleeps and has what it waits for. While the writer waits for the disk, commits gather here without
//! waking anyone; that is what makes a group.
//!
//! Callers who were answered a moment ago are about to ask again, and a sync that leaves at once leaves without them:
//! with 64 callers it carried 11. So the writer waits a little for as many as it answered last ([`Gathering`]), as long
//! as they keep coming. One who is alone is never waited behind.

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

/// How long a group may gather once it has its first commit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gathering {
    /// It ends when so many are here: those who came while the last group was written, and those whom it answered,
    /// who may be about to come again.
    pub(crate) hoped_for: usize,
    /// It ends when none has come for so long,
    pub(crate) pause: Duration,
    /// or after so many of these pauses.
    pub(crate) pauses_max: u32,
}

impl Gathering {
    /// While it lasts, a few dozen callers come back on a busy machine; it is at most what some tenths of a
    /// millisecond of disk cost them anyway.
    pub(crate) const PAUSE: Duration = Duration::from_micros(150);
    /// So no commit waits for more than about a millisecond.
    pub(crate) const PAUSES_MAX: u32 = 7;
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
    /// Set by the writer around its wait: it sleeps until so many jobs are here, and is then to be woken.
    wanted: Option<usize>,
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
        let wake = state.wanted.is_some_and(|wanted| state.jobs.len() >= wanted);
        if wake {
            state.wanted = None;
        }
        drop(state);
        if wake {
            self.filled.notify_one();
        }
        Ok(())
    }

    /// Moves the next group into `group`, waiting for its first commit up to `patience` (`None`: for as long as it
    /// takes), and for those who come behind the first as `gathering` has it.
    pub(crate) fn take(
        &self,
        group: &mut Vec<Job>,
        bound: GroupBound,
        gathering: Gathering,
        patience: Option<Duration>,
    ) -> Taken {
        let mut state = self.state();
        loop {
            if !state.jobs.is_empty() && !state.is_held() {
                state = self.gather(state, bound, gathering);
                state.move_group(group, bound);
                return Taken::Jobs;
            }
            if state.is_closed {
                return Taken::Closed;
            }
            state.wanted = Some(1);
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

    /// Waits until there are as many jobs as are hoped for, or no more come.
    fn gather<'q>(
        &'q self,
        mut state: MutexGuard<'q, State>,
        bound: GroupBound,
        gathering: Gathering,
    ) -> MutexGuard<'q, State> {
        let hoped_for = gathering.hoped_for.min(bound.commits);
        for _ in 0..gathering.pauses_max {
            let before = state.jobs.len();
            if before >= hoped_for || state.is_closed {
                break;
            }
            state.wanted = Some(hoped_for);
            let waited = self.filled.wait_timeout(state, gathering.pause);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.jobs.len() == before {
                break;
            }
        }
        state.wanted = None;
        state
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, mpsc};

    use super::*;

    const BOUND: GroupBound = GroupBound { commits: 100, bytes: usize::MAX };
    /// A test that waits for it has failed by then.
    const LONG: Duration = Duration::from_secs(60);

    fn push(queue: &Queue, count: usize) {
        for _ in 0..count {
            let (reply, _) = oneshot::channel();
            queue.push(Job { writes: Vec::new(), bytes: 0, reply }).unwrap();
        }
    }

    /// How many the writer takes, once it waits and then `meanwhile` has happened; which must not take it long. Or at
    /// once, if it does not wait.
    fn taken(queue: &Arc<Queue>, gathering: Gathering, meanwhile: impl FnOnce(&Queue)) -> usize {
        let (told, taken) = mpsc::channel();
        let writers = Arc::clone(queue);
        std::thread::spawn(move || {
            let mut group = Vec::new();
            assert_eq!(writers.take(&mut group, BOUND, gathering, None), Taken::Jobs);
            told.send(group.len())
        });
        while queue.state().wanted.is_none() {
            if let Ok(count) = taken.try_recv() {
                return count;
            }
            std::thread::yield_now();
        }
        meanwhile(queue);
        taken.recv_timeout(LONG / 6).expect("the writer waits for nobody")
    }

    #[test]
    fn one_who_is_alone_is_not_waited_behind() {
        let queue = Arc::new(Queue::new(100));
        for hoped_for in [0, 1] {
            let gathering = Gathering { hoped_for, pause: LONG, pauses_max: 1 };
            assert_eq!(taken(&queue, gathering, |queue| push(queue, 1)), 1);
        }
    }

    #[test]
    fn those_who_were_answered_are_waited_for() {
        let queue = Arc::new(Queue::new(100));
        push(&queue, 1);
        let gathering = Gathering { hoped_for: 10, pause: LONG, pauses_max: 1 };
        assert_eq!(taken(&queue, gathering, |queue| push(queue, 9)), 10);
    }

    #[test]
    fn who_does_not_come_back_is_not_waited_for_twice() {
        let queue = Queue::new(100);
        push(&queue, 3);
        let mut group = Vec::new();
        let gathering = Gathering { hoped_for: 50, pause: Duration::from_micros(1), pauses_max: u32::MAX };
        assert_eq!(queue.take(&mut group, BOUND, gathering, None), Taken::Jobs);
        assert_eq!(group.len(), 3);
    }

    #[test]
    fn closing_ends_the_gathering() {
        let queue = Arc::new(Queue::new(100));
        push(&queue, 3);
        let gathering = Gathering { hoped_for: 50, pause: LONG, pauses_max: 2 };
        assert_eq!(taken(&queue, gathering, Queue::close), 3);
    }
}
