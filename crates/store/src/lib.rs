//! The storage port: the part of DynamoDB's model that SkyBridge uses, and nothing more.
//!
//! **Records** live in a few named [`Table`]s. A record is found by its [`Key`], or through the table's one
//! secondary index, the *listing*, if it says where it stands there ([`Listing`]; a record without one is not
//! listed). Records change only by one conditional [`Commit`]: all of its writes or none.
//!
//! There are no interactive transactions, because DynamoDB has none. A use case reads, decides, and makes
//! exactly one commit; when it loses a race it learns which record stood in the way, and decides again.
//!
//! Every store keeps the same promises; `contract` (behind the feature of that name) is the suite that checks
//! them on any implementation, and [`MemoryStore`] is the model that the others are compared with.

#![forbid(unsafe_code)]

mod bounds;
#[cfg(any(test, feature = "contract"))]
pub mod contract;
mod memory;
mod record;

pub use memory::MemoryStore;
pub use record::{Attributes, Key, Listing, Record, Table, Value, Version};

use async_trait::async_trait;

/// A durable set of records.
///
/// Guarantees, for every implementation:
///
/// * **Atomic.** A commit of several writes takes place as a whole or not at all, whatever fails meanwhile.
/// * **Serial.** Commits that touch a common record happen one after the other. A condition is checked against
///   the state that its writes are applied to.
/// * **Durable.** When [`commit`](Store::commit) returns `Ok`, its writes survive a crash of the process and a
///   loss of power.
/// * **Read your writes.** A [`get`](Store::get) that starts after a commit returned sees it. A
///   [`query`](Store::query) may lag behind on stores whose index is eventually consistent (DynamoDB); the
///   stores of one machine have no lag.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The record under `key`, or `None` if there is none. A key that no record can have finds none.
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError>;

    /// One page of a table's listing, in the order of the sort text.
    ///
    /// A page holds at most `query.limit` records. [`Page::next`] is the place to go on from; it is `None`
    /// exactly when the range is exhausted, so that a caller never fetches an empty last page. Records written
    /// while a caller pages appear if they stand beyond the cursor.
    async fn query(&self, query: &Query) -> Result<Page, StoreError>;

    /// A part of all records of a table, listed or not, in an order of the store's own: the first part, or the one
    /// behind the record with the id `after`.
    ///
    /// No lag here either: it holds what was committed before the call, unless that was replaced meanwhile. It is no
    /// snapshot: of a commit that takes place meanwhile, or between two parts, one write may be seen and another not.
    async fn scan(&self, table: Table, after: Option<&str>) -> Result<ScanPage, StoreError>;

    /// Applies all writes of `commit`, or none.
    ///
    /// A failed condition changes nothing and reports the first write that failed, with the record that stood
    /// in the way. Not idempotent by itself: a repeated commit fails its own conditions, which is how a caller
    /// settles a [`StoreError::OutcomeUnknown`].
    async fn commit(&self, commit: Commit) -> Result<(), CommitError>;
}

/// The writes that take place together. At most [`Commit::WRITES_MAX`], each to another record; see
/// [`Commit::check`] for every bound.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// In the order in which conditions are reported.
    pub writes: Vec<Write>,
}

impl Commit {
    /// DynamoDB's own bound on one transaction (`TransactWriteItems`).
    pub const WRITES_MAX: usize = 100;

    /// A commit of a single record, the cheapest there is.
    #[must_use]
    pub fn of(write: Write) -> Self {
        Self { writes: vec![write] }
    }
}

/// One record to put, and what must be true of the record that stands under its key before.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// The whole record as it shall stand.
    pub record: Record,
    /// What must hold for it to be put.
    pub condition: Condition,
}

impl Write {
    /// Puts a record that must not exist yet.
    #[must_use]
    pub fn create(record: Record) -> Self {
        Self { record, condition: Condition::Absent }
    }

    /// Puts a record in place of the one that stands at `expected`.
    #[must_use]
    pub fn replace(record: Record, expected: Version) -> Self {
        Self { record, condition: Condition::VersionIs(expected) }
    }
}

/// What must be true of the record under a key for a write to take place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// No record has this key.
    Absent,
    /// The record exists, and has just this version.
    VersionIs(Version),
}

