//! May this call come in now, by the agency's plan?
//!
//! One step under one lock asks rate and burst, quota, and calls in flight together; the call counts against all of
//! them or, when refused, against none. A call of a route with a rule of its own may cost more, and be paced by the
//! route's own bucket too: `call.rs`.
//!
//! # How limits hold on many nodes, and survive a crash
//!
//! Writing down every call would cost a write each. So calls are admitted out of **leases**: tokens that one write has
//! moved from the agency's record, which all nodes share, to this node. `bucket.rs` has the rules and why the plan
//! holds by them; `lease_size.rs` how many tokens a lease takes; `lease.rs` what the desk has to do for it.
//!
//! Whatever moment a node dies at, the record says that what it held is used. That can waste what was left of a lease,
//! but never grant anything twice. A graceful stop gives back what is held and wastes nothing
//! ([`Account::settlement`]).

mod book;
mod bucket;
mod call;
mod drafts;
mod lease;
mod lease_size;
mod load;
mod marks;
mod node;
mod permit;
mod pool;
mod rules;
mod snapshot;
mod state;
mod terms;

pub(crate) use book::Post;
pub use bucket::{Bucket, Recorded, Share};
pub use drafts::Grant;
pub use lease::{Account, Draft, LeaseRequest};
pub use load::{Capacity, CommitUnderWay, LoadStanding, Overloaded};
pub use node::Node;
pub use permit::Permit;
use permit::Place;
pub use rules::RouteTerms;
pub(crate) use rules::{PlanTerms, Rule};
pub use snapshot::{Allowance, PaceSnapshot};
pub(crate) use terms::Terms;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use skybridge_domain::agency::AgencyName;
use skybridge_domain::operation::Operation;
use skybridge_domain::plan::{Quota, Rate};
use skybridge_domain::time::Timestamp;

use crate::locks::{Mutex, MutexGuard};
use crate::{Caller, Gate};
use call::{Call, Side};
use state::{Answer, State};

/// What becomes of a call.
#[derive(Debug)]
pub enum Admission {
    /// It may come in, and is counted.
    Admitted(Permit),
    /// It may not, and is not counted.
    Refused(Refused),
    /// The plan may allow it, but no token is held for it. See to a lease ([`Account`] says how), or ask again. The
    /// call is not counted.
    LeaseNeeded(LeaseRequest),
}

/// A refusal by the plan, and how the plan stood at that moment.
#[derive(Debug)]
pub struct Refused {
    /// Why, and until when.
    pub refusal: ThrottleRefusal,
    /// How the plan stood.
    pub pace: PaceSnapshot,
    of_route: bool,
}

impl Refused {
    /// The route whose own rate it is that refuses; `None` if it is a limit of the whole plan.
    #[must_use]
    pub fn route(&self) -> Option<&Operation> {
        self.pace.route_name().filter(|_| self.of_route)
    }
}

