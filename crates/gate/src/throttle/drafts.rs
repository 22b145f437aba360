//! What a node writes into an agency's record, and what it learns from it.
//!
//! A draft is written on the condition that the record is the one it was made from. While that is open, the draft is
//! `pending`; the node counts what it takes as its own only once it was told that it is written
//! ([`written`](State::written)), or finds its own share in the record under the draft's serial number
//! ([`learn`](State::learn)). A share under any other number is nothing that it may spend.

use skybridge_domain::time::Timestamp;

use super::book::{Dry, LastTake};
use super::bucket::{Bucket, Recorded};
use super::marks::Mark;
use super::pool::{self, NEVER, Pool};
use super::state::{LOOK_AGAIN, State};
use super::terms::NANOS_PER_SECOND;

/// How long a renewal that found nothing to take is not tried again, in nanoseconds.
const RENEW_AGAIN: u64 = NANOS_PER_SECOND / 4;

/// What is to be written, and what it means once it is.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) bucket: Bucket,
    /// The version of the record that it replaces; 0 if there is none.
    pub(super) replaces: u64,
    serial: u64,
    generation: u64,
    /// Tokens taken, those of the call among them.
    pub(super) taken: u64,
    /// Tokens that the waiting call has as soon as it is written; 0 if none waits, or it lacks others too.
    pub(super) pays: u64,
    /// Tokens that it would have liked to hold.
    aim: u64,
    until: u64,
    kind: Kind,
}

/// What a draft is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A call waits for it.
    Call,
    /// The lease is running low.
    Renewal,
    /// There was nothing to take; it tells the others that somebody waits.
    Announcement,
    /// Everything is given back.
    Settlement,
}

/// What came of a draft that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// What it took may be spent.
    Taken,
    /// The plan or the quota's window is another one meanwhile; what it took is given back with the next write.
    Outdated,
}

impl State {
    /// Must the record be read before anything can be drafted? With others about, it is hardly ever still as it was.
    pub(super) fn must_read(&self) -> bool {
        self.book.version.is_none() || self.book.marks.is_open() || self.pool.nodes() > 1
    }

    /// What to write so that a waiting call, which costs `cost`, can be admitted; `None` if there is nothing to be had,
    /// or nothing is needed any more: the gate says so when it is asked again. It `pays` the cost out of it at once, or
    /// nothing, if it lacks other tokens too.
    pub(super) fn draft_for_call(&mut self, cost: u64, pays: u64, now: Timestamp) -> Option<Draft> {
        self.advance(now);
        if self.pool.own >= cost || self.refusal(cost, now).is_some() {
            return None;
        }
        let size = self.lease_size(cost);
        if size > 0 {
            return self.draft(Kind::Call, size, pays);
        }
        self.book.dry = Some(self.until_refilled(cost - self.pool.own));
        let announces =
            self.pool.own_until() == NEVER && self.book.post.node.shares() && self.pool.has_room();
        if announces { self.draft(Kind::Announcement, 0, 0) } else { None }
    }

    /// What to write so that the next calls need not wait; `None` if there is nothing to be had now.
    pub(super) fn draft_renewal(&mut self, now: Timestamp) -> Option<Draft> {
        self.advance(now);
        let size = if self.pool.has_room() { self.lease_size(0) } else { 0 };
        if size < self.worth_a_write() {
            self.renew_from(self.pool.seen.saturating_add(RENEW_AGAIN));
            return None;
        }
        self.draft(Kind::Renewal, size, 0)
    }

    /// What to write so that the record says just what was used; `None` if it does. Whatever was held is given up at
    /// once, lest it be spent while it is written down as given back.
    pub(super) fn draft_settlement(&mut self, now: Timestamp) -> Option<Draft> {
        self.advance(now);
        if !self.book.unsettled {
            return None;
        }
        self.void_lease();
        self.draft(Kind::Settlement, 0, 0)
    }

    fn draft(&mut self, kind: Kind, taken: u64, pays: u64) -> Option<Draft> {
        let replaces = self.book.version?;
        // Beside others, a share without tokens still says who is there.
        let listed = kind != Kind::Settlement && self.pool.has_room();
        let until = self.held_until(kind, listed);
        let mut pool = self.pool.clone();
        pool.take(taken, until);
        pool.spend(self.spent_with_the_write(pays));
        if self.counts() {
            pool.reserved = pool.reserved.saturating_add(taken);
        }
        let mark = Mark {
            serial: self.book.marks.next_serial(),
            tokens: pool.own,
            spent: self.spent,
            generation: self.book.generation,
            window: self.counts().then_some(pool.window),
        };
        self.book.marks.attempt(mark);
        let listed = listed && (mark.tokens > 0 || self.book.post.node.shares());
        let share = listed.then(|| pool::share(&self.book.post.node.name, mark.serial, mark.tokens, until));
        let (serial, generation) = (mark.serial, mark.generation);
        let (bucket, aim) = (pool.record(share), self.aim().max(taken));
        Some(Draft { bucket, replaces, serial, generation, taken, pays, aim, until, kind })
    }

    /// Until when this node may spend what it holds once the draft is written.
    fn held_until(&self, kind: Kind, listed: bool) -> u64 {
        let now = Timestamp::from_nanos(self.pool.seen);
        match self.book.post.node.lease_time {
            Some(time) if listed => now.plus(time).as_nanos(),
            // Not on the list, its tokens count as spent from now on; so it must not hold them for long.
            Some(_) if kind == Kind::Call => now.as_nanos().saturating_add(NANOS_PER_SECOND),
            _ => NEVER,
        }
    }

