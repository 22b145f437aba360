//! The state that decides, as a pure machine: moments in, verdicts out.
//!
//! A call comes in if the plan allows it and a token is held for it: then it is decided here, and takes neither a
//! read nor a write. What is written and read is in `drafts.rs`; the arithmetic of the bucket in `pool.rs`.

use std::sync::Arc;
use std::time::Duration;

use skybridge_domain::plan::Quota;
use skybridge_domain::time::Timestamp;

use super::book::{Book, Post};
use super::pool::Pool;
use super::snapshot::BucketSnapshot;
use super::terms::{NANOS_PER_SECOND, Terms};
use super::{PaceSnapshot, ThrottleRefusal};

/// When to try again if too many calls are in flight: soon, since nobody knows when one ends.
const IN_FLIGHT_RETRY: Duration = Duration::from_secs(1);

/// How often a node that is refused looks whether others gave something back, in nanoseconds.
pub(super) const LOOK_AGAIN: u64 = NANOS_PER_SECOND / 4;

/// How long a lease that no call needs is held, from the first look on that finds it so.
const IDLE: Duration = Duration::from_secs(2);

/// A lease is given back in this part of its time, if nothing renewed it.
const LAST_PART: u32 = 3;

/// A lease is renewed ahead when less than this part of it is left.
const RENEWAL_PART: u64 = 4;

/// How much an agency has used, as this node knows it. Moments are nanoseconds since the epoch.
#[derive(Debug, Clone)]
#[repr(C)]
pub(super) struct State {
    pub(super) terms: Arc<Terms>,
    /// Permits that are out.
    in_flight: u32,
    /// The lease is to be renewed ahead when less than this is held; 0: it is not.
    renew_below: u32,
    /// Calls admitted out of leases in this run.
    pub(super) spent: u64,
    pub(super) pool: Pool,
    /// What few calls need, apart from what all do: memory is what a call waits for.
    pub(super) book: Box<Book>,
}

/// What these limits say to a call. Nothing is counted by asking.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It may come in, and its tokens are held.
    Ready,
    /// It may not come in now.
    Refused(ThrottleRefusal),
    /// It may come in as far as is known, but its tokens are not held.
    Lacking,
}

impl State {
    /// An agency whose record was not read yet.
    pub(super) fn unknown(terms: Arc<Terms>, post: Arc<Post>, now: Timestamp) -> Self {
        let now = now.as_nanos();
        Self {
            pool: Pool::fresh(terms.interval, now),
            terms,
            in_flight: 0,
            renew_below: 0,
            spent: 0,
            book: Box::new(Book::new(post)),
        }
    }

    /// Asks whether a call that costs `cost` tokens may come in.
    pub(super) fn ask(&mut self, cost: u64, now: Timestamp) -> Answer {
        self.advance(now);
        if self.pool.own >= cost && self.fits(cost) { Answer::Ready } else { self.turn_away(cost, now) }
    }

    /// Is one call more within all limits, as far as this node knows?
    fn fits(&self, cost: u64) -> bool {
        self.pool.debt_without_own() <= self.terms.tolerance(cost)
            && !self.is_full()
            && self.terms.plan.quota().is_none_or(|quota| self.has_room(quota, cost))
    }

    fn has_room(&self, quota: Quota, cost: u64) -> bool {
        self.used().saturating_add(cost) <= quota.limit()
    }

    fn turn_away(&self, cost: u64, now: Timestamp) -> Answer {
        match self.refusal(cost, now) {
            Some(refusal) if !self.is_worth_a_look(&refusal) => Answer::Refused(refusal),
            _ => Answer::Lacking,
        }
    }

    /// A call takes its tokens out of what is held.
    pub(super) fn spend(&mut self, cost: u64) {
        self.pool.spend(cost);
        self.spent += cost;
    }

    /// Is the lease nearly used up, so that somebody should see to the next? Says so once.
    pub(super) fn is_low(&mut self) -> bool {
        self.pool.own < u64::from(self.renew_below) && self.renewal_due()
    }