/// Why a call is not within the plan. When several limits are reached, the one that holds longest.
///
/// `retry_at` is the first moment at which a retry passes if no other call comes in meanwhile; a nanosecond before,
/// it would not. Beside other nodes it is when this one asks again: then a retry passes unless others took it all.
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
    /// Can this process carry one more call of `caller` at `now`? To be asked before the plan is, so that a call that is turned
    /// away counts against nothing.
    ///
    /// # Errors
    /// When it cannot, and the agency has its share of what is under way.
    pub fn room_for(&self, caller: &Caller, now: Timestamp) -> Result<(), Overloaded> {
        self.post.load.room_for(now, || caller.pace().lock().in_flight())
    }

    /// A commit of a call begins at `now`: what can be carried is told from how long it takes.
    pub fn begin_commit(&self, now: Timestamp) -> CommitUnderWay<'_> {
        self.post.load.begin_commit(now)
    }

    /// How much is under way, and how much may be.
    #[must_use]
    pub fn load(&self) -> LoadStanding {
        self.post.load.standing()
    }

    /// Asks for one call of `operation` by `caller` at `now`. One atomic step; refused calls count against nothing.
    #[must_use]
    pub fn admit(&self, caller: &Caller, operation: &Operation, now: Timestamp) -> Admission {
        if !caller.rules().is_empty() {
            return Call::of(caller, operation).admit(now);
        }
        let pace = caller.pace();
        let mut state = pace.lock();
        match state.ask(1, now) {
            Answer::Ready => {
                state.spend(1);
                let is_first = state.enter();
                let renewal_due = state.is_low();
                let snapshot = state.snapshot(now);
                drop(state);
                let place = Place::taken(&self.post, is_first);
                Admission::Admitted(Permit::new(caller.clone(), place, snapshot, renewal_due, None))
            }
            Answer::Refused(refusal) => {
                Admission::Refused(Refused { refusal, pace: state.snapshot(now), of_route: false })
            }
            Answer::Lacking => {
                Admission::LeaseNeeded(LeaseRequest::new(Call::of(caller, operation), Side::Plan))
            }
        }
    }

    /// The account of an agency; `None` if there is no such agency.
    #[must_use]
    pub fn account(&self, agency: &AgencyName) -> Option<Account> {
        self.registry.load().pace_of(agency).map(|pace| Account(Arc::clone(pace)))
    }

    /// All accounts that an agency ever had in this run: its own, and those of its routes. None if there is no such
    /// agency.
    #[must_use]
    pub fn accounts(&self, agency: &AgencyName) -> Vec<Account> {
        let registry = self.registry.load();
        let Some(pace) = registry.pace_of(agency) else { return Vec::new() };
        let of_routes = pace.routes().values().map(|route| Account(Arc::clone(route))).collect::<Vec<_>>();
        std::iter::once(Account(Arc::clone(pace))).chain(of_routes).collect()
    }

    /// The rules for routes in the agency's plan, in order of their operations; none if there is no such agency.
    #[must_use]
    pub fn rules_of(&self, agency: &AgencyName) -> Vec<RouteTerms> {
        self.registry.load().rules_of(agency).iter().map(Rule::terms).collect()
    }

    /// How the limits of a call of `operation` by `caller` stand at `now`, as far as this node knows. Counts nothing.
    #[must_use]
    pub fn pace(&self, caller: &Caller, operation: &Operation, now: Timestamp) -> PaceSnapshot {
        Call::of(caller, operation).snapshot(now)
    }
}

/// How much an agency has used of its plan, or of what it says of one route. Shared by all of its keys, and by
/// registries that follow one another.
///
/// What a call touches comes first: with many agencies, waiting for memory is most of its time.
#[repr(C)]
pub(crate) struct Pace {
    state: Mutex<State>,
    /// What no call needs, out of the way of what all do.
    subject: Box<Subject>,
}

/// Whose pace it is.
struct Subject {
    agency: AgencyName,
    /// The route whose own bucket it is; `None` for the whole of the plan.
    route: Option<Operation>,
    /// The paces of the agency's routes that ever had a rate of their own. Empty in those.
    routes: Mutex<BTreeMap<Operation, Arc<Pace>>>,
}

impl Pace {
    /// Nothing is known of what the agency has used before its record is read.
    pub(crate) fn unknown(agency: AgencyName, terms: Arc<Terms>, post: Arc<Post>, now: Timestamp) -> Self {
        let subject = Subject { agency, route: None, routes: Mutex::new(BTreeMap::new()) };
        Self::of(subject, terms, post, now)
    }

    fn of(subject: Subject, terms: Arc<Terms>, post: Arc<Post>, now: Timestamp) -> Self {
        let state = Mutex::new(State::unknown(terms, post, now));
        Self { state, subject: Box::new(subject) }
    }

    /// The pace of one of the agency's routes, if it ever had one.
    pub(crate) fn of_route(&self, route: &Operation) -> Option<Arc<Self>> {
        self.routes().get(route).cloned()
    }

    /// Makes the pace of a route that never had one.
    pub(crate) fn add_route(
        &self,
        route: &Operation,
        terms: Arc<Terms>,
        post: Arc<Post>,
        now: Timestamp,
    ) -> Arc<Self> {
        let agency = self.subject.agency.clone();
        let subject = Subject { agency, route: Some(route.clone()), routes: Mutex::new(BTreeMap::new()) };
        let pace = Arc::new(Self::of(subject, terms, post, now));
        self.routes().insert(route.clone(), Arc::clone(&pace));
        pace
    }

    /// Takes other terms from `now` on. Says what time it is then, which is that of the agency's routes too.
    pub(crate) fn adopt(&self, terms: Arc<Terms>, now: Timestamp) -> Timestamp {
        let mut state = self.lock();
        state.adopt(terms, now);
        state.time()
    }

    /// Is it of one route only?
    pub(crate) fn is_of_route(&self) -> bool {
        self.subject.route.is_some()
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

    fn routes(&self) -> MutexGuard<'_, BTreeMap<Operation, Arc<Self>>> {
        self.subject.routes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
