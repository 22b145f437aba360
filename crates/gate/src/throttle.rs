//! May this call come in now, by the agency's plan?
//!
//! One step under one lock asks rate and burst, quota, and calls in flight together; the call counts against all of
//! them or, when refused, against none.
//!
//! # How limits survive a crash
//!
//! What was used lives in memory; writing it down with every call would cost a disk write each. So calls are
//! admitted out of **leases**: before the gate gives out `k` admissions, the desk makes durable that they *are*
//! spent ([`LeaseRequest`]); only then it says so ([`Gate::grant`]). Whatever moment the process dies at, no more
//! was admitted than the record says, and the next run takes all of it for spent: the last calls of the lease at
//! the very moment of the restart, the latest at which they can have been. A restart can so waste what was left
//! of a lease, at most about a second of the plan's rate and a hundredth of what was left of the quota, but never
//! grant anything twice. A graceful stop writes down the exact state ([`Gate::settle_agency`]) and wastes nothing.
//!
//! A lease is asked for when the one before is spent, and any change that it does not know of (a new quota window,
//! another plan) voids it. So while a lease is being written down nothing is admitted, and the state that it names
//! is still the state when it is granted.

mod lease;
mod permit;
mod snapshot;
mod state;
mod terms;

pub use lease::{Grant, LeaseRequest, LeaseState, Settlement};
pub use permit::Permit;
pub use snapshot::{Allowance, PaceSnapshot};
pub(crate) use terms::Terms;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use skybridge_domain::agency::AgencyName;
use skybridge_domain::plan::{Quota, Rate};
use skybridge_domain::time::Timestamp;

use crate::{Caller, Gate};
use state::{State, Verdict};

/// What becomes of a call.
#[derive(Debug)]
pub enum Admission {
    /// It may come in, and is counted.
    Admitted(Permit),
    /// It may not, and is not counted.
    Refused(Refused),
    /// The plan allows it, but the lease is spent. Make the request durable, [`grant`](Gate::grant) it, and ask
    /// again. The call is not counted.
    LeaseNeeded(LeaseRequest),
}

/// A refusal by the plan, and how the plan stood at that moment.
#[derive(Debug)]
pub struct Refused {
    /// Why, and until when.
    pub refusal: ThrottleRefusal,
    /// How the plan stood.
    pub pace: PaceSnapshot,
}

/// Why a call is not within the plan. When several limits are reached, the one that holds longest.
///
/// `retry_at` is the first moment at which a retry passes if no other call comes in meanwhile; a nanosecond before,
/// it would not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ThrottleRefusal {
    /// Calls came faster than the plan's rate, and the burst is used up.
    #[error("The plan admits {rate} with bursts of {burst}.")]
    RateLimited {
        /// The plan's rate.
        rate: Rate,
        /// The plan's burst.
        burst: u32,
        /// When a retry passes.
        retry_at: Timestamp,
    },
    /// The quota of the day, week or month is used up.
    #[error("The quota of {quota} is used up until {retry_at}.")]
    QuotaExceeded {
        /// The plan's quota.
        quota: Quota,
        /// When a retry passes: when the next period begins.
        retry_at: Timestamp,
    },
    /// As many calls are under way as may be at the same time.
    #[error("The plan admits {limit} calls in flight at once, and so many are.")]
    TooManyInFlight {
        /// How many may be in flight.
        limit: u32,
        /// A second from now: nobody knows when a call ends.
        retry_at: Timestamp,
    },
}

impl ThrottleRefusal {
    /// When a retry passes.
    #[must_use]
    pub fn retry_at(&self) -> Timestamp {
        match *self {
            Self::RateLimited { retry_at, .. }
            | Self::QuotaExceeded { retry_at, .. }
            | Self::TooManyInFlight { retry_at, .. } => retry_at,
        }
    }
}

impl Gate {
    /// Asks for one call of `caller` at `now`. One atomic step; refused calls count against nothing.
    #[must_use]
    pub fn admit(&self, caller: &Caller, now: Timestamp) -> Admission {
        let pace = caller.pace();
        let mut state = pace.lock();
        match state.admit(now) {
            Verdict::Admitted => {
                let snapshot = state.snapshot(now);
                drop(state);
                Admission::Admitted(Permit::new(caller.clone(), snapshot))
            }
            Verdict::Refused(refusal) => Admission::Refused(Refused { refusal, pace: state.snapshot(now) }),
            Verdict::LeaseSpent => {
                let (lease, basis) = state.lease(pace.agency.clone());
                drop(state);
                Admission::LeaseNeeded(LeaseRequest::new(Arc::clone(pace), lease, basis))
            }
        }
    }

