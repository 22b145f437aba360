//! How an agency's plan stands at one moment.

use std::sync::Arc;

use skybridge_domain::plan::{Plan, QuotaWindow};
use skybridge_domain::time::Timestamp;

use super::terms::Terms;

/// How a plan stands at one moment, taken in the same step as the decision it goes with.
#[derive(Debug, Clone)]
pub struct PaceSnapshot {
    pub(super) terms: Arc<Terms>,
    /// The moment that the caller named.
    pub(super) asked_at: Timestamp,
    /// The moment in the state's own time, which does not go back; see `State::seen`.
    pub(super) seen: u64,
    pub(super) tat: u64,
    pub(super) window: QuotaWindow,
    pub(super) used: u64,
    pub(super) in_flight: u32,
}

/// One limit of a plan, and how much of it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Its name in the `RateLimit` headers: `burst`, `day`, `week` or `month`.
    pub name: &'static str,
    /// How many calls it admits.
    pub limit: u64,
    /// How many of them are left.
    pub remaining: u64,
    /// When all of them are there again if no call comes meanwhile: the burst is full, the next period begins.
    pub resets_at: Timestamp,
    /// What it is counted over, in seconds rounded up.
    pub window_seconds: u64,
}

impl Allowance {
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
        &self.terms.plan
    }

    /// The rate's bucket: how many calls may come at once now.
    #[must_use]
    pub fn burst(&self) -> Allowance {
        let debt = self.tat.saturating_sub(self.seen);
        Allowance {
            name: "burst",
            limit: u64::from(self.plan().burst()),
            remaining: self.terms.fill.saturating_sub(debt) / self.terms.interval,
            resets_at: Timestamp::from_nanos(self.tat.max(self.asked_at.as_nanos())),
            window_seconds: self.terms.fill_seconds(),
        }
    }

    /// The quota of the period, if the plan has one.
    #[must_use]
    pub fn quota(&self) -> Option<Allowance> {
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

    /// The limit that is nearest to being reached, as a share of itself; of equals the one over the longer time.
    #[must_use]
    pub fn nearest(&self) -> Allowance {
        let burst = self.burst();
        let Some(quota) = self.quota() else {
            return burst;
        };
        let share = |one: Allowance, other: Allowance| u128::from(one.remaining) * u128::from(other.limit);
        let key = |one, other: Allowance| (share(one, other), std::cmp::Reverse(one.window_seconds));
        if key(burst, quota) < key(quota, burst) { burst } else { quota }
    }

    /// The text of `RateLimit-Policy`.
    pub(crate) fn policy(&self) -> &str {
        self.terms.policy(self.window)
    }
}
