//! The one layer of retries: which failures are worth another attempt, when, and when it is enough.
//!
//! * **Between attempts** there is a pause of random length, up to a bound that doubles each time ("full jitter"):
//!   callers that failed together do not come back together.
//! * **A deadline** spans all attempts of one operation, and each attempt has a time limit of its own.
//! * **A budget** ([`Budget`]) spans all operations of the store: while retries come to something they are free, and
//!   in an outage they end after the first hundred, so that a service that is down is not kept down.

mod backoff;
mod budget;

pub(crate) use budget::Budget;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use skybridge_domain::id::Randomness;

use crate::{Attempt, Failure, Observer, Operation, Outcome, Settings, Timer, Trouble};

/// An attempt that would have less time than this is not made: it would likely be cut off, and then nobody knows
/// whether its write took place.
const ATTEMPT_LEAST: Duration = Duration::from_millis(100);

/// Makes attempts until one does, or no more are due.
pub(crate) struct Retry {
    pub(crate) timer: Arc<dyn Timer>,
    pub(crate) randomness: Arc<dyn Randomness>,
    budget: Budget,
    call_timeout: Duration,
    deadline: Duration,
    observer: Option<Observer>,
}

/// One operation, with the moment by which it must have ended.
#[derive(Debug, Clone)]
pub(crate) struct Errand {
    operation: Operation,
    table: String,
    /// On the timer's clock.
    until: Duration,
}

impl Retry {
    pub(crate) fn new(settings: &Settings, randomness: Arc<dyn Randomness>, timer: Arc<dyn Timer>) -> Self {
        Self {
            timer,
            randomness,
            budget: Budget::new(),
            call_timeout: settings.call_timeout,
            deadline: settings.deadline,
            observer: settings.observer.clone(),
        }
    }

    /// An operation that begins now.
    pub(crate) fn errand(&self, operation: Operation, table: &str) -> Errand {
        Errand { operation, table: table.to_owned(), until: self.timer.now() + self.deadline }
    }

    /// Makes attempts at `errand` until one answers, or fails in a way that another would not mend, or the deadline
    /// or the budget forbids another. An attempt that answers says how the observer shall count it.
    pub(crate) async fn run<T, A, F>(&self, errand: &Errand, attempt: A) -> Result<T, Failure>
    where
        A: FnMut() -> F,
        F: Future<Output = Result<(T, Outcome), Trouble>>,
    {
        self.run_telling(errand, attempt).await.map(|answer| answer.value)
    }

    /// As [`run`](Self::run), and says whether an attempt before the one that answered may have taken place.
    pub(crate) async fn run_telling<T, A, F>(
        &self,
        errand: &Errand,
        mut attempt: A,
    ) -> Result<Answer<T>, Failure>
    where
        A: FnMut() -> F,
        F: Future<Output = Result<(T, Outcome), Trouble>>,
    {
        let mut retry = 0;
        let mut is_open = false;
        loop {
            let trouble = match self.attempt(errand, retry, &mut attempt).await {
                Ok(value) => {
                    self.budget.succeeded(retry);
                    return Ok(Answer { value, attempts: retry + 1, is_open });
                }
                Err(trouble) => trouble,
            };
            is_open |= trouble.leaves_a_write_open();
            let pause = backoff::pause(retry, &*self.randomness);
            let is_in_time = self.timer.now() + pause + ATTEMPT_LEAST <= errand.until;
            if !(trouble.is_worth_a_retry() && is_in_time && self.budget.take()) {
                return Err(errand.failure(retry + 1, trouble, is_open));
            }
            tracing::debug!(operation = %errand.operation, table = errand.table, retry, "{trouble}");
            self.timer.pause(pause).await;
            retry += 1;
        }
    }

    /// Pauses before round number `round` of an operation that is done in parts; not before the first.
    pub(crate) async fn breathe(&self, round: u32) {
        if let Some(before) = round.checked_sub(1) {
            self.timer.pause(backoff::pause(before, &*self.randomness)).await;
        }
    }

    /// One attempt, and no other, if there is any time left.
    pub(crate) async fn once<T, A, F>(&self, errand: &Errand, attempt: A) -> Option<Result<T, Trouble>>
    where
        A: FnMut() -> F,
        F: Future<Output = Result<(T, Outcome), Trouble>>,
    {
        let mut attempt = attempt;
        if self.timer.now() >= errand.until {
            return None;
        }
        Some(self.attempt(errand, 0, &mut attempt).await)
    }

    async fn attempt<T, A, F>(&self, errand: &Errand, retry: u32, attempt: &mut A) -> Result<T, Trouble>
    where
        A: FnMut() -> F,
        F: Future<Output = Result<(T, Outcome), Trouble>>,
    {
        let begun = self.timer.now();
        let limit = self.call_timeout.min(errand.until.saturating_sub(begun));
        let ended = tokio::select! {
            ended = attempt() => ended,
            () = self.timer.expiry(limit) => Err(Trouble::TimedOut),
        };
        if let Some(observer) = &self.observer {
            let outcome = match &ended {
                Ok((_, outcome)) => *outcome,
                Err(trouble) => trouble.outcome(),
            };
            let duration = self.timer.now().saturating_sub(begun);
            observer(&Attempt { operation: errand.operation, outcome, duration, retry });
        }
        ended.map(|(answer, _)| answer)
    }
}

/// What an attempt answered.
pub(crate) struct Answer<T> {
    pub(crate) value: T,
    /// How many attempts were made.
    pub(crate) attempts: u32,
    /// May an attempt before it have taken place?
    pub(crate) is_open: bool,
}

impl Errand {
    pub(crate) fn failure(&self, attempts: u32, trouble: Trouble, is_open: bool) -> Failure {
        let Self { operation, table, .. } = self.clone();
        Failure { operation, table, attempts, trouble, is_open }
    }

    /// Another operation on the same table, with the same deadline.
    pub(crate) fn instead(&self, operation: Operation) -> Self {
        Self { operation, ..self.clone() }
    }
}