    /// Makes the admissions of a lease available, now that its [`state`](LeaseRequest::state) is durable.
    ///
    /// A lease that is no longer needed, because another was granted meanwhile or the plan or quota window is
    /// another one, has no effect; its record stands and does no harm.
    pub fn grant(&self, lease: LeaseRequest) -> Grant {
        lease.take_effect()
    }

    /// The agencies whose durable record says anything else than what they have used. For a graceful stop: once
    /// what [`settle_agency`](Self::settle_agency) says of each is durable, a restart goes on where this run ended.
    #[must_use]
    pub fn unsettled(&self) -> Vec<AgencyName> {
        let registry = self.registry.load();
        registry.paces().filter(|pace| pace.lock().unsettled()).map(|pace| pace.agency.clone()).collect()
    }

    /// The agencies whose durable record a change of rate made worthless: from it alone, a restart after yet another
    /// change could take less for used than was used. Ask after [`Gate::new`] and [`Gate::replace`], and write down
    /// what [`settle_agency`](Self::settle_agency) says of each before the plan can change again.
    #[must_use]
    pub fn lagging(&self) -> Vec<AgencyName> {
        let registry = self.registry.load();
        registry.paces().filter(|pace| pace.lock().lagging()).map(|pace| pace.agency.clone()).collect()
    }

    /// Gives up the agency's lease and says what it has used, exactly; `None` when its record says the same already.
    /// Make it durable and say so with [`settled`](Self::settled); until then the agency counts as before.
    ///
    /// No lease of the agency may be written between this and the writing down, or the older state would overwrite
    /// the newer.
    #[must_use]
    pub fn settle_agency(&self, agency: &AgencyName) -> Option<Settlement> {
        let registry = self.registry.load();
        let pace = registry.pace_of(agency)?;
        let (state, basis) = pace.lock().settle(agency)?;
        Some(Settlement::new(Arc::clone(pace), state, basis))
    }

    /// Takes note that the settlement's [`state`](Settlement::state) is durable: the agency is no longer
    /// [`unsettled`](Self::unsettled) nor [`lagging`](Self::lagging). Without effect if a lease was granted or the
    /// plan changed since it was made.
    pub fn settled(&self, settlement: Settlement) {
        settlement.take_effect();
    }

    /// How `caller`'s plan stands at `now`. Counts nothing.
    #[must_use]
    pub fn pace(&self, caller: &Caller, now: Timestamp) -> PaceSnapshot {
        caller.pace().snapshot(now)
    }

    /// How an agency's plan stands at `now`; `None` if there is no such agency. Counts nothing.
    #[must_use]
    pub fn pace_of(&self, agency: &AgencyName, now: Timestamp) -> Option<PaceSnapshot> {
        self.registry.load().pace_of(agency).map(|pace| pace.snapshot(now))
    }
}

/// How much an agency has used of its plan. Shared by all of its keys, and by registries that follow one another.
pub(crate) struct Pace {
    agency: AgencyName,
    state: Mutex<State>,
}

impl Pace {
    pub(crate) fn fresh(agency: AgencyName, terms: Arc<Terms>, now: Timestamp) -> Self {
        Self { agency, state: Mutex::new(State::fresh(terms, now)) }
    }

    pub(crate) fn restored(lease: LeaseState, terms: Arc<Terms>, now: Timestamp) -> Self {
        let state = Mutex::new(State::restored(&lease, terms, now));
        Self { agency: lease.agency, state }
    }

    pub(crate) fn adopt(&self, terms: Arc<Terms>, now: Timestamp) {
        self.lock().adopt(terms, now);
    }

    fn snapshot(&self, now: Timestamp) -> PaceSnapshot {
        let mut state = self.lock();
        state.advance(now);
        state.snapshot(now)
    }

    /// No code that can panic runs under the lock; if it did, a state between two calls is still a whole one.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
