//! The database: fjall with our two keyspaces and our settings.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use fjall::config::FilterPolicy;
use fjall::{
    Database, Keyspace, KeyspaceCreateOptions, KvSeparationOptions, OwnedWriteBatch, PersistMode, Readable,
    Snapshot,
};

use crate::layout::{DecodeError, SEQUENCE_KEY, Span};
use crate::manifest::Manifest;
use crate::place::Place;
use crate::tables::{self, Listed, TablesError};

const RECORDS: &str = "records";
const LISTING: &str = "listing";
const MIB: u64 = 1024 * 1024;
/// A smaller value than this stays in the table.
const APART_FROM_BYTES: u32 = 256;
/// Each booking that is confirmed leaves one record out of date.
const OUT_OF_DATE: f32 = 0.5;

/// The open database.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) records: Keyspace,
    pub(crate) listing: Keyspace,
    database: Database,
}

/// Why the database does not open or answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error(transparent)]
    Database(#[from] fjall::Error),
    #[error("the database panicked; the message stands before this one")]
    Panicked,
    #[error("the database does not hold the keyspace {0:?}")]
    NoKeyspace(&'static str),
    #[error("the sequence cannot be read")]
    Sequence(#[from] DecodeError),
    #[error("the database holds no sequence")]
    NoSequence,
    #[error(transparent)]
    Tables(#[from] TablesError),
}

impl Engine {
    /// Makes a new database with both keyspaces, and sequence 0.
    pub(crate) fn create(dir: &Path) -> Result<Self, EngineError> {
        let database = builder(dir, 0).open()?;
        // 32 and 8 MiB opened in 0.6 s after a kill at a million bookings, where the defaults took 1.7 s.
        let records =
            database.keyspace(RECORDS, || options(32 * MIB).with_kv_separation(Some(values_apart())))?;
        // The listing is read by ranges only: a filter would cost memory and answer nothing.
        let listing =
            database.keyspace(LISTING, || options(8 * MIB).filter_policy(FilterPolicy::disabled()))?;
        Ok(Self { records, listing, database })
    }

    /// Opens the database that `manifest` describes. Nothing is made that is missing. Gives the database's files, too, as
    /// they were before.
    pub(crate) fn open(
        place: &Place,
        manifest: &Manifest,
        cache_bytes: u64,
    ) -> Result<(Self, Vec<Listed>), EngineError> {
        let files = tables::check(&place.database())?;
        // fjall asserts what damage can break; a panic in its recovery is a store that does not open.
        let opened = catch_unwind(AssertUnwindSafe(|| builder(&place.database(), cache_bytes).open()));
        let database = opened.map_err(|_| EngineError::Panicked)??;
        let keyspace = |name: &'static str, directory: u64| {
            if !database.keyspace_exists(name) {
                return Err(EngineError::NoKeyspace(name));
            }
            let keyspace = database.keyspace(name, KeyspaceCreateOptions::default)?;
            if number(&keyspace) != Some(directory) {
                return Err(EngineError::NoKeyspace(name));
            }
            Ok(keyspace)
        };
        let (records, listing) = (keyspace(RECORDS, manifest.records)?, keyspace(LISTING, manifest.listing)?);
        Ok((Self { records, listing, database }, files))
    }

    /// The manifest of this database.
    pub(crate) fn manifest(&self, store_id: u64) -> Option<Manifest> {
        Some(Manifest::new(store_id, number(&self.records)?, number(&self.listing)?))
    }

    /// A batch that is on disk when its commit returns.
    pub(crate) fn batch(&self, items: usize) -> OwnedWriteBatch {
        // `SyncData`: one fdatasync. Readers see the batch only after it.
        self.loose_batch(items).durability(Some(PersistMode::SyncData))
    }

    /// A batch that is on disk only after [`sync`](Self::sync).
    pub(crate) fn loose_batch(&self, items: usize) -> OwnedWriteBatch {
        OwnedWriteBatch::with_capacity(self.database.clone(), items)
    }

    pub(crate) fn sync(&self) -> fjall::Result<()> {
        self.database.persist(PersistMode::SyncAll)
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.database.snapshot()
    }

    /// The last commit in the database.
    pub(crate) fn sequence(&self) -> Result<u64, EngineError> {
        sequence_of(&self.snapshot(), &self.records)
    }
}

/// The last commit in a snapshot.
pub(crate) fn sequence_of(snapshot: &Snapshot, records: &Keyspace) -> Result<u64, EngineError> {
    let span = snapshot.get(records, SEQUENCE_KEY)?.ok_or(EngineError::NoSequence)?;
    Ok(Span::decode(&span)?.last)
}

fn builder(dir: &Path, cache_bytes: u64) -> fjall::DatabaseBuilder<Database> {
    Database::builder(dir)
        .cache_size(cache_bytes)
        .manual_journal_persist(true)
        .max_journaling_size(128 * MIB)
        // Of two, one spins while the other merges: it puts what it may not take back into their queue. One alone would
        // wait for itself: its queue is bounded, fills while it merges, and it has to put something into it.
        .worker_threads(2)
}

fn options(memtable_bytes: u64) -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default().manual_journal_persist(true).max_memtable_size(memtable_bytes)
}

/// Records stand in files of their own; tables hold where. So a merge moves keys, and not a gigabyte of bookings again
/// and again. What is still in use of such a file is written again when so much of it is out of date.
fn values_apart() -> KvSeparationOptions {
    KvSeparationOptions::default().separation_threshold(APART_FROM_BYTES).staleness_threshold(OUT_OF_DATE)
}

/// The directory of a keyspace, which is also its number in the journal.
fn number(keyspace: &Keyspace) -> Option<u64> {
    keyspace.path().file_name()?.to_str()?.parse().ok()
}