    /// Was the record ever read, and is it known still?
    pub(super) fn knows_its_record(&self) -> bool {
        self.book.version.is_some()
    }

    /// Takes a place in flight. Is it the only one taken?
    pub(super) fn enter(&mut self) -> bool {
        self.in_flight += 1;
        self.in_flight == 1
    }

    /// A permit was dropped. Was it the last?
    pub(super) fn leave(&mut self) -> bool {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.in_flight == 0
    }

    /// How many permits are out.
    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// A quota is used up only when nobody holds anything of it: until then, it is worth a look now and then whether
    /// another gave something back. (For the rate, [`Dry`] says when to look.)
    fn is_worth_a_look(&self, refusal: &ThrottleRefusal) -> bool {
        matches!(refusal, ThrottleRefusal::QuotaExceeded { .. })
            && self.pool.others_hold()
            && self.pool.seen >= self.book.learned_at.saturating_add(LOOK_AGAIN)
    }

    /// Has somebody see to more, once.
    fn renewal_due(&mut self) -> bool {
        let now = self.pool.seen;
        let due = self.book.renew_from <= now && self.book.dry.is_none_or(|dry| dry.until <= now);
        if due {
            self.renew_below = 0;
        }
        due
    }

    /// Has the lease renewed again when it runs low, but not before `moment`.
    pub(super) fn renew_from(&mut self, moment: u64) {
        let ahead = self.book.post.node.renews_ahead;
        let part = if ahead { self.book.last_take.size / RENEWAL_PART } else { 0 };
        self.renew_below = u32::try_from(part).unwrap_or(u32::MAX);
        self.book.renew_from = moment;
    }

    /// Of the limits that are reached, the one that holds longest.
    pub(super) fn refusal(&self, cost: u64, now: Timestamp) -> Option<ThrottleRefusal> {
        let plan = &self.terms.plan;
        let quota = plan
            .quota()
            .filter(|quota| !self.has_room(*quota, cost))
            .map(|quota| ThrottleRefusal::QuotaExceeded { quota, retry_at: self.pool.window.end });
        let rate = self.rate_refused_until(cost).map(|until| ThrottleRefusal::RateLimited {
            rate: plan.rate(),
            burst: plan.burst(),
            retry_at: Timestamp::from_nanos(until),
        });
        let in_flight = plan
            .in_flight()
            .filter(|_| self.is_full())
            .map(|limit| ThrottleRefusal::TooManyInFlight { limit, retry_at: now.plus(IN_FLIGHT_RETRY) });
        // Of equals `max_by_key` takes the last: the quota tells most.
        [in_flight, rate, quota].into_iter().flatten().max_by_key(ThrottleRefusal::retry_at)
    }

    /// One of many that holds too little goes by what it found in the record; all others by their own exact bucket.
    fn rate_refused_until(&self, cost: u64) -> Option<u64> {
        let lacking = cost.saturating_sub(self.pool.own);
        if lacking > 0 && self.pool.nodes() > 1 {
            let dry = self.book.dry.filter(|dry| self.pool.seen < dry.until && dry.least <= lacking)?;
            let more = lacking.saturating_sub(dry.tokens);
            return Some(dry.told.saturating_add(self.terms.interval.saturating_mul(more)));
        }
        let fits_at = self.pool.seen + self.pool.debt_without_own();
        let fits_at = fits_at.saturating_sub(self.terms.tolerance(cost));
        (fits_at > self.pool.seen).then_some(fits_at)
    }

    /// Are all places in flight taken?
    pub(super) fn is_full(&self) -> bool {
        self.terms.plan.in_flight().is_some_and(|limit| self.in_flight >= self.places(limit))
    }

