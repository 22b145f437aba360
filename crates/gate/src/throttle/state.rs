//! The state that decides, as a pure machine: moments in, verdicts out.
//!
//! **The bucket** is GCRA: one moment, `tat`, says when the bucket is full again. A call moves it one interval
//! further, and fits if it is then at most `burst` intervals ahead of now. No timer refills anything, and all of it
//! is exact integer arithmetic on nanoseconds.
//!
//! **The clock may step back.** Time then stands still here until the clock has caught up, so that a moment is never
//! refilled twice and threads that read the clock in another order than they arrive do no harm. A clock that is
//! more than an hour behind was wrong before: its time is taken from then on, what was used stays used.

use std::sync::Arc;
use std::time::Duration;

use skybridge_domain::agency::AgencyName;
use skybridge_domain::plan::QuotaWindow;
use skybridge_domain::time::Timestamp;

use super::terms::{NANOS_PER_SECOND, Terms};
use super::{Grant, LeaseState, PaceSnapshot, ThrottleRefusal};

/// How far the clock may step back and still be waited for, in nanoseconds: an hour.
const STEP_BACK_MAX: u64 = 3_600 * NANOS_PER_SECOND;

/// When to try again if too many calls are in flight: soon, since nobody knows when one ends.
const IN_FLIGHT_RETRY: Duration = Duration::from_secs(1);

/// How much an agency has used. Moments are nanoseconds since the epoch.
#[derive(Debug, Clone)]
pub(super) struct State {
    terms: Arc<Terms>,
    /// The latest moment seen.
    seen: u64,
    /// When the bucket is full again.
    tat: u64,
    /// The quota's window that `used` is counted in; empty before the first quota.
    window: QuotaWindow,
    /// Calls admitted in `window`. Not counted while the plan has no quota.
    used: u64,
    /// Permits that are out.
    in_flight: u32,
    /// Admissions that are durable as spent and not given yet.
    lease_left: u64,
    /// Counts what makes records that are being written outdated: grants, and changes that void a lease.
    basis: u64,
    /// Does the durable record say anything else than this state? Taken back only once one that does not is durable.
    unsettled: bool,
    /// Was the bucket converted to another rate, which the durable record does not know of? Taken back as above.
    lagging: bool,
}

/// What becomes of a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is counted.
    Admitted,
    /// It is not.
    Refused(ThrottleRefusal),
    /// It fits the plan but no lease covers it; it is not counted.
    LeaseSpent,
}

impl State {
    /// An agency that has used nothing.
    pub(super) fn fresh(terms: Arc<Terms>, now: Timestamp) -> Self {
        let never = QuotaWindow { start: Timestamp::from_nanos(0), end: Timestamp::from_nanos(0) };
        let mut state = Self {
            terms,
            seen: now.as_nanos(),
            tat: 0,
            window: never,
            used: 0,
            in_flight: 0,
            lease_left: 0,
            basis: 0,
            unsettled: false,
            lagging: false,
        };
        state.roll();
        state
    }

    /// An agency as its record tells it at the start of a run, at `now`.
    ///
    /// Every call of the lease counts as admitted at `now`, the latest moment at which it can have been, which is
    /// the reading that leaves the least.
    pub(super) fn restored(record: &LeaseState, terms: Arc<Terms>, now: Timestamp) -> Self {
        let mut state = Self::fresh(terms, record.seen);
        state.tat = record.tat.as_nanos();
        state.used = record.quota_reserved;
        state.window = QuotaWindow { start: record.quota_window_start, end: record.quota_window_end };
        state.unsettled = record.lease > 0;
        state.catch_up(record.interval_nanos, now);
        let leased = state.terms.interval.saturating_mul(record.lease);
        state.tat = state.bounded(state.tat.max(state.seen).saturating_add(leased));
        state.align();
        state
    }

    /// Asks for one call.
    pub(super) fn admit(&mut self, now: Timestamp) -> Verdict {
        self.advance(now);
        if let Some(refusal) = self.refusal(now) {
            return Verdict::Refused(refusal);
        }
        if self.lease_left == 0 {
            return Verdict::LeaseSpent;
        }
        self.tat = self.tat.max(self.seen).saturating_add(self.terms.interval);
        if self.terms.plan.quota().is_some() {
            self.used += 1;
        }
        self.in_flight += 1;
        self.lease_left -= 1;
        Verdict::Admitted
    }

