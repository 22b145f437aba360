//! Letting a call in: the gate decides, and what it must remember across a crash is made durable here.
//!
//! The gate admits calls out of a lease: admissions that the store already counts as spent. When a lease is used
//! up, one caller of the agency makes the next one durable while the others of that agency wait for it; most
//! calls meet a lease with something left and touch no storage.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use skybridge_domain::agency::AgencyName;
use skybridge_domain::time::Timestamp;
use skybridge_gate::{Admission, Caller, LeaseRequest, LeaseState, Permit, Refused};
use skybridge_store::{
    Attributes, Commit, CommitError, Key, Listing, Record, Store, StoreError, Table, Write,
};
use tokio::sync::Mutex as AsyncMutex;

use crate::Desk;
use crate::attribute::{self, Unreadable, damaged};
use crate::listing;

/// Why a call was not let in.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    /// The plan does not allow it now.
    #[error("the plan does not allow the call")]
    Refused(Refused),
    /// The store could not record a lease.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One turn per agency: whoever holds it takes the next lease. Grows with the agencies, never beyond them.
#[derive(Default)]
pub(crate) struct Turns {
    by_agency: Mutex<HashMap<AgencyName, Arc<AsyncMutex<()>>>>,
}

impl Turns {
    fn of(&self, agency: &AgencyName) -> Arc<AsyncMutex<()>> {
        let mut turns = self.by_agency.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(turns.entry(agency.clone()).or_default())
    }
}

const PARTITION: &str = "limits";

/// How often a record is written anew after another write got in the way.
const WRITE_ATTEMPTS_MAX: usize = 8;

impl Desk {
    /// Asks for one call of `caller`: rate, burst, quota and calls in flight, in one step.
    ///
    /// # Errors
    /// When the plan does not allow it (it then counts against nothing), or a lease could not be recorded.
    pub async fn admit(&self, caller: &Caller) -> Result<Permit, AdmissionError> {
        match self.gate.admit(caller, self.clock.now()) {
            Admission::Admitted(permit) => return Ok(permit),
            Admission::Refused(refused) => return Err(AdmissionError::Refused(refused)),
            Admission::LeaseNeeded(_) => {}
        }
        let turns = self.turns.of(caller.agency());
        let _turn = turns.lock().await;
        loop {
            // Whoever had the turn before may have taken a lease that is enough for this call too.
            match self.gate.admit(caller, self.clock.now()) {
                Admission::Admitted(permit) => return Ok(permit),
                Admission::Refused(refused) => return Err(AdmissionError::Refused(refused)),
                Admission::LeaseNeeded(request) => self.take_lease(request).await?,
            }
        }
    }

    async fn take_lease(&self, request: LeaseRequest) -> Result<(), StoreError> {
        self.write_limits(request.state()).await?;
        self.gate.grant(request);
        Ok(())
    }

    /// Writes down what every agency has used, exactly, so that a restart goes on from there. For a graceful stop;
    /// a call that is let in meanwhile, because it outlasted the drain, takes a lease as ever.
    ///
    /// # Errors
    /// When the store does not take it. Nothing is granted twice then either: what is on record counts more as
    /// used, not less.
    pub async fn settle_limits(&self) -> Result<(), StoreError> {
        self.write_exact_limits(self.gate.unsettled()).await
    }

    /// Writes down what agencies have used whose record a change of rate made worthless. Before the plans can change
    /// again, or a crash after that could give back what was used.
    pub(crate) async fn write_lagging_limits(&self) -> Result<(), StoreError> {
        self.write_exact_limits(self.gate.lagging()).await
    }

    /// Asks the gate only once the agency's turn is had: a state that is older than the turn may be older than a
    /// lease on record, and would give back what was admitted out of it.
    async fn write_exact_limits(&self, agencies: Vec<AgencyName>) -> Result<(), StoreError> {
        for agency in agencies {
            let turns = self.turns.of(&agency);
            let _turn = turns.lock().await;
            if let Some(settlement) = self.gate.settle_agency(&agency) {
                self.write_limits(settlement.state()).await?;
                self.gate.settled(settlement);
            }
        }
        Ok(())
    }

    /// Puts `state` in place of the agency's record. Only the holder of the agency's turn writes it, so what gets in
    /// the way is a write of an earlier holder whose caller went away meanwhile; its lease was never granted, and
    /// `state` holds without it.
    async fn write_limits(&self, state: &LeaseState) -> Result<(), StoreError> {
        let mut attempts = 0..WRITE_ATTEMPTS_MAX;
        loop {
            let standing = self.store.get(&key_of(&state.agency)).await?;
            let write = match standing {
                None => Write::create(record_of(state, 1)),
                Some(standing) => Write::replace(record_of(state, standing.version + 1), standing.version),
            };
            match self.store.commit(Commit::of(write)).await {
                Ok(()) => return Ok(()),
                Err(CommitError::Store(error)) => return Err(error),
                Err(lost @ CommitError::ConditionFailed { .. }) if attempts.next().is_none() => {
                    return Err(StoreError::Unavailable(lost.into()));
                }
                Err(CommitError::ConditionFailed { .. }) => {}
            }
        }
    }
}

/// What every agency had used when the last run ended.
pub(crate) async fn recorded_limits(store: &dyn Store) -> Result<Vec<LeaseState>, StoreError> {
    let records = listing::all(store, Table::Limits, PARTITION, None, None).await?;
    records.iter().map(|record| state_of(record).map_err(|error| damaged(&record.key, error))).collect()
}

fn key_of(agency: &AgencyName) -> Key {
    Key::new(Table::Limits, agency.as_str())
}

fn record_of(state: &LeaseState, version: u64) -> Record {
    let attributes = Attributes::with_capacity(8)
        .with("interval_nanos", state.interval_nanos)
        .with("lease", state.lease)
        .with("quota_reserved", state.quota_reserved)
        .with("quota_window_end", state.quota_window_end.as_nanos())
        .with("quota_window_start", state.quota_window_start.as_nanos())
        .with("seen", state.seen.as_nanos())
        .with("tat", state.tat.as_nanos());
    let listing = Listing { partition: PARTITION.to_owned(), sort: state.agency.to_string() };
    Record { key: key_of(&state.agency), version, listing: Some(listing), attributes }
}

fn state_of(record: &Record) -> Result<LeaseState, Unreadable> {
    let number = |name| attribute::number(&record.attributes, name);
    let moment = |name| number(name).map(Timestamp::from_nanos);
    Ok(LeaseState {
        agency: AgencyName::new(&record.key.id).map_err(|_| Unreadable("agency"))?,
        seen: moment("seen")?,
        tat: moment("tat")?,
        interval_nanos: number("interval_nanos")?,
        quota_window_start: moment("quota_window_start")?,
        quota_window_end: moment("quota_window_end")?,
        quota_reserved: number("quota_reserved")?,
        lease: number("lease")?,
    })
}
