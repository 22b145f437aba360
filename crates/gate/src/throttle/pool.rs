//! The shared bucket as one node knows it: its record, lived on since.
//!
//! What this node spends is taken off at the moment it does. So as long as nobody else has written, this is what an
//! all-knowing one would have written, and the node writes it as it is; otherwise it begins anew from what is written.
//! The rules are those of [`Bucket`].
//!
//! **The clock may step back.** Time then stands still here until the clock has caught up, so that a moment is never
//! refilled twice and threads that read the clock in another order than they arrive do no harm. A clock that is
//! more than an hour behind was wrong before: its time is taken from then on, what was used stays used.

use std::sync::Arc;

use skybridge_domain::plan::QuotaWindow;
use skybridge_domain::time::Timestamp;

use super::bucket::{Bucket, Share};
use super::terms::NANOS_PER_SECOND;

/// How far the clock may step back and still be waited for, in nanoseconds: an hour.
const STEP_BACK_MAX: u64 = 3_600 * NANOS_PER_SECOND;

/// How much longer than a node itself the others wait until its share lapses, in nanoseconds: so far apart clocks
/// may be without a token being spent after it counts as spent.
const CLOCK_MARGIN: u64 = NANOS_PER_SECOND;

/// A moment that does not come.
pub(super) const NEVER: u64 = u64::MAX;

/// A bucket, and what is held of it. Moments are nanoseconds since the epoch. What every call needs comes first, and
/// is close together in memory.
#[derive(Debug, Clone)]
#[repr(C)]
pub(super) struct Pool {
    /// The latest moment seen.
    pub(super) seen: u64,
    /// When the bucket would be full again, were it not for what this node holds.
    pub(super) tat: u64,
    /// Nanoseconds per call that `tat` is computed with.
    pub(super) interval: u64,
    /// Tokens that this node holds.
    pub(super) own: u64,
    /// The debt of the tokens that other nodes hold, which does not drain.
    others_debt: u64,
    /// When the next share lapses, or [`NEVER`].
    next_lapse: u64,
    /// How many nodes share the bucket, this one included.
    nodes: u64,
    /// The quota's window that `reserved` is counted in; empty before the first quota.
    pub(super) window: QuotaWindow,
    /// Calls of `window` that are used or held. Not counted while the plan has no quota.
    pub(super) reserved: u64,
    /// Whose tokens these are, apart from what every call needs: many agencies' calls wait for memory.
    shares: Box<Shares>,
}

#[derive(Debug, Clone)]
struct Shares {
    /// What the other nodes hold, as far as this one knows.
    others: Vec<Share>,
    /// Until when this node may spend what it holds.
    own_until: u64,
}

impl Pool {
    /// A bucket of which nothing is used.
    pub(super) fn fresh(interval: u64, now: u64) -> Self {
        let never = Timestamp::from_nanos(0);
        Self {
            seen: now,
            tat: 0,
            interval,
            own: 0,
            others_debt: 0,
            next_lapse: NEVER,
            nodes: 1,
            window: QuotaWindow { start: never, end: never },
            reserved: 0,
            shares: Box::new(Shares { others: Vec::new(), own_until: NEVER }),
        }
    }

    /// A bucket as its record tells it, at the moment when that was written; and the share of `node`, if it has one.
    pub(super) fn read(bucket: Bucket, node: &str) -> (Self, Option<Share>) {
        let mut others = bucket.shares;
        let mine = others.iter().position(|share| &*share.node == node).map(|at| others.remove(at));
        let own = mine.as_ref().map_or(0, |share| share.tokens);
        let own_until = mine.as_ref().map_or(NEVER, |share| share.until.as_nanos());
        let mut pool = Self {
            seen: bucket.seen.as_nanos(),
            tat: bucket.tat.as_nanos().saturating_sub(bucket.interval_nanos.saturating_mul(own)),
            interval: bucket.interval_nanos,
            own,
            others_debt: 0,
            next_lapse: NEVER,
            nodes: 1,
            window: QuotaWindow { start: bucket.quota_window_start, end: bucket.quota_window_end },
            reserved: bucket.quota_reserved,
            shares: Box::new(Shares { others, own_until }),
        };
        pool.count();
        (pool, mine)
    }

    /// The record that says the same, with `mine` as this node's share.
    pub(super) fn record(&self, mine: Option<Share>) -> Bucket {
        Bucket {
            seen: Timestamp::from_nanos(self.seen),
            tat: Timestamp::from_nanos(self.tat.saturating_add(self.own_debt())),
            interval_nanos: self.interval,
            quota_window_start: self.window.start,
            quota_window_end: self.window.end,
            quota_reserved: self.reserved,
            shares: self.shares.others.iter().cloned().chain(mine).collect(),
        }
    }

    /// How many nodes share the bucket, this one included.
    pub(super) fn nodes(&self) -> u64 {
        self.nodes
    }

    /// Until when this node may spend what it holds; [`NEVER`] also if it has no share.
    pub(super) fn own_until(&self) -> u64 {
        self.shares.own_until
    }

    /// Do other nodes hold anything?
    pub(super) fn others_hold(&self) -> bool {
        self.others_debt > 0
    }

    fn own_debt(&self) -> u64 {
        self.interval.saturating_mul(self.own)
    }

    /// The debt, all held tokens counted. Exact right after [`pass`](Self::pass).
    pub(super) fn debt(&self) -> u64 {
        self.debt_without_own().saturating_add(self.own_debt())
    }

