//! The one writer: takes a group, checks it, writes it, syncs once, acknowledges all of it.
//!
//! Answers are given after the sync, also to those who lost a condition: what stood in a loser's way may be a
//! record of the same group, and a loser who heard of it earlier would replay an answer that is not yet on disk.
//!
//! After an error in writing, syncing or marking, the writer never writes again. What the failed sync left in the
//! system's cache cannot be known, and a second sync that succeeds proves nothing (Rebello et al., USENIX ATC
//! 2020): that group's outcome is unknown, all later commits are refused, and a restart recovers from the journal.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::group::Group;
use crate::health::{CommitFailure, GroupReport, Stopped};
use crate::layout::{SEQUENCE_KEY, Span};
use crate::mark::Mark;
use crate::queue::{Failure, Gathering, GroupBound, Job, Taken};
use crate::store::{OnGroup, Shared};

/// How long the high-water mark may wait for its sync; see [`crate::mark`].
const MARK_SYNC_AFTER: Duration = Duration::from_secs(1);

/// The state of the writer thread.
pub(crate) struct Writer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) mark: Mark,
    pub(crate) sequence: u64,
    pub(crate) bound: GroupBound,
    pub(crate) on_group: Option<OnGroup>,
    /// How many commits the next group may gather: see [`Gathering`].
    pub(crate) hoped_for: usize,
    /// When the mark was first written after its last sync.
    pub(crate) mark_unsynced_since: Option<Instant>,
}

/// Those who wait for an answer of the group at hand, with what it will be if the group becomes durable.
type Waiting = Vec<(oneshot::Sender<Result<(), Failure>>, Result<(), Failure>)>;

impl Writer {
    pub(crate) fn start(mut self) -> std::io::Result<JoinHandle<()>> {
        let shared = Arc::clone(&self.shared);
        std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
            let ended = catch_unwind(AssertUnwindSafe(|| self.run()));
            if ended.is_err() {
                // The group at hand is dropped with its senders, which tells its callers: outcome unknown.
                shared.stop(Stopped::new(CommitFailure::Panicked));
            }
        })
    }

    fn run(&mut self) {
        let (mut jobs, mut group, mut waiting) = (Vec::new(), Group::default(), Waiting::new());
        loop {
            let taken = self.shared.queue.take(&mut jobs, self.bound, self.gathering(), self.patience());
            let outcome = match taken {
                Taken::Jobs => self.write_group(&mut group, &mut jobs, &mut waiting),
                Taken::Idle | Taken::Closed => {
                    // Whoever was answered last has not come again.
                    self.hoped_for = 0;
                    self.sync_mark()
                }
            };
            if let Err(failure) = outcome {
                return self.stop(failure, waiting);
            }
            if taken == Taken::Closed {
                return;
            }
        }
    }

    fn write_group(
        &mut self,
        group: &mut Group,
        jobs: &mut Vec<Job>,
        waiting: &mut Waiting,
    ) -> Result<(), CommitFailure> {
        group.clear();
        let mut accepted = 0;
        for Job { writes, reply, .. } in jobs.drain(..) {
            let outcome = group.admit(&self.shared.engine, writes);
            match &outcome {
                Ok(()) => accepted += 1,
                Err(Failure::Condition { .. }) => self.shared.counters.condition_failed(),
                Err(_) => {}
            }
            waiting.push((reply, outcome));
        }
        if !group.is_empty() {
            let report = self.persist(group, accepted)?;
            self.shared.counters.group(&report);
            if let Some(on_group) = &self.on_group {
                on_group(report);
            }
        }
        self.hoped_for = self.shared.queue.depth() + waiting.len();
        for (reply, outcome) in waiting.drain(..) {
            // A caller who has gone away does not want to know.
            let _ = reply.send(outcome);
        }
        self.sync_mark_if_due()
    }

    /// Writes the group, syncs it and moves the mark. When this returns `Ok`, the group may be acknowledged.
    fn persist(&mut self, group: &mut Group, commits: usize) -> Result<GroupReport, CommitFailure> {
        let engine = &self.shared.engine;
        let last = self.sequence + commits as u64;
        let mut batch = engine.batch(group.items_max() + 1);
        group.fill(engine, &mut batch);
        batch.insert(&engine.records, SEQUENCE_KEY, Span { before: self.sequence, last }.encode());
        let began = now();
        #[cfg(test)]
        self.shared.faults.before_persist()?;
        batch.commit().map_err(CommitFailure::Journal)?;
        #[cfg(test)]
        self.shared.faults.after_persist()?;
        let persist_time = began.elapsed();
        self.sequence = last;
        self.mark.record(last).map_err(CommitFailure::Mark)?;
        self.mark_unsynced_since.get_or_insert(began);
        Ok(GroupReport { commits, writes: group.writes, bytes: group.bytes, persist_time })
    }

    fn gathering(&self) -> Gathering {
        let (pause, pauses_max) = (Gathering::PAUSE, Gathering::PAUSES_MAX);
        Gathering { hoped_for: self.hoped_for, pause, pauses_max }
    }

    /// How long the writer may sleep before the mark wants its sync.
    fn patience(&self) -> Option<Duration> {
        self.mark_unsynced_since.map(|since| MARK_SYNC_AFTER.saturating_sub(since.elapsed()))
    }

    fn sync_mark_if_due(&mut self) -> Result<(), CommitFailure> {
        match self.patience() {
            Some(Duration::ZERO) => self.sync_mark(),
            _ => Ok(()),
        }
    }

    fn sync_mark(&mut self) -> Result<(), CommitFailure> {
        if !self.mark.is_synced() {
            self.mark.sync().map_err(CommitFailure::Mark)?;
            self.shared.counters.mark_synced();
        }
        self.mark_unsynced_since = None;
        Ok(())
    }

    fn stop(&self, failure: CommitFailure, waiting: Waiting) {
        let stopped = Stopped::new(failure);
        for (reply, outcome) in waiting {
            let answer = match outcome {
                Ok(()) => Failure::Unknown(stopped.clone()),
                // Nothing of it was written. What it lost to may not be on disk, so it is not told what that was.
                Err(_) => Failure::Stopped(stopped.clone()),
            };
            let _ = reply.send(Err(answer));
        }
        self.shared.stop(stopped);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "measures the disk and paces the mark's syncs; decides nothing else"
)]
fn now() -> Instant {
    Instant::now()
}
