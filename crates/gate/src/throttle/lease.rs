//! Admissions that are written down as spent before they are given.

use std::sync::Arc;

use skybridge_domain::agency::AgencyName;
use skybridge_domain::time::Timestamp;

use super::Pace;

/// What is durable of how much an agency has used: its record in the store, field for field.
///
/// Kept as plain numbers so that any store can hold it. Moments are nanoseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseState {
    /// Whose it is.
    pub agency: AgencyName,
    /// The latest moment that was seen when this was written.
    pub seen: Timestamp,
    /// When the bucket is full again (GCRA's theoretical arrival time), the lease not counted.
    pub tat: Timestamp,
    /// Nanoseconds per call that `tat` was computed with: the plan may be another when this is read.
    pub interval_nanos: u64,
    /// The quota's window that `quota_reserved` belongs to; start and end are equal if there never was a quota.
    pub quota_window_start: Timestamp,
    /// Its end.
    pub quota_window_end: Timestamp,
    /// How much of the window's quota counts as used, the whole lease included.
    pub quota_reserved: u64,
    /// How many admissions are leased, and maybe not spent: 0 after a graceful stop.
    pub lease: u64,
}

/// A request to make a lease durable.
///
/// Put [`state`](Self::state) in place of the agency's record, on the condition that the record is still the one
/// that this process wrote or read last; then hand the request to [`Gate::grant`](crate::Gate::grant). When that
/// fails, or its outcome is unknown, drop the request and ask the gate again.
///
/// Several requests for one agency may be handed out at the same time; they ask for the same, and the first one
/// granted takes effect.
#[derive(Debug)]
pub struct LeaseRequest {
    pace: Arc<Pace>,
    state: LeaseState,
    /// The count of changes that it was made at: a lease takes effect only on the very state that it names.
    basis: u64,
}

/// What came of granting a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Its admissions may be spent.
    Taken,
    /// It came too late, and nothing changed.
    Outdated,
}

impl LeaseRequest {
    pub(super) fn new(pace: Arc<Pace>, state: LeaseState, basis: u64) -> Self {
        Self { pace, state, basis }
    }

    /// Whose lease it is.
    #[must_use]
    pub fn agency(&self) -> &AgencyName {
        &self.state.agency
    }

    /// What has to be durable before the lease is granted.
    #[must_use]
    pub fn state(&self) -> &LeaseState {
        &self.state
    }

    /// How many admissions it holds.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.state.lease
    }

    pub(super) fn take_effect(self) -> Grant {
        self.pace.lock().grant(self.state.lease, self.basis)
    }
}

/// What an agency has used, exactly, to be made durable: without a lease, so that a restart wastes nothing.
///
/// Put [`state`](Self::state) in place of the agency's record, then hand this to
/// [`Gate::settled`](crate::Gate::settled). When that fails, or its outcome is unknown, drop it: the gate goes on
/// saying that the agency is to be written down.
#[derive(Debug)]
pub struct Settlement {
    pace: Arc<Pace>,
    state: LeaseState,
    /// The count of changes that it was made at, as in a [`LeaseRequest`].
    basis: u64,
}

impl Settlement {
    pub(super) fn new(pace: Arc<Pace>, state: LeaseState, basis: u64) -> Self {
        Self { pace, state, basis }
    }

    /// What has to be durable.
    #[must_use]
    pub fn state(&self) -> &LeaseState {
        &self.state
    }

    pub(super) fn take_effect(self) {
        self.pace.lock().settled(self.basis);
    }
}

impl std::fmt::Debug for Pace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pace({})", self.agency)
    }
}
