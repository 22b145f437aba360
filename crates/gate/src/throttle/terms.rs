//! A plan, with what throttling needs of it computed once.

use skybridge_domain::operation::Operation;
use skybridge_domain::plan::{Period, Plan, Quota, QuotaWindow, RouteRule};

/// The most admissions that one lease holds.
const LEASE_MAX: u64 = 10_000;

/// A plan in the terms of the bucket, or what a plan says of one route. Shared by all agencies that are on it.
#[derive(Debug)]
pub(crate) struct Terms {
    /// Of a route: a plan that has the route's rate and burst, and no other limit.
    pub(crate) plan: Plan,
    /// The route whose own bucket it is.
    route: Option<Operation>,
    /// Nanoseconds from one call to the next at the plan's rate.
    pub(super) interval: u64,
    /// Nanoseconds that an empty bucket takes to fill: burst times interval.
    pub(super) fill: u64,
    /// How many admissions a lease holds at most: a second's worth of the rate, at least 1.
    pub(super) lease_max: u64,
    /// The text of `RateLimit-Policy`: one, or one for each length of a month (28 to 31 days).
    policies: Vec<Box<str>>,
}

impl Terms {
    pub(crate) fn of(plan: Plan) -> Self {
        let policies = policies(&plan);
        Self::new(plan, None, policies)
    }

    /// The bucket of a rule's own, if it has one.
    pub(super) fn of_route(plan: &Plan, rule: &RouteRule) -> Option<Self> {
        let pace = rule.pace?;
        let own = Plan::new(plan.name().clone(), pace.rate, pace.burst, None, None)
            .expect("a plan's rules have buckets that a plan could have");
        let policy = bucket_policy(rule.operation.as_str(), &own);
        let policies = policies(plan).iter().map(|whole| format!("{whole}, {policy}").into()).collect();
        Some(Self::new(own, Some(rule.operation.clone()), policies))
    }

    fn new(plan: Plan, route: Option<Operation>, policies: Vec<Box<str>>) -> Self {
        let interval = plan.rate().interval_nanos();
        let fill = interval * u64::from(plan.burst());
        Self {
            interval,
            fill,
            lease_max: plan.rate().whole_calls_per_second().clamp(1, LEASE_MAX),
            policies,
            route,
            plan,
        }
    }

    /// What the bucket is called in the `RateLimit` headers: the route's name, if it is a route's.
    pub(super) fn bucket_name(&self) -> &str {
        self.route.as_ref().map_or("burst", Operation::as_str)
    }

    /// The route whose own bucket it is.
    pub(super) fn route(&self) -> Option<&Operation> {
        self.route.as_ref()
    }

    /// How far ahead of now the bucket's moment may be for a call of `cost` to fit.
    pub(super) fn tolerance(&self, cost: u64) -> u64 {
        self.fill.saturating_sub(self.interval.saturating_mul(cost))
    }

    /// The most that one call may cost.
    pub(super) fn cost_max(&self) -> u64 {
        u64::from(self.plan.burst()).min(self.plan.quota().map_or(u64::MAX, Quota::limit))
    }

    /// Are the limits the same, whatever the plan is called and says of routes?
    pub(super) fn limits_as(&self, other: &Self) -> bool {
        let limits = |terms: &Self| {
            (terms.plan.rate(), terms.plan.burst(), terms.plan.quota(), terms.plan.in_flight())
        };
        limits(self) == limits(other)
    }

    /// The bucket's window in seconds: how long an empty one takes to fill, rounded up.
    pub(super) fn fill_seconds(&self) -> u64 {
        self.fill.div_ceil(NANOS_PER_SECOND)
    }

    /// The text of `RateLimit-Policy` while `window` lasts.
    pub(super) fn policy(&self, window: QuotaWindow) -> &str {
        let days = window.end.since(window.start).as_secs() / DAY_SECONDS;
        let of_month = usize::try_from(days.saturating_sub(MONTH_DAYS_MIN)).unwrap_or(0);
        let at = if self.policies.len() > 1 { of_month.min(self.policies.len() - 1) } else { 0 };
        &self.policies[at]
    }
}

pub(super) const NANOS_PER_SECOND: u64 = 1_000_000_000;
const DAY_SECONDS: u64 = 86_400;
const MONTH_DAYS_MIN: u64 = 28;
const MONTH_DAYS_MAX: u64 = 31;

/// One entry of `RateLimit-Policy`. A name has no character that a quoted string would have to escape.
fn bucket_policy(name: &str, plan: &Plan) -> String {
    let fill = plan.rate().interval_nanos() * u64::from(plan.burst());
    format!(r#""{name}";q={};w={}"#, plan.burst(), fill.div_ceil(NANOS_PER_SECOND))
}

fn policies(plan: &Plan) -> Vec<Box<str>> {
    let burst = bucket_policy("burst", plan);
    let Some(quota) = plan.quota() else {
        return vec![burst.into()];
    };
    let days = match quota.period() {
        Period::Day => 1..=1,
        Period::Week => 7..=7,
        Period::Month => MONTH_DAYS_MIN..=MONTH_DAYS_MAX,
    };
    let text = |days: u64| {
        let (name, limit, seconds) = (quota.period().as_str(), quota.limit(), days * DAY_SECONDS);
        format!(r#"{burst}, "{name}";q={limit};w={seconds}"#).into()
    };
    days.map(text).collect()
}