    /// The debt without what this node holds: if it is alone, that of the calls that were really admitted.
    pub(super) fn debt_without_own(&self) -> u64 {
        self.tat.saturating_sub(self.seen)
    }

    /// Lets time pass until `now`; says how many tokens of this node lapsed.
    pub(super) fn pass(&mut self, now: u64) -> u64 {
        self.tick(now);
        let lapsed = if self.seen >= self.next_lapse { self.lapse() } else { 0 };
        self.settle_at(self.seen);
        lapsed
    }

    fn tick(&mut self, now: u64) {
        let behind = self.seen.saturating_sub(now);
        if behind > STEP_BACK_MAX {
            self.step_back(behind);
        } else if behind > 0 {
            return;
        }
        self.seen = now;
    }

    fn step_back(&mut self, behind: u64) {
        self.tat = self.tat.saturating_sub(behind);
        if self.shares.own_until != NEVER {
            self.shares.own_until = self.shares.own_until.saturating_sub(behind);
        }
        for share in &mut self.shares.others {
            share.until = Timestamp::from_nanos(share.until.as_nanos().saturating_sub(behind));
        }
        self.count();
    }

    /// At `moment`, the debt of the held tokens has not drained.
    fn settle_at(&mut self, moment: u64) {
        self.tat = self.tat.max(moment.saturating_add(self.others_debt));
    }

    /// Takes the shares whose time is over for spent, each at its moment.
    fn lapse(&mut self) -> u64 {
        let mut lapsed = 0;
        while self.next_lapse <= self.seen {
            let moment = self.next_lapse;
            self.settle_at(moment);
            if self.shares.own_until <= moment {
                lapsed += self.own;
                self.spend(self.own);
                self.shares.own_until = NEVER;
            }
            self.shares.others.retain(|share| lapses_at(share) > moment);
            self.count();
        }
        lapsed
    }

    fn count(&mut self) {
        let held = self.shares.others.iter().fold(0_u64, |sum, share| sum.saturating_add(share.tokens));
        self.others_debt = self.interval.saturating_mul(held);
        self.nodes = self.shares.others.len() as u64 + 1;
        let others = self.shares.others.iter().map(lapses_at).min().unwrap_or(NEVER);
        self.next_lapse = others.min(self.shares.own_until);
    }

    /// This node takes `tokens`, and holds all it has until `until`.
    pub(super) fn take(&mut self, tokens: u64, until: u64) {
        self.own = self.own.saturating_add(tokens);
        self.shares.own_until = until;
        self.count();
    }

    /// This node has spent `tokens`: their debt begins to drain.
    pub(super) fn spend(&mut self, tokens: u64) {
        self.own = self.own.saturating_sub(tokens);
        self.tat = self.tat.saturating_add(self.interval.saturating_mul(tokens));
    }

    /// This node gives back all that it holds; says how much that was.
    pub(super) fn give_back(&mut self) -> u64 {
        self.shares.own_until = NEVER;
        self.count();
        std::mem::take(&mut self.own)
    }

    /// Lets time pass until `now` under an interval that may be another than the record's. If it is, the plan changed
    /// at some moment between, and the bucket drained at one rate before it and at another after. What is left is
    /// then at most what would be, had the plan changed at the very beginning or at the very end. (Left unbounded
    /// here: a bound that took hold at some moment between would leave more than one that did at either end.)
    pub(super) fn catch_up(&mut self, interval: u64, now: u64) -> u64 {
        let mut changed_at_once = self.clone();
        changed_at_once.convert(interval);
        changed_at_once.pass(now);
        let lapsed = self.pass(now);
        self.convert(interval);
        self.tat = self.tat.max(changed_at_once.tat);
        lapsed
    }

    /// Makes the same number of calls out of a debt that was counted in other intervals, rounded up. May leave the
    /// bucket emptier than empty, if the burst is smaller now; see [`bound`](Self::bound).
    pub(super) fn convert(&mut self, interval: u64) {
        if interval == self.interval {
            return;
        }
        self.settle_at(self.seen);
        let debt = u128::from(self.debt_without_own());
        let converted = (debt * u128::from(interval)).div_ceil(u128::from(self.interval.max(1)));
        self.tat = self.seen.saturating_add(u64::try_from(converted).unwrap_or(u64::MAX));
        self.interval = interval;
        self.count();
    }

    /// A bucket cannot be emptier than empty, but for what is held.
    pub(super) fn bound(&mut self, fill: u64) {
        let emptiest = self.seen.saturating_add(fill).saturating_add(self.others_debt);
        self.tat = self.tat.min(emptiest);
    }

    /// When the debt is at most `debt`, if this node has spent what it holds, and others do nothing. `None` if what
    /// they hold is more.
    pub(super) fn drains_to(&self, debt: u64) -> Option<u64> {
        let tat = self.tat.saturating_add(self.own_debt());
        (self.others_debt <= debt).then(|| tat.saturating_sub(debt).max(self.seen + 1))
    }
}

/// When another node's share is over. One that has no end is of a node that was the only one of its store, and is so
/// no more.
fn lapses_at(share: &Share) -> u64 {
    match share.until.as_nanos() {
        NEVER => 0,
        until => until.saturating_add(CLOCK_MARGIN),
    }
}

/// The share of `node`.
pub(super) fn share(node: &Arc<str>, serial: u64, tokens: u64, until: u64) -> Share {
    Share { node: Arc::clone(node), serial, tokens, until: Timestamp::from_nanos(until) }
}
