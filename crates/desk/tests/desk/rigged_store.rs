//! A store in memory that fails or waits at the call that a test names.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use skybridge_store::{
    Commit, CommitError, Key, MemoryStore, Page, Query, Record, ScanPage, Store, StoreError, Table,
};
use tokio::sync::Notify;

/// The calls of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Get,
    Query,
    Scan,
    Commit,
}

/// What a call meets.
enum Fault {
    Failure,
    /// The call does what it is to do, and its caller is not told.
    AnswerLost,
    Hold(Arc<Hold>),
}

/// A call that waits, before it has done anything, until it is let go.
#[derive(Default)]
pub(crate) struct Hold {
    reached: Notify,
    go: Notify,
    /// The record that the call is about.
    id: Mutex<String>,
}

impl Hold {
    /// Waits until the call has come; says which record it is about.
    pub(crate) async fn reached(&self) -> String {
        self.reached.notified().await;
        self.id.lock().unwrap().clone()
    }

    pub(crate) fn let_go(&self) {
        self.go.notify_one();
    }
}

/// A fault that waits for its call.
struct Trap {
    call: Call,
    table: Table,
    /// How many such calls it lets pass first.
    let_pass: usize,
    fault: Fault,
}

/// A store in memory with traps in it; each catches one call.
#[derive(Default)]
pub(crate) struct RiggedStore {
    store: MemoryStore,
    traps: Mutex<Vec<Trap>>,
    /// How many calls came.
    calls: AtomicUsize,
}

impl RiggedStore {
    /// Fails the `nth` such call from now on, counted from 1; nothing is read or written then.
    pub(crate) fn fail(&self, call: Call, table: Table, nth: usize) {
        self.set(call, table, nth, Fault::Failure);
    }

    /// Loses the answer of the `nth` commit of `table` from now on, counted from 1; it takes place.
    pub(crate) fn lose_answer(&self, table: Table, nth: usize) {
        self.set(Call::Commit, table, nth, Fault::AnswerLost);
    }

    /// Holds the `nth` such call from now on, counted from 1.
    pub(crate) fn hold(&self, call: Call, table: Table, nth: usize) -> Arc<Hold> {
        let hold = Arc::default();
        self.set(call, table, nth, Fault::Hold(Arc::clone(&hold)));
        hold
    }

    fn set(&self, call: Call, table: Table, nth: usize, fault: Fault) {
        self.traps.lock().unwrap().push(Trap { call, table, let_pass: nth - 1, fault });
    }

    /// How many calls have come.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// The fault of the first trap whose turn it is; those behind it count the call too.
    fn sprung(&self, call: Call, table: Table) -> Option<Fault> {
        let mut traps = self.traps.lock().unwrap();
        let mut sprung = None;
        for (at, trap) in traps.iter_mut().enumerate() {
            if trap.call == call && trap.table == table {
                match trap.let_pass.checked_sub(1) {
                    Some(left) => trap.let_pass = left,
                    None => sprung = sprung.or(Some(at)),
                }
            }
        }
        sprung.map(|at| traps.remove(at).fault)
    }

    /// Whether the answer gets lost.
    async fn pass(&self, call: Call, table: Table, id: &str) -> Result<bool, StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        match self.sprung(call, table) {
            None => Ok(false),
            Some(Fault::AnswerLost) => Ok(true),
            Some(Fault::Failure) => Err(StoreError::Unavailable("the test says so".into())),
            Some(Fault::Hold(hold)) => {
                id.clone_into(&mut hold.id.lock().unwrap());
                hold.reached.notify_one();
                hold.go.notified().await;
                Ok(false)
            }
        }
    }
}

#[async_trait]
impl Store for RiggedStore {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        self.pass(Call::Get, key.table, &key.id).await?;
        self.store.get(key).await
    }

    async fn query(&self, query: &Query) -> Result<Page, StoreError> {
        self.pass(Call::Query, query.table, &query.partition).await?;
        self.store.query(query).await
    }

    /// A record a part, so that there is something between two parts.
    async fn scan(&self, table: Table, after: Option<&str>) -> Result<ScanPage, StoreError> {
        self.pass(Call::Scan, table, after.unwrap_or_default()).await?;
        let mut page = self.store.scan(table, after).await?;
        if page.records.len() > 1 {
            page.next = Some(page.records[0].key.id.to_string());
            page.records.truncate(1);
        }
        Ok(page)
    }

    /// A commit is of the table that its first write is of.
    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let key = commit.writes[0].record.key.clone();
        let answer_lost = self.pass(Call::Commit, key.table, &key.id).await?;
        let outcome = self.store.commit(commit).await;
        if answer_lost {
            return Err(StoreError::OutcomeUnknown("the test says so".into()).into());
        }
        outcome
    }
}
