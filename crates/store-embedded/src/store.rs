//! The store itself: what callers hold.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use async_trait::async_trait;
use skybridge_store::{
    Commit, CommitError, Key, Page, Query, Record, ScanPage, Store, StoreError, Table, Write,
};
use tokio::sync::{oneshot, watch};

use crate::engine::Engine;
use crate::health::{Counters, GroupReport, Health, Stopped};
use crate::layout::{EncodedWrite, decode_record};
use crate::lock::Lock;
use crate::open::{self, OpenError, Opened};
use crate::queue::{Failure, GroupBound, Job, Queue, Refused};
use crate::read;
use crate::writer::Writer;

/// Called by the writer after each group, for histograms. It runs between the sync and the acknowledgements: it must
/// be quick and must not panic.
pub type OnGroup = Arc<dyn Fn(GroupReport) + Send + Sync>;

/// How a store is run. The defaults suit one machine of any size.
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// Commits that may wait for the writer; one more is refused as overloaded.
    pub queue_max: usize,
    /// Commits that one sync may make durable.
    pub group_commits_max: usize,
    /// Memory for blocks of the database, in bytes.
    pub cache_bytes: u64,
    /// Told of every group.
    pub on_group: Option<OnGroup>,
}

impl Default for Options {
    fn default() -> Self {
        Self { queue_max: 4096, group_commits_max: 1024, cache_bytes: 64 * 1024 * 1024, on_group: None }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { queue_max, group_commits_max, cache_bytes, on_group } = self;
        f.debug_struct("Options")
            .field("queue_max", queue_max)
            .field("group_commits_max", group_commits_max)
            .field("cache_bytes", cache_bytes)
            .field("on_group", &on_group.is_some())
            .finish()
    }
}

/// A durable store in one directory of this machine, for one process at a time.
pub struct EmbeddedStore {
    pub(crate) shared: Arc<Shared>,
    /// Taken by the first `close`.
    writer: Mutex<Option<JoinHandle<()>>>,
    queue_max: usize,
    pub(crate) store_id: u64,
    /// Dropped last, after the database has closed.
    _lock: Lock,
}

/// What callers and the writer share.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) queue: Queue,
    pub(crate) counters: Counters,
    /// Holds the reason once the store has stopped.
    stopped: watch::Sender<Option<Stopped>>,
    #[cfg(test)]
    pub(crate) faults: crate::tests::Faults,
}

impl Shared {
    /// Stops the store for good: refuses what waits, and tells whoever watches.
    pub(crate) fn stop(&self, stopped: Stopped) {
        for job in self.queue.stop(stopped.clone()) {
            let _ = job.reply.send(Err(Failure::Stopped(stopped.clone())));
        }
        self.stopped.send_if_modified(|held| held.is_none() && held.replace(stopped).is_none());
    }
}

impl EmbeddedStore {
    /// A group ends with the commit that makes it this long.
    const GROUP_BYTES_MAX: usize = 8 * 1024 * 1024;