impl Condition {
    /// Does the condition hold for what stands under the key now?
    #[must_use]
    pub fn holds(self, standing: Option<&Record>) -> bool {
        match self {
            Self::Absent => standing.is_none(),
            Self::VersionIs(version) => standing.is_some_and(|record| record.version == version),
        }
    }
}

/// A range of one partition of a table's listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The table whose listing is read.
    pub table: Table,
    /// The partition: only records whose [`Listing::partition`] equals it.
    pub partition: String,
    /// First sort text of the range, inclusive; `None` is the beginning.
    pub from: Option<String>,
    /// End of the range, exclusive; `None` is the end.
    pub to: Option<String>,
    /// Ascending or descending by sort text (then by record id), compared as bytes.
    pub order: Order,
    /// How many records a page may hold, 1 to [`Query::LIMIT_MAX`]; what lies outside is taken for the nearer
    /// end.
    pub limit: usize,
    /// Where the page before ended; `None` for the first page.
    pub after: Option<Position>,
}

impl Query {
    /// The largest page that a store returns.
    pub const LIMIT_MAX: usize = 1000;

    /// `limit`, within its bounds.
    #[must_use]
    pub fn page_size(&self) -> usize {
        self.limit.clamp(1, Self::LIMIT_MAX)
    }
}

/// The direction of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Smallest sort text first.
    Ascending,
    /// Largest sort text first.
    Descending,
}

/// A place in a listing: the entry after which the next page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The sort text of that entry.
    pub sort: String,
    /// The id of its record.
    pub id: String,
}

/// What a query found.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The records, in the order asked for.
    pub records: Vec<Record>,
    /// Where to go on; `None` when there is no more.
    pub next: Option<Position>,
}

impl Page {
    /// Cuts a page that was read one record further than asked for, and says where to go on if that record was
    /// there. Every store ends its pages so, and so all agree on when a range is exhausted.
    pub fn end_at(&mut self, size: usize) {
        if self.records.len() <= size {
            return;
        }
        self.records.truncate(size);
        self.next = self.records.last().and_then(|last| {
            let sort = last.listing.as_ref()?.sort.clone();
            Some(Position { sort, id: last.key.id.to_string() })
        });
    }
}

/// A part of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct ScanPage {
    /// The records; at most [`Query::LIMIT_MAX`] of a store of one machine, a megabyte of DynamoDB.
    pub records: Vec<Record>,
    /// The id behind which the next part begins; `None` when there is none.
    pub next: Option<String>,
}

impl ScanPage {
    /// The part that holds all of `records` but the last if there is one more than [`Query::LIMIT_MAX`].
    #[must_use]
    pub fn of(mut records: Vec<Record>) -> Self {
        let is_more = records.len() > Query::LIMIT_MAX;
        records.truncate(Query::LIMIT_MAX);
        let last = records.last().filter(|_| is_more);
        Self { next: last.map(|record| record.key.id.to_string()), records }
    }
}

/// Why a commit did not take place.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A condition did not hold; nothing was written.
    #[error("write {write} of the commit lost its condition")]
    ConditionFailed {
        /// Which write, counted from 0: the first whose condition failed.
        write: usize,
        /// The record that stood in the way, or `None` if a record was expected and there is none.
        standing: Option<Box<Record>>,
    },
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The queue is full; nothing was written. Try again shortly.
    #[error("the store's queue is full")]
    Overloaded,
    /// The store cannot be used now; nothing was written.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The table has no listing, so nothing can be queried; everything else works. Only on stores whose tables others
    /// may make.
    #[error("the table cannot be listed")]
    Unlisted(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store failed while it wrote: the commit may or may not have taken place. Read what it named to
    /// settle it.
    #[error("the outcome of the commit is unknown")]
    OutcomeUnknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A record does not decode: it was damaged, or written by another version of this program.
    #[error("record {id} of {table} cannot be read")]
    Damaged {
        /// The table it stands in.
        table: Table,
        /// Its id.
        id: String,
        /// What the decoder said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The commit or query breaks a bound of the port (see [`Commit::check`] and [`Query::check`]); nothing was
    /// written. A defect of the caller.
    #[error("the store does not take this: {0}")]
    Refused(&'static str),
}
