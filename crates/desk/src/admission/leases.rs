//! Reading and writing the records of limits, as the gate's accounts ask for it.

use std::sync::Arc;

use skybridge_domain::time::{Clock, Timestamp};
use skybridge_gate::{Account, Draft, Recorded};
use skybridge_store::{Commit, CommitError, Store, StoreError, Write};

use super::Turns;
use super::record::{key_of, record_of, recorded_of};
use super::report::Report;

/// How often a record is written anew after another node's write got in the way.
const WRITE_ATTEMPTS_MAX: usize = 16;

/// How long a call, and whoever writes in the background, goes on trying. One operation of the store may take longer
/// than this; then it is the last.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);

/// How long a renewal that the store did not take is not tried again.
const RENEW_AGAIN: std::time::Duration = std::time::Duration::from_secs(1);

/// What a process needs to take leases and give them back. Shared with the renewals in the background.
pub(crate) struct Leases {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    pub(super) turns: Turns,
    report: Report,
}

/// Whether a draft was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Yes,
    /// Another record stands there, and the account has learned it; or it was open, and the record has to be read.
    No,
}

impl Leases {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { store, clock, turns: Turns::default(), report: Report::new() })
    }

    /// The account's record.
    pub(super) async fn read(&self, account: &Account) -> Result<Recorded, StoreError> {
        recorded_of(self.store.get(&key_of(account)).await?.as_ref())
    }

    /// Has the account know its record. To be called, as all that follows, by whoever has the agency's turn.
    pub(super) async fn bring_up_to_date(&self, account: &Account) -> Result<(), StoreError> {
        if account.must_read() {
            let recorded = self.report.heard(self.read(account).await)?;
            account.learn(recorded, self.clock.now());
        }
        Ok(())
    }

    /// Writes the draft where the record that it was made from still stands.
    pub(super) async fn write(&self, account: &Account, draft: &Draft) -> Result<Written, StoreError> {
        let record = record_of(key_of(account), draft.bucket(), draft.replaces() + 1);
        let write = match draft.replaces() {
            0 => Write::create(record),
            version => Write::replace(record, version),
        };
        let outcome = self.store.commit(Commit::of(write)).await;
        self.report.lease_written(&outcome);
        match outcome {
            Ok(()) => {
                self.report.heard(Ok(()))?;
                Ok(Written::Yes)
            }
            Err(CommitError::ConditionFailed { standing, .. }) => {
                account.learn(recorded_of(standing.as_deref())?, self.clock.now());
                Ok(Written::No)
            }
            // The record tells whether it took place; if it cannot be read either, the store is away.
            Err(CommitError::Store(StoreError::OutcomeUnknown(_))) => Ok(Written::No),
            Err(CommitError::Store(error)) => self.report.heard(Err(error)),
        }
    }

    /// An error once that much time has passed since `begun`: the store cannot be said to be there.
    pub(super) fn in_patience(&self, begun: Timestamp) -> Result<(), StoreError> {
        if self.clock.now().since(begun) < PATIENCE {
            return Ok(());
        }
        let late = "the record of limits could not be read and written in time";
        self.report.heard(Err(StoreError::Unavailable(late.into())))
    }

    /// Takes more for the account in the background, before it is used up. Its failing harms nobody yet.
    pub(super) fn renew_ahead(self: &Arc<Self>, account: Account) {
        let leases = Arc::clone(self);
        tokio::spawn(async move {
            let _turn = leases.turns.take(account.agency()).await;
            if leases.renew(&account).await.is_err() {
                leases.report.renewal_failed();
                account.renewal_failed(leases.clock.now().plus(RENEW_AGAIN));
            }
        });
    }

    async fn renew(&self, account: &Account) -> Result<(), StoreError> {
        let begun = self.clock.now();
        for _ in 0..WRITE_ATTEMPTS_MAX {
            self.in_patience(begun)?;
            self.bring_up_to_date(account).await?;
            let Some(draft) = account.renewal(self.clock.now()) else { return Ok(()) };
            if self.write(account, &draft).await? == Written::Yes {
                draft.written();
                return Ok(());
            }
        }
        Err(StoreError::Overloaded)
    }

    /// Gives back what the accounts hold. Tries all of them, and says how the first one failed.
    pub(super) async fn settle(&self, accounts: Vec<Account>) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        for account in accounts {
            let settled = self.settle_one(&account).await;
            outcome = outcome.and(settled);
        }
        outcome
    }

    /// Takes the draft only once the agency's turn is had: one from before may be older than a lease on record, and
    /// would give back what was admitted out of it.
    async fn settle_one(&self, account: &Account) -> Result<(), StoreError> {
        let _turn = self.turns.take(account.agency()).await;
        let begun = self.clock.now();
        for _ in 0..WRITE_ATTEMPTS_MAX {
            self.in_patience(begun)?;
            self.bring_up_to_date(account).await?;
            let held = account.held();
            let Some(draft) = account.settlement(self.clock.now()) else { return Ok(()) };
            if self.write(account, &draft).await? == Written::Yes {
                draft.written();
                self.report.returned(held);
                return Ok(());
            }
        }
        Err(StoreError::Overloaded)
    }
}