    /// Makes an empty store in `dir`, which must not exist or be empty. A crash at any moment leaves none or a whole
    /// one. Blocks.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub fn create(dir: &Path) -> Result<(), OpenError> {
        open::create(dir)
    }

    /// Opens the store in `dir`, and never makes one. Blocks, for about a second after a crash with a million
    /// bookings. A torn, unacknowledged end of the journal is cut off, a copy kept in `cut/`.
    ///
    /// # Errors
    ///
    /// See [`OpenError`]; damage to what was acknowledged is refused and named.
    pub fn open(dir: &Path, options: Options) -> Result<Self, OpenError> {
        let opened = open::open(dir, options.cache_bytes)?;
        Self::start(opened, options).map_err(OpenError::io(dir))
    }

    /// Opens the store in `dir`, or makes an empty one if `dir` does not exist or is empty. Blocks.
    ///
    /// # Errors
    ///
    /// See [`OpenError`].
    pub fn open_or_create(dir: &Path, options: Options) -> Result<Self, OpenError> {
        match Self::open(dir, options.clone()) {
            Err(OpenError::Absent { .. }) => {}
            other => return other,
        }
        Self::create(dir)?;
        Self::open(dir, options)
    }

    fn start(opened: Opened, options: Options) -> io::Result<Self> {
        let Opened { engine, mark, sequence, store_id, lock, files: _ } = opened;
        let shared = Arc::new(Shared {
            engine,
            queue: Queue::new(options.queue_max),
            counters: Counters::default(),
            stopped: watch::Sender::new(None),
            #[cfg(test)]
            faults: crate::tests::Faults::default(),
        });
        let writer = Writer {
            shared: Arc::clone(&shared),
            mark,
            sequence,
            bound: GroupBound { commits: options.group_commits_max, bytes: Self::GROUP_BYTES_MAX },
            on_group: options.on_group,
            hoped_for: 0,
            mark_unsynced_since: None,
        };
        let writer = Mutex::new(Some(writer.start()?));
        Ok(Self { shared, writer, queue_max: options.queue_max, store_id, _lock: lock })
    }

    /// The state of the writer and its queue.
    #[must_use]
    pub fn health(&self) -> Health {
        Health {
            queue_depth: self.shared.queue.depth(),
            queue_max: self.queue_max,
            stopped: self.shared.queue.stopped(),
            activity: self.shared.counters.read(),
        }
    }

    /// Resolves when the store has stopped after a failed commit, and never otherwise. The program should then exit:
    /// a restart recovers.
    pub fn stopped(&self) -> impl Future<Output = Stopped> + Send + use<> {
        let mut watched = self.shared.stopped.subscribe();
        async move {
            let reason = watched.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
            match reason {
                Some(reason) => reason,
                // The store was closed and dropped, so it will never stop.
                None => std::future::pending().await,
            }
        }
    }

    /// Writes what waits in the queue, syncs the mark, and ends the writer. Later commits are refused as
    /// unavailable; reads go on. Closing again does nothing. Dropping the store closes it. Blocks.
    pub fn close(&self) {
        self.shared.queue.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // The writer catches its panics, and has told of them by stopping the store.
            let _ = writer.join();
        }
    }

    async fn submit(&self, writes: &[Write]) -> Result<Result<(), Failure>, StoreError> {
        let encoded: Result<Vec<_>, _> = writes.iter().map(EncodedWrite::new).collect();
        let writes = encoded.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let bytes = writes.iter().map(EncodedWrite::bytes).sum();
        let (reply, answer) = oneshot::channel();
        self.shared.queue.push(Job { writes, bytes, reply }).map_err(|refused| match refused {
            Refused::Full => {
                self.shared.counters.overloaded();
                StoreError::Overloaded
            }
            Refused::Closed => StoreError::Unavailable(Box::new(Closed)),
            Refused::Stopped(stopped) => StoreError::Unavailable(Box::new(stopped)),
        })?;
        // Without an answer, the writer has panicked over this very group.
        answer.await.map_err(|gone| StoreError::OutcomeUnknown(Box::new(gone)))
    }
}

/// The store was closed.
#[derive(Debug, thiserror::Error)]
#[error("the store was closed")]
struct Closed;

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore").field("health", &self.health()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for EmbeddedStore {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        read::get(&self.shared.engine, key)
    }

    async fn query(&self, query: &Query) -> Result<Page, StoreError> {
        read::query(&self.shared.engine, query)
    }

    async fn scan(&self, table: Table, after: Option<&str>) -> Result<ScanPage, StoreError> {
        read::scan(&self.shared.engine, table, after)
    }

    /// A caller that stops waiting does not stop its commit.
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        commit.check()?;
        let writes = commit.writes;
        match self.submit(&writes).await? {
            Ok(()) => Ok(()),
            Err(Failure::Condition { write, standing }) => {
                let key = &writes[write].record.key;
                let standing = standing.map(|value| decode_record(key.clone(), &value)).transpose();
                let standing = standing.map_err(|source| read::damaged(key, source))?.map(Box::new);
                Err(CommitError::ConditionFailed { write, standing })
            }
            Err(Failure::Unreadable { write, source }) => {
                Err(read::damaged_by(&writes[write].record.key, source).into())
            }
            Err(Failure::Unknown(stopped)) => Err(StoreError::OutcomeUnknown(Box::new(stopped)).into()),
            Err(Failure::Stopped(stopped)) => Err(StoreError::Unavailable(Box::new(stopped)).into()),
        }
    }
}
