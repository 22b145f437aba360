//! How many tokens a lease takes.
//!
//! **A node that knows itself the only one** takes up to a second of the plan's rate.
//!
//! **A node that shares its store** follows demand: it aims at what it spent since it last took something, for
//! [`LASTING`], at most at twice as much as the time before, beginning with 1.
//!
//! **Beside others** it holds at most `burst / 2n` with `n` nodes about, so that half of the bucket at most is held.
//! That is what makes steady demand lose nothing: refill is lost only while the debt stands at `H * I` and does not
//! drain, that is at half of the bucket or less; but where demand is at the rate or above it the debt is between that
//! and `fill`, because nodes come back for more as soon as [`worth_waiting_for`](State::worth_waiting_for) is there,
//! which is half of the bucket at most. Of what is in the bucket a node takes an n-th, so that whoever comes first
//! leaves something to the others; but not less than an n-th of half of what was worth waiting for, so that the last
//! of a bucket is not had in single tokens with a write each.
//!
//! **Of a quota** a lease takes a hundredth of what is left, so that little is lost with a node that dies, and the
//! last calls of a quota come one by one.

use super::bucket::Bucket;
use super::pool::Pool;
use super::state::State;
use super::terms::NANOS_PER_SECOND;

/// How long a lease is to last, in seconds.
const LASTING: u64 = 4;

/// The most tokens that a node of several holds.
const HELD_MAX: u64 = 10_000;

/// A node that others may join takes ahead no more than this part of a second of the rate: whoever joins finds nothing
/// before that is spent.
const AHEAD_PART: u64 = 4;

/// How long a node that found nothing lets the bucket refill before it asks again, in nanoseconds.
const WAIT: u64 = NANOS_PER_SECOND / 2;

impl Pool {
    /// Is there room on the record for a share of this node?
    pub(super) fn has_room(&self) -> bool {
        self.nodes() <= Bucket::SHARES_MAX as u64
    }
}

impl State {
    /// How many tokens to take on top of what is held; 0 if there is nothing to be had. A waiting call wants its `cost`
    /// at once, or nothing.
    pub(super) fn lease_size(&self, cost: u64) -> u64 {
        let lacking = cost.saturating_sub(self.pool.own);
        let aim = self.aim().min(self.share_of_quota()).max(cost);
        let wanted = aim.saturating_sub(self.pool.own);
        let room =
            if self.pool.nodes() == 1 { self.room_alone(cost) } else { self.room_beside_others(lacking) };
        if room < lacking { 0 } else { wanted.min(room) }
    }

    /// How many tokens this node should hold, as things go.
    pub(super) fn aim(&self) -> u64 {
        if !self.book.post.node.shares() {
            return self.terms.lease_max;
        }
        // And the call that the last lease was taken for, which is not counted in `spent`.
        let spent = self.spent - self.book.last_take.spent + self.book.last_take.paid.max(1);
        let elapsed = self.pool.seen.saturating_sub(self.book.last_take.at).max(1);
        let demanded = u128::from(spent) * u128::from(LASTING * NANOS_PER_SECOND) / u128::from(elapsed);
        let demanded = u64::try_from(demanded).unwrap_or(u64::MAX);
        // Where there was less than it aimed at, what it spent says nothing of demand.
        let fell_short = self.book.last_take.size < self.book.last_take.aim;
        let demanded = if fell_short { demanded.max(self.book.last_take.aim) } else { demanded };
        demanded.min(self.book.last_take.aim.saturating_mul(2)).clamp(1, HELD_MAX)
    }

    /// The part of the quota that one lease may take; nothing is asked for unless something is left.
    fn share_of_quota(&self) -> u64 {
        let Some(quota) = self.terms.plan.quota() else { return u64::MAX };
        let left = quota.limit().saturating_sub(self.pool.reserved);
        (left / 100).max(1).min(left)
    }

    /// A node that is alone knows itself how much was really admitted, and may hold tokens that are not there yet.
    /// One that others may join holds half of the bucket at most all the same: should it die or be frozen, the other
    /// half is there for them until what it held lapses.
    fn room_alone(&self, cost: u64) -> u64 {
        let most = if self.book.post.node.shares() {
            (self.terms.lease_max / AHEAD_PART).min(self.half_of_the_bucket())
        } else {
            self.terms.lease_max
        };
        let ahead = most.max(1).max(cost).saturating_sub(self.pool.own);
        self.available().min(self.half_of_the_bucket()).max(ahead)
    }

    /// A call that costs much may need more than the share of one node.
    fn room_beside_others(&self, lacking: u64) -> u64 {
        let nodes = self.pool.nodes();
        let available = self.available();
        let fair = available / nodes;
        let least = self.worth_a_write().min(available);
        let most = if self.pool.has_room() { self.half_of_the_bucket() / nodes } else { 1 };
        let room = fair.max(least).min(most.max(1).saturating_sub(self.pool.own));
        if lacking <= available { room.max(lacking) } else { room }
    }

    /// How many tokens are worth a write of their own, as long as no call waits for one.
    pub(super) fn worth_a_write(&self) -> u64 {
        (self.worth_waiting_for() / (2 * self.pool.nodes())).max(1)
    }

    /// Whole tokens that are in the bucket.
    pub(super) fn available(&self) -> u64 {
        self.terms.fill.saturating_sub(self.pool.debt()) / self.terms.interval
    }

    fn half_of_the_bucket(&self) -> u64 {
        u64::from(self.terms.plan.burst()) / 2
    }

    /// How many tokens there should be before a node asks again that found too few: what half a second refills, if
    /// that is no more than half of the bucket.
    pub(super) fn worth_waiting_for(&self) -> u64 {
        if self.pool.nodes() == 1 {
            return 1;
        }
        (WAIT / self.terms.interval).min(self.half_of_the_bucket()).max(1)
    }
}