    /// Is a lease held that no call needed for a while, or whose time is nearly over?
    pub(super) fn is_idle(&mut self, now: Timestamp) -> bool {
        self.advance(now);
        let Some(lease_time) = self.book.post.node.lease_time else { return false };
        let now = Timestamp::from_nanos(self.pool.seen);
        if self.book.needed.0 != self.spent {
            self.book.needed = (self.spent, self.pool.seen);
        }
        let rested = now.since(Timestamp::from_nanos(self.book.needed.1));
        let left = Timestamp::from_nanos(self.pool.own_until()).since(now);
        self.pool.own > 0 && (rested >= IDLE || left <= lease_time / LAST_PART)
    }

    /// How many of the places in flight are this node's: as many as any other's, and at least one.
    fn places(&self, limit: u32) -> u32 {
        match self.pool.nodes() {
            1 => limit,
            nodes => u32::try_from(u64::from(limit) / nodes).unwrap_or(limit).max(1),
        }
    }

    /// Does the plan count calls over a period?
    pub(super) fn counts(&self) -> bool {
        self.terms.plan.quota().is_some()
    }

    /// Calls that count in the quota's window, without those that this node only holds.
    fn used(&self) -> u64 {
        let held = if self.counts() { self.pool.own } else { 0 };
        self.pool.reserved.saturating_sub(held)
    }

    /// The latest moment seen.
    pub(super) fn time(&self) -> Timestamp {
        Timestamp::from_nanos(self.pool.seen)
    }

    /// Lets time pass until `now`.
    pub(super) fn advance(&mut self, now: Timestamp) {
        let lapsed = self.pool.pass(now.as_nanos());
        if lapsed > 0 {
            // Nobody else can have counted on them, so their part of the quota is free again. Others may have dropped
            // the share by now: whether it is still there has to be known before anything is written.
            self.uncount(lapsed);
            self.book.generation += 1;
            self.book.version = None;
        }
        self.roll();
    }

    /// Begins a new window when the present one is over. Nothing of the old one's lease is good in it.
    fn roll(&mut self) {
        let now = Timestamp::from_nanos(self.pool.seen);
        if self.pool.window.start <= now && now < self.pool.window.end {
            return;
        }
        if self.counts() {
            self.void_lease();
            self.align();
        }
    }

    /// Takes the window that the plan's quota is in. What was used stays used, unless its own window is over.
    pub(super) fn align(&mut self) {
        let now = Timestamp::from_nanos(self.pool.seen);
        if now >= self.pool.window.end {
            self.pool.reserved = 0;
        }
        if let Some(quota) = self.terms.plan.quota() {
            self.pool.window = quota.window(now);
        }
    }

    /// Gives up what is held, and what is being written.
    pub(super) fn void_lease(&mut self) {
        let given_back = self.pool.give_back();
        self.uncount(given_back);
        self.book.generation += 1;
        self.book.dry = None;
    }

    /// Takes `tokens` off the quota, if they are counted in it.
    pub(super) fn uncount(&mut self, tokens: u64) {
        if self.counts() {
            self.pool.reserved = self.pool.reserved.saturating_sub(tokens);
        }
    }

    /// From now on takes `terms`. The bucket keeps as many calls used as it had, and the quota as many as it had
    /// counted. Nothing is admitted under the new terms before they are in the record.
    pub(super) fn adopt(&mut self, terms: Arc<Terms>, now: Timestamp) {
        self.advance(now);
        if self.terms.limits_as(&terms) {
            self.terms = terms;
            return;
        }
        self.void_lease();
        self.terms = terms;
        self.pool.convert(self.terms.interval);
        self.pool.bound(self.terms.fill);
        self.align();
    }

    pub(super) fn snapshot(&self, now: Timestamp) -> PaceSnapshot {
        PaceSnapshot {
            bucket: self.bucket(),
            asked_at: now,
            window: self.pool.window,
            used: self.used(),
            in_flight: self.in_flight,
            cost: 1,
            route: None,
        }
    }

    /// How the bucket stands.
    pub(super) fn bucket(&self) -> BucketSnapshot {
        BucketSnapshot {
            terms: Arc::clone(&self.terms),
            seen: self.pool.seen,
            tat: self.pool.seen + self.pool.debt_without_own(),
        }
    }
}
