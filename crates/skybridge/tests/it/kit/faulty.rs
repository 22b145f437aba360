//! A store that fails on demand.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use skybridge_store::{
    Commit, CommitError, Key, MemoryStore, Page, Query, Record, ScanPage, Store, StoreError, Table,
};

/// What goes wrong with bookings; everything else is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Commits find the queue full.
    QueueFull,
    /// Nothing answers.
    Away,
    /// A commit takes place, but its answer is lost.
    AnswerLost,
    /// A commit is lost before it takes place, which its caller cannot know.
    CommitLost,
    /// The store has a defect, and panics.
    Defect,
}

/// A memory store with a fault that a test sets and takes away.
#[derive(Default)]
pub(crate) struct FaultyStore {
    inner: MemoryStore,
    fault: Mutex<Option<Fault>>,
}

impl FaultyStore {
    pub(crate) fn set(&self, fault: Option<Fault>) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// The fault that concerns `table` now.
    fn fault(&self, table: Table) -> Option<Fault> {
        let fault = *self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.filter(|_| table == Table::Bookings)
    }

    fn read(&self, table: Table) -> Result<(), StoreError> {
        match self.fault(table) {
            Some(Fault::Away) => Err(StoreError::Unavailable("nobody answers at 10.0.0.7".into())),
            Some(Fault::Defect) => panic!("the defect"),
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        self.read(key.table)?;
        self.inner.get(key).await
    }

    async fn query(&self, query: &Query) -> Result<Page, StoreError> {
        self.read(query.table)?;
        self.inner.query(query).await
    }

    async fn scan(&self, table: Table, after: Option<&str>) -> Result<ScanPage, StoreError> {
        self.read(table)?;
        self.inner.scan(table, after).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let lost = || StoreError::OutcomeUnknown("the line to 10.0.0.7 broke".into()).into();
        match self.fault(commit.writes[0].record.key.table) {
            None => self.inner.commit(commit).await,
            Some(Fault::QueueFull) => Err(StoreError::Overloaded.into()),
            Some(Fault::CommitLost) => Err(lost()),
            Some(Fault::AnswerLost) => {
                self.inner.commit(commit).await?;
                Err(lost())
            }
            Some(Fault::Away | Fault::Defect) => Ok(self.read(Table::Bookings)?),
        }
    }
}
