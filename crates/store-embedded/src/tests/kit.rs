//! A store in a directory of its own, and records to put into it.

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};

use skybridge_store::{
    Attributes, Commit, CommitError, Key, Listing, Order, Query, Record, Store, StoreError, Table, Write,
};

use crate::{EmbeddedStore, Options};

/// A place for one store, gone with the test.
pub(super) struct Dir {
    temp: tempfile::TempDir,
}

impl Dir {
    pub(super) fn new() -> Self {
        Self { temp: tempfile::tempdir().unwrap() }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.temp.path().join("store")
    }

    /// A path within the store.
    pub(super) fn part(&self, part: &str) -> PathBuf {
        self.path().join(part)
    }

    pub(super) fn sibling(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    pub(super) fn store(&self) -> EmbeddedStore {
        self.store_with(Options::default())
    }

    pub(super) fn store_with(&self, options: Options) -> EmbeddedStore {
        EmbeddedStore::open_or_create(&self.path(), options).unwrap()
    }

    /// A store that was given bookings "0" to `count - 1`, one commit each, and closed.
    pub(super) fn with_bookings(count: usize) -> Self {
        let dir = Self::new();
        let store = dir.store();
        put_bookings(&store, 0..count);
        dir
    }

    /// The newest journal.
    pub(super) fn journal(&self) -> PathBuf {
        crate::journal::files(&self.part("database")).unwrap().pop().unwrap()
    }
}

pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// As long as records of bookings are, so that it stands in a file of values.
pub(super) fn booking(n: usize) -> Record {
    Record {
        key: Key::new(Table::Bookings, n.to_string()),
        version: 1,
        listing: Some(Listing { partition: "partnerco".to_owned(), sort: format!("{n:06}") }),
        attributes: Attributes::default().with("status", "CREATED").with("remarks", "x".repeat(300)),
    }
}

/// The next version of `record`.
pub(super) fn next(record: &Record, status: &str) -> Record {
    let attributes = record.attributes.clone().with("status", status);
    Record { version: record.version + 1, attributes, ..record.clone() }
}

pub(super) fn create(record: Record) -> Commit {
    Commit::of(Write::create(record))
}

pub(super) fn replace(record: Record) -> Commit {
    let expected = record.version - 1;
    Commit::of(Write::replace(record, expected))
}

pub(super) fn put_bookings(store: &EmbeddedStore, numbers: impl IntoIterator<Item = usize>) {
    for n in numbers {
        block_on(store.commit(create(booking(n)))).unwrap();
    }
}

/// Which of bookings "0" to `count - 1` are there.
pub(super) fn bookings(store: &EmbeddedStore, count: usize) -> Vec<usize> {
    let is_there = |n: &usize| get(store, *n).is_some_and(|record| record == booking(*n));
    (0..count).filter(is_there).collect()
}

pub(super) fn get(store: &EmbeddedStore, n: usize) -> Option<Record> {
    block_on(store.get(&booking(n).key)).unwrap()
}

/// What became of a commit, in a form that compares.
#[derive(Debug, PartialEq)]
pub(super) enum Fate {
    Done,
    Lost(Option<Record>),
    Overloaded,
    Unavailable,
    Unknown,
}

pub(super) fn fate(outcome: Result<(), CommitError>) -> Fate {
    match outcome {
        Ok(()) => Fate::Done,
        Err(CommitError::ConditionFailed { standing, .. }) => Fate::Lost(standing.map(|record| *record)),
        Err(CommitError::Store(StoreError::Overloaded)) => Fate::Overloaded,
        Err(CommitError::Store(StoreError::Unavailable(_))) => Fate::Unavailable,
        Err(CommitError::Store(StoreError::OutcomeUnknown(_))) => Fate::Unknown,
        Err(CommitError::Store(error)) => panic!("no test here expects {error:?}"),
    }
}

/// Commits that are in the queue at once, in this order, so that the writer takes them as one group.
pub(super) fn as_one_group(store: &EmbeddedStore, commits: Vec<Commit>) -> Vec<Fate> {
    store.shared.queue.hold();
    let mut commits: Vec<_> = commits.into_iter().map(|commit| store.commit(commit)).collect();
    block_on(async {
        let mut outcomes = Vec::new();
        // One poll of each puts it into the queue; the writer is released when all are there.
        std::future::poll_fn(|context| {
            for commit in &mut commits {
                outcomes.push(commit.as_mut().poll(context).map(fate));
            }
            std::task::Poll::Ready(())
        })
        .await;
        store.shared.queue.release();
        let mut fates = Vec::new();
        for (commit, outcome) in commits.into_iter().zip(outcomes) {
            fates.push(match outcome {
                std::task::Poll::Ready(fate) => fate,
                std::task::Poll::Pending => fate(commit.await),
            });
        }
        fates
    })
}

/// Copies a directory and what is in it.
pub(super) fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_tree(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// All bookings that the kit makes, in the order of their listing.
pub(super) fn listing() -> Query {
    Query {
        table: Table::Bookings,
        partition: "partnerco".to_owned(),
        from: None,
        to: None,
        order: Order::Ascending,
        limit: Query::LIMIT_MAX,
        after: None,
    }
}
