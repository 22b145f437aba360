//! What an operator can see of the writer: is it alive, how busy, how fast.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Why the store stopped for good. Reads go on; commits are refused until the store is opened again.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the store stopped after a failed commit: restart the process, which recovers it from its journal")]
pub struct Stopped {
    #[source]
    cause: Arc<CommitFailure>,
}

impl Stopped {
    pub(crate) fn new(cause: CommitFailure) -> Self {
        Self { cause: Arc::new(cause) }
    }
}

/// What failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommitFailure {
    #[error("the database could not write or sync its journal")]
    Journal(#[source] fjall::Error),
    #[error("the high-water mark could not be written")]
    Mark(#[source] io::Error),
    #[error("the writer panicked; its message stands before this one")]
    Panicked,
    #[cfg(test)]
    #[error("a test made the commit fail")]
    Injected,
}

/// The state of the writer and its queue.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Health {
    /// Commits that wait for the writer.
    pub queue_depth: usize,
    /// How many may.
    pub queue_max: usize,
    /// Why the store stopped, if it did.
    pub stopped: Option<Stopped>,
    /// What it has done since it was opened.
    pub activity: Activity,
}

/// Counts since the store was opened. All of them only grow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Activity {
    /// Groups written; each is one sync of the journal.
    pub groups: u64,
    /// Commits acknowledged.
    pub commits: u64,
    /// Records written.
    pub writes: u64,
    /// Bytes of records and listing entries written, before the database's own overhead.
    pub bytes: u64,
    /// Commits that lost a condition.
    pub conditions_failed: u64,
    /// Commits refused because the queue was full.
    pub overloaded: u64,
    /// Time spent in writing and syncing groups.
    pub persist_time: Duration,
    /// Syncs of the high-water mark, beside those of the journal.
    pub mark_syncs: u64,
}

/// One group, for a histogram.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct GroupReport {
    /// Commits that this one sync made durable.
    pub commits: usize,
    /// Records among them.
    pub writes: usize,
    /// Bytes of records and listing entries.
    pub bytes: usize,
    /// Time to write, sync and apply them.
    pub persist_time: Duration,
}

/// The counters behind [`Activity`]. Written by the writer, except `overloaded`, which callers count.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    groups: AtomicU64,
    commits: AtomicU64,
    writes: AtomicU64,
    bytes: AtomicU64,
    conditions_failed: AtomicU64,
    overloaded: AtomicU64,
    persist_nanos: AtomicU64,
    mark_syncs: AtomicU64,
}

impl Counters {
    pub(crate) fn group(&self, report: &GroupReport) {
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.commits.fetch_add(report.commits as u64, Ordering::Relaxed);
        self.writes.fetch_add(report.writes as u64, Ordering::Relaxed);
        self.bytes.fetch_add(report.bytes as u64, Ordering::Relaxed);
        let nanos = u64::try_from(report.persist_time.as_nanos()).unwrap_or(u64::MAX);
        self.persist_nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    pub(crate) fn condition_failed(&self) {
        self.conditions_failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn overloaded(&self) {
        self.overloaded.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn mark_synced(&self) {
        self.mark_syncs.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> Activity {
        Activity {
            groups: self.groups.load(Ordering::Relaxed),
            commits: self.commits.load(Ordering::Relaxed),
            writes: self.writes.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            conditions_failed: self.conditions_failed.load(Ordering::Relaxed),
            overloaded: self.overloaded.load(Ordering::Relaxed),
            persist_time: Duration::from_nanos(self.persist_nanos.load(Ordering::Relaxed)),
            mark_syncs: self.mark_syncs.load(Ordering::Relaxed),
        }
    }
}
