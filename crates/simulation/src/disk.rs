//! The store of a story: what is durable, and commits that have not come so far.
//!
//! A read waits once and then sees what is durable at that moment. A commit waits in the queue until the story lets it
//! through: then its conditions are checked and it is applied, in one step, and whoever made it is told; or it is
//! lost, or its answer is. Commits that are let through together are a group, as the embedded store has them; one by
//! one in any order, they are what a table shared by many processes sees. A process that dies leaves its commits in the
//! queue behind, as a network does: the story says which still take place.

use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Poll, Waker};

use async_trait::async_trait;
use futures_util::FutureExt;
use skybridge_store::{
    Commit, CommitError, Key, MemoryStore, Page, Query, Record, ScanPage, Store, StoreError, Table,
};

/// What all processes of a story store into.
#[derive(Default)]
pub(crate) struct Disk {
    durable: MemoryStore,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Nothing waits: the scene is set, or the end is looked at.
    is_calm: bool,
    queue: Vec<Waiting>,
}

/// A commit in the queue.
struct Waiting {
    process: usize,
    commit: Commit,
    answer: Arc<Mutex<Answer>>,
}

#[derive(Default)]
struct Answer {
    outcome: Option<Result<(), CommitError>>,
    waker: Option<Waker>,
}

/// What becomes of a commit that is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Answered,
    /// It takes place, unless its condition fails, and nobody is told.
    AnswerLost,
    /// It does not take place, and nobody knows.
    Lost,
    /// It does not take place, and its caller is told so.
    Refused,
}

impl Disk {
    /// While `work` runs, nothing waits.
    pub(crate) fn calmly<T>(&self, work: impl Future<Output = T>) -> T {
        self.state().is_calm = true;
        let done = work.now_or_never().expect("nothing waits on a calm disk");
        self.state().is_calm = false;
        done
    }

    /// How many commits wait.
    pub(crate) fn waiting(&self) -> usize {
        self.state().queue.len()
    }

    /// Lets the commit at this place of the queue through.
    pub(crate) fn let_through(&self, at: usize, fate: Fate) {
        let Waiting { commit, answer, .. } = self.state().queue.remove(at);
        let reason = || "the story says so".into();
        let outcome = match fate {
            Fate::Answered => self.apply(commit),
            Fate::AnswerLost => {
                let _untold = self.apply(commit);
                Err(StoreError::OutcomeUnknown(reason()).into())
            }
            Fate::Lost => Err(StoreError::OutcomeUnknown(reason()).into()),
            Fate::Refused => Err(StoreError::Unavailable(reason()).into()),
        };
        let mut answer = answer.lock().expect("nothing panics while it is locked");
        answer.outcome = Some(outcome);
        if let Some(waker) = answer.waker.take() {
            waker.wake();
        }
    }

    /// The places in the queue of what a process has there, the last one first.
    pub(crate) fn left_by(&self, process: usize) -> Vec<usize> {
        let state = self.state();
        (0..state.queue.len()).rev().filter(|at| state.queue[*at].process == process).collect()
    }

    fn apply(&self, commit: Commit) -> Result<(), CommitError> {
        self.durable.commit(commit).now_or_never().expect("memory does not wait")
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it is locked")
    }
}

/// The disk as one process sees it.
pub(crate) struct ProcessStore {
    pub(crate) disk: Arc<Disk>,
    pub(crate) process: usize,
}

impl ProcessStore {
    /// Lets others go on before a read.
    async fn pause(&self) {
        let mut waited = self.disk.state().is_calm;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut waited, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

#[async_trait]
impl Store for ProcessStore {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        self.pause().await;
        self.disk.durable.get(key).await
    }

    async fn query(&self, query: &Query) -> Result<Page, StoreError> {
        self.pause().await;
        self.disk.durable.query(query).await
    }

    async fn scan(&self, table: Table, after: Option<&str>) -> Result<ScanPage, StoreError> {
        self.pause().await;
        self.disk.durable.scan(table, after).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        if self.disk.state().is_calm {
            return self.disk.apply(commit);
        }
        commit.check()?;
        let answer = Arc::new(Mutex::new(Answer::default()));
        let waiting = Waiting { process: self.process, commit, answer: Arc::clone(&answer) };
        self.disk.state().queue.push(waiting);
        std::future::poll_fn(|context| {
            let mut answer = answer.lock().expect("nothing panics while it is locked");
            match answer.outcome.take() {
                Some(outcome) => Poll::Ready(outcome),
                None => {
                    answer.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}
