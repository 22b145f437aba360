//! How an agency's plan stands at one moment.

use std::cmp::Reverse;
use std::sync::Arc;

use skybridge_domain::operation::Operation;
use skybridge_domain::plan::{Plan, QuotaWindow};
use skybridge_domain::time::Timestamp;

use super::terms::Terms;

/// How a plan stands at one moment, taken in the same step as the decision it goes with.
#[derive(Debug, Clone)]
pub struct PaceSnapshot {
    pub(super) bucket: BucketSnapshot,
    /// The moment that the caller named.
    pub(super) asked_at: Timestamp,
    pub(super) window: QuotaWindow,
    pub(super) used: u64,
    pub(super) in_flight: u32,
    /// What the call that it was taken for costs.
    pub(super) cost: u32,
    /// The bucket of the call's route, if that has one. Few calls have, and those pay for the allocation.
    pub(super) route: Option<Box<BucketSnapshot>>,
}

/// How one bucket stands.
#[derive(Debug, Clone)]
pub(super) struct BucketSnapshot {
    pub(super) terms: Arc<Terms>,
    /// The moment in the state's own time, which does not go back; see `State::seen`.
    pub(super) seen: u64,
    pub(super) tat: u64,
}

impl BucketSnapshot {
    fn allowance(&self, now: Timestamp) -> Allowance<'_> {
        let debt = self.tat.saturating_sub(self.seen);
        Allowance {
            name: self.terms.bucket_name(),
            limit: u64::from(self.terms.plan.burst()),
            remaining: self.terms.fill.saturating_sub(debt) / self.terms.interval,
            resets_at: Timestamp::from_nanos(self.tat.max(now.as_nanos())),
            window_seconds: self.terms.fill_seconds(),
        }
    }
}

/// One limit of a plan, and how much of it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance<'a> {
    /// Its name in the `RateLimit` headers: `burst`, `day`, `week` or `month`, or that of the route that it is for.
    pub name: &'a str,
    /// How many calls it admits.
    pub limit: u64,
    /// How many of them are left.
    pub remaining: u64,
    /// When all of them are there again if no call comes meanwhile: the burst is full, the next period begins.
    pub resets_at: Timestamp,
    /// What it is counted over, in seconds rounded up.
    pub window_seconds: u64,
}

impl Allowance<'_> {
    /// How many calls of it are used.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.limit - self.remaining
    }
}

impl PaceSnapshot {
    /// The moment it was taken for.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.asked_at
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.bucket.terms.plan
    }

    /// The rate's bucket: how many calls may come at once now. Of a route's account, the route's.
    #[must_use]
    pub fn burst(&self) -> Allowance<'_> {
        self.bucket.allowance(self.asked_at)
    }

    /// The bucket of the call's route, if it has one of its own.
    #[must_use]
    pub fn route(&self) -> Option<Allowance<'_>> {
        self.route.as_ref().map(|route| route.allowance(self.asked_at))
    }

    /// How many calls the call counts as.
    #[must_use]
    pub fn cost(&self) -> u64 {
        u64::from(self.cost)
    }

    /// The name of the call's route, if that has a bucket of its own.
    pub(super) fn route_name(&self) -> Option<&Operation> {
        self.route.as_ref().and_then(|route| route.terms.route())
    }

    /// The quota of the period, if the plan has one.
    #[must_use]
    pub fn quota(&self) -> Option<Allowance<'_>> {
        let quota = self.plan().quota()?;
        Some(Allowance {
            name: quota.period().as_str(),
            limit: quota.limit(),
            remaining: quota.limit().saturating_sub(self.used),
            resets_at: self.window.end,
            window_seconds: self.window.end.since(self.window.start).as_secs(),
        })
    }

    /// How many calls are under way, this one included if it was admitted.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// The limit that is nearest to being reached, as a share of itself; of equals the one over the longer time. One
    /// that has not enough left for another such call is reached.
    #[must_use]
    pub fn nearest(&self) -> Allowance<'_> {
        let left = |one: Allowance<'_>| if one.remaining < self.cost() { 0 } else { one.remaining };
        let share = |one, other: Allowance<'_>| u128::from(left(one)) * u128::from(other.limit);
        let key = |one, other: Allowance<'_>| (share(one, other), Reverse(one.window_seconds));
        let nearer = |one, other| if key(one, other) < key(other, one) { one } else { other };
        self.route().into_iter().chain(self.quota()).fold(self.burst(), nearer)
    }

    /// The same moment, for a call that costs `cost` and takes from the bucket `route` too.
    pub(super) fn of_call(self, cost: u64, route: Option<BucketSnapshot>) -> Self {
        let cost = u32::try_from(cost).expect("a call costs at most a burst");
        Self { cost, route: route.map(Box::new), ..self }
    }

    /// The text of `RateLimit-Policy`.
    pub(crate) fn policy(&self) -> &str {
        let bucket = self.route.as_deref().unwrap_or(&self.bucket);
        bucket.terms.policy(self.window)
    }
}
