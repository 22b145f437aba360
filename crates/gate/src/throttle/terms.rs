//! A plan, with what throttling needs of it computed once.

use skybridge_domain::plan::{Period, Plan, QuotaWindow};

/// The most admissions that one lease holds.
const LEASE_MAX: u64 = 10_000;

/// A plan in the terms of the bucket. Shared by all agencies that are on it.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) plan: Plan,
    /// Nanoseconds from one call to the next at the plan's rate.
    pub(super) interval: u64,
    /// Nanoseconds that an empty bucket takes to fill: burst times interval.
    pub(super) fill: u64,
    /// How far ahead of now the bucket's moment may be for one more call to fit: one interval less than `fill`.
    pub(super) tolerance: u64,
    /// How many admissions a lease holds at most: a second's worth of the rate, at least 1.
    pub(super) lease_max: u64,
    /// The text of `RateLimit-Policy`: one, or one for each length of a month (28 to 31 days).
    policies: Vec<Box<str>>,
}

impl Terms {
    pub(crate) fn of(plan: Plan) -> Self {
        let interval = plan.rate().interval_nanos();
        let fill = interval * u64::from(plan.burst());
        Self {
            interval,
            fill,
            tolerance: fill - interval,
            lease_max: plan.rate().whole_calls_per_second().clamp(1, LEASE_MAX),
            policies: policies(&plan, fill),
            plan,
        }
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

fn policies(plan: &Plan, fill: u64) -> Vec<Box<str>> {
    let burst = format!(r#""burst";q={};w={}"#, plan.burst(), fill.div_ceil(NANOS_PER_SECOND));
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