    /// The draft is written.
    pub(super) fn written(&mut self, draft: &Draft) -> Grant {
        if draft.kind == Kind::Renewal {
            self.renew_from(0);
        }
        if !self.book.marks.written(draft.serial) {
            return Grant::Outdated;
        }
        self.book.unsettled |= draft.kind != Kind::Settlement;
        if self.book.generation != draft.generation {
            // What is held here is not what is written. The next draft begins from the record.
            self.book.version = None;
            return Grant::Outdated;
        }
        self.book.version = Some(draft.replaces + 1);
        self.book.learned_at = self.pool.seen;
        if draft.kind == Kind::Settlement {
            self.book.marks.cleared();
            self.book.unsettled = false;
            self.book.last_take = LastTake::default();
            return Grant::Taken;
        }
        if self.counts() {
            self.pool.reserved = self.pool.reserved.saturating_add(draft.taken);
        }
        self.pool.take(draft.taken, draft.until);
        if draft.taken > 0 {
            let (at, size) = (self.pool.seen, self.pool.own);
            let paid = self.spent_with_the_write(draft.pays);
            self.book.last_take = LastTake { at, aim: draft.aim, size, spent: self.spent, paid };
            self.book.needed = (self.spent, at);
            self.renew_from(0);
        }
        if self.pool.nodes() > 1 && self.available() < self.worth_a_write() {
            // What trickles in meanwhile is not worth asking for, once this is spent.
            self.book.dry = Some(self.until_refilled(1));
        }
        Grant::Taken
    }

    /// The call that waited for the draft comes in.
    pub(super) fn pay(&mut self, draft: &Draft) {
        self.pool.spend(draft.pays);
        self.spent += draft.pays - self.spent_with_the_write(draft.pays);
    }

    /// The call that waited for the draft does not come in after all. What the record counts as spent by it is
    /// nobody's to spend; and as it was not spent, the next write says so.
    pub(super) fn forgo(&mut self, draft: &Draft) {
        let tokens = self.spent_with_the_write(draft.pays);
        self.pool.own = self.pool.own.saturating_sub(tokens);
        self.uncount(tokens);
    }

    /// How much of what the waiting call pays is written down as spent: beside others all of it, as it would else be
    /// held by nobody until this node writes again; a sole node writes down nothing as spent before it is.
    fn spent_with_the_write(&self, pays: u64) -> u64 {
        if self.book.post.node.shares() { pays } else { 0 }
    }

    /// The record was read, or stood in the way of a draft.
    pub(super) fn learn(&mut self, recorded: Recorded, now: Timestamp) {
        self.advance(now);
        let known = self.book.version == Some(recorded.version);
        self.book.version = Some(recorded.version);
        self.book.learned_at = self.pool.seen;
        if known {
            // Nobody has written, so what was lived on here holds.
            return;
        }
        self.book.dry = None;
        let Some(bucket) = recorded.bucket else {
            self.book.marks.found(None);
            self.pool = Pool::fresh(self.terms.interval, self.pool.seen);
            return self.align();
        };
        let (mut pool, mine) = Pool::read(bucket, &self.book.post.node.name);
        let mark = self.book.marks.found(mine.as_ref());
        if mine.is_some() && mark.is_none() && !self.book.marks.ever_tried() {
            // Of a former run, which spent what it spent before this one began.
            pool.catch_up(self.terms.interval, self.book.post.began);
            pool.spend(pool.own);
            self.book.unsettled = true;
        }
        let seen = self.pool.seen;
        pool.catch_up(self.terms.interval, seen.max(now.as_nanos()));
        pool.bound(self.terms.fill);
        self.pool = pool;
        self.take_over(mark);
    }

    /// Takes for its own what it has not spent of the record's share, if that still holds; otherwise gives it back.
    fn take_over(&mut self, mark: Option<Mark>) {
        self.align_if_over();
        let Some(mark) = mark else { return self.pool.spend(self.pool.own) };
        let unspent = mark.tokens.saturating_sub(self.spent - mark.spent);
        let lapsed = self.pool.own == 0 && mark.tokens > 0;
        self.pool.spend(self.pool.own.saturating_sub(unspent));
        let counted = mark.window == Some(self.pool.window);
        if mark.generation == self.book.generation && !lapsed && counted == self.counts() {
            return;
        }
        self.pool.give_back();
        if counted {
            self.uncount(unspent);
        }
    }

    fn align_if_over(&mut self) {
        let now = Timestamp::from_nanos(self.pool.seen);
        if self.counts() && !(self.pool.window.start <= now && now < self.pool.window.end) {
            self.align();
        }
    }

    /// A bucket without the `least` tokens that are lacking: when to ask again, once this node has spent what it holds.
    fn until_refilled(&self, least: u64) -> Dry {
        let tokens = self.worth_waiting_for().max(least);
        let enough = self.terms.interval.saturating_mul(tokens);
        let room = self.terms.fill.saturating_sub(enough);
        let look_again = self.pool.seen.saturating_add(LOOK_AGAIN);
        match self.pool.drains_to(room) {
            // Others may give something back sooner, which is no reason for callers to come sooner.
            Some(moment) if self.pool.others_hold() => {
                Dry { until: moment.min(look_again), told: moment, tokens, least }
            }
            Some(moment) => Dry { until: moment, told: moment, tokens, least },
            None => Dry { until: look_again, told: look_again, tokens, least },
        }
    }
}