    /// A permit was dropped.
    pub(super) fn leave(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Of the limits that are reached, the one that holds longest.
    fn refusal(&self, now: Timestamp) -> Option<ThrottleRefusal> {
        let plan = &self.terms.plan;
        let quota = plan
            .quota()
            .filter(|quota| self.used >= quota.limit())
            .map(|quota| ThrottleRefusal::QuotaExceeded { quota, retry_at: self.window.end });
        let fits_at = self.tat.saturating_sub(self.terms.tolerance);
        let rate = (fits_at > self.seen).then(|| ThrottleRefusal::RateLimited {
            rate: plan.rate(),
            burst: plan.burst(),
            retry_at: Timestamp::from_nanos(fits_at),
        });
        let in_flight = plan
            .in_flight()
            .filter(|limit| self.in_flight >= *limit)
            .map(|limit| ThrottleRefusal::TooManyInFlight { limit, retry_at: now.plus(IN_FLIGHT_RETRY) });
        // Of equals `max_by_key` takes the last: the quota tells most.
        [in_flight, rate, quota].into_iter().flatten().max_by_key(ThrottleRefusal::retry_at)
    }

    /// Lets time pass until `now`.
    pub(super) fn advance(&mut self, now: Timestamp) {
        self.tick(now);
        self.roll();
    }

    fn tick(&mut self, now: Timestamp) {
        let now = now.as_nanos();
        let behind = self.seen.saturating_sub(now);
        if behind > STEP_BACK_MAX {
            self.tat = self.tat.saturating_sub(behind);
        } else if behind > 0 {
            return;
        }
        self.seen = now;
    }

    /// Begins a new window when the present one is over. Nothing of the old one's lease is good in it.
    fn roll(&mut self) {
        let now = Timestamp::from_nanos(self.seen);
        if self.window.start <= now && now < self.window.end {
            return;
        }
        if self.terms.plan.quota().is_some() {
            self.align();
        }
    }

    /// Takes the window that the plan's quota is in. What was used stays used, unless its own window is over.
    fn align(&mut self) {
        let now = Timestamp::from_nanos(self.seen);
        if now >= self.window.end {
            self.used = 0;
        }
        if let Some(quota) = self.terms.plan.quota() {
            self.window = quota.window(now);
        }
        self.void_leases();
    }

    /// Lets time pass from a record's moment until `now`. If the record was made at another rate, the plan changed
    /// at some moment between, and the bucket drained at one rate before it and at another after. What is left is
    /// then at most what would be, had the plan changed at the very beginning or at the very end. (Left unbounded
    /// here: a bound that took hold at some moment between would leave more than one that did at either end.)
    fn catch_up(&mut self, interval_before: u64, now: Timestamp) {
        let mut changed_at_once = self.clone();
        changed_at_once.convert_debt(interval_before);
        changed_at_once.tick(now);
        self.tick(now);
        self.convert_debt(interval_before);
        self.tat = self.tat.max(changed_at_once.tat);
        self.lagging |= changed_at_once.lagging;
    }

    /// From now on takes `terms`. The bucket keeps as many calls used as it had, and the quota as many as it
    /// had counted.
    pub(super) fn adopt(&mut self, terms: Arc<Terms>, now: Timestamp) {
        self.advance(now);
        let before = std::mem::replace(&mut self.terms, terms);
        if before.plan != self.terms.plan {
            self.convert_debt(before.interval);
            self.tat = self.bounded(self.tat);
            self.align();
        }
    }

    /// Makes the same number of calls out of a debt that was counted in other intervals, rounded up. May leave the
    /// bucket emptier than empty, if the burst is smaller now; see [`bounded`](Self::bounded).
    fn convert_debt(&mut self, interval_before: u64) {
        let debt = u128::from(self.tat.saturating_sub(self.seen));
        self.lagging |= debt > 0 && interval_before != self.terms.interval;
        let converted = (debt * u128::from(self.terms.interval)).div_ceil(u128::from(interval_before.max(1)));
        self.tat = self.seen.saturating_add(u64::try_from(converted).unwrap_or(u64::MAX));
    }

    /// A bucket cannot be emptier than empty.
    fn bounded(&self, tat: u64) -> u64 {
        tat.min(self.seen.saturating_add(self.terms.fill))
    }

    /// The state to make durable so that more calls can be admitted, and the basis it stands on.
    pub(super) fn lease(&self, agency: AgencyName) -> (LeaseState, u64) {
        let quota_left = self.terms.plan.quota().map(|quota| quota.limit().saturating_sub(self.used));
        let share = quota_left.map_or(u64::MAX, |left| (left / 100).max(1));
        (self.record(agency, self.terms.lease_max.min(share)), self.basis)
    }

    /// Takes a lease that was made durable.
    pub(super) fn grant(&mut self, lease: u64, basis: u64) -> Grant {
        if basis != self.basis {
            return Grant::Outdated;
        }
        self.lease_left = lease;
        self.basis += 1;
        self.unsettled = true;
        self.lagging = false;
        Grant::Taken
    }

    fn void_leases(&mut self) {
        self.lease_left = 0;
        self.basis += 1;
    }

    /// Would a restart go on from anything else than this state?
    pub(super) fn unsettled(&self) -> bool {
        self.unsettled || self.lagging
    }

    /// Could a restart take less for used than was used?
    pub(super) fn lagging(&self) -> bool {
        self.lagging
    }

    /// Gives the lease up; the exact state and the basis it stands on, if the record says anything else.
    pub(super) fn settle(&mut self, agency: &AgencyName) -> Option<(LeaseState, u64)> {
        self.void_leases();
        self.unsettled().then(|| (self.record(agency.clone(), 0), self.basis))
    }

    /// The exact state is durable. Whatever came since it was taken has another basis, and is not.
    pub(super) fn settled(&mut self, basis: u64) {
        if basis == self.basis {
            self.unsettled = false;
            self.lagging = false;
        }
    }

    fn record(&self, agency: AgencyName, lease: u64) -> LeaseState {
        let counted = if self.terms.plan.quota().is_some() { lease } else { 0 };
        LeaseState {
            agency,
            seen: Timestamp::from_nanos(self.seen),
            tat: Timestamp::from_nanos(self.tat),
            interval_nanos: self.terms.interval,
            quota_window_start: self.window.start,
            quota_window_end: self.window.end,
            quota_reserved: self.used.saturating_add(counted),
            lease,
        }
    }

    pub(super) fn snapshot(&self, now: Timestamp) -> PaceSnapshot {
        PaceSnapshot {
            terms: Arc::clone(&self.terms),
            asked_at: now,
            seen: self.seen,
            tat: self.tat,
            window: self.window,
            used: self.used,
            in_flight: self.in_flight,
        }
    }
}
