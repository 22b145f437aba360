//! One call and all the limits that it is within, decided in one step.
//!
//! Most calls have no rule and are decided on the agency's state alone. One that has a rule costs more than 1, or takes
//! from a bucket of its route's too. Then both states are locked before either is asked, and both are spent from or
//! neither is. The agency's comes first, here and everywhere, so that no two calls wait for each other's; and its time
//! is the route's, so that a clock that steps back is the same moment for both.
//!
//! **When both lack tokens**, the lease of the plan's is taken first and held. The lease of the one that lacks them
//! last is written with the call as spent, as that of a call without a rule is.

use std::sync::Arc;

use skybridge_domain::operation::Operation;
use skybridge_domain::time::Timestamp;

use super::drafts::{self, Grant};
use super::permit::Place;
use super::rules::Rule;
use super::state::{Answer, State};
use super::{Account, Admission, LeaseRequest, Pace, PaceSnapshot, Permit, Refused, ThrottleRefusal};
use crate::Caller;
use crate::locks::MutexGuard;

/// A call: whose, and under which of the agency's rules.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) caller: Caller,
    /// Which of the caller's rules.
    rule: Option<usize>,
}

/// Which of a call's buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Plan,
    Route,
}

/// The states that a call is decided on, locked.
struct Held<'a> {
    plan: MutexGuard<'a, State>,
    route: Option<MutexGuard<'a, State>>,
    cost: u64,
}

/// What becomes of a call.
enum Decision {
    Admitted,
    Refused(ThrottleRefusal, Side),
    Lacking(Side),
}

impl Call {
    pub(super) fn of(caller: &Caller, operation: &Operation) -> Self {
        let rule = caller.rules().iter().position(|rule| rule.operation == *operation);
        Self { caller: caller.clone(), rule }
    }

    fn rule(&self) -> Option<&Rule> {
        self.rule.map(|at| &self.caller.rules()[at])
    }

    fn pace(&self, side: Side) -> &Arc<Pace> {
        match self.rule().and_then(|rule| rule.pace.as_ref()) {
            Some(pace) if side == Side::Route => pace,
            _ => self.caller.pace(),
        }
    }

    pub(super) fn account(&self, side: Side) -> Account {
        Account(Arc::clone(self.pace(side)))
    }

    fn hold(&self) -> Held<'_> {
        let rule = self.rule();
        let plan = self.caller.pace().lock();
        let route = rule.and_then(|rule| rule.pace.as_ref()).map(|pace| pace.lock());
        // The caller may have come in just before its plan changed to one that does not hold so much.
        let cost = u64::from(rule.map_or(1, |rule| rule.cost)).min(plan.terms.cost_max());
        let cost = route.as_ref().map_or(cost, |route| cost.min(route.terms.cost_max()));
        Held { plan, route, cost }
    }

    /// Asks for the call.
    pub(super) fn admit(self, now: Timestamp) -> Admission {
        let mut held = self.hold();
        match held.decide(now) {
            Decision::Admitted => {
                held.spend();
                let place = held.enter();
                let renewal_due = held.plan.is_low();
                let route_due = held.route.as_mut().is_some_and(|route| route.is_low());
                let pace = held.snapshot(now);
                drop(held);
                let route_due = route_due.then(|| self.account(Side::Route));
                Admission::Admitted(Permit::new(self.caller, place, pace, renewal_due, route_due))
            }
            Decision::Refused(refusal, side) => {
                let pace = held.snapshot(now);
                drop(held);
                Admission::Refused(Refused { refusal, pace, of_route: side == Side::Route })
            }
            Decision::Lacking(side) => {
                drop(held);
                Admission::LeaseNeeded(LeaseRequest::new(self, side))
            }
        }
    }

    /// How the limits of such a call stand.
    pub(super) fn snapshot(&self, now: Timestamp) -> PaceSnapshot {
        let mut held = self.hold();
        held.advance(now);
        held.snapshot(now)
    }

    /// What to write so that `side` has the tokens for the call; `None` if it does not lack them any more, none are to
    /// be had, or the other side refuses the call.
    pub(super) fn draft(&self, side: Side, now: Timestamp) -> Option<drafts::Draft> {
        let mut held = self.hold();
        let cost = held.cost;
        let now = held.advance(now);
        let pays = match held.other(side).map(|other| other.ask(cost, now)) {
            Some(Answer::Refused(_)) => return None,
            Some(Answer::Lacking) => 0,
            Some(Answer::Ready) | None => cost,
        };
        held.this(side).draft_for_call(cost, pays, now)
    }

    /// The draft for `side` is written: the call comes in, if nothing came between.
    pub(super) fn granted(&self, side: Side, draft: &drafts::Draft, now: Timestamp) -> Option<Permit> {
        let mut held = self.hold();
        let cost = held.cost;
        let asked_at = now;
        let now = held.advance(now);
        let this = held.this(side);
        let taken = this.written(draft) == Grant::Taken && draft.taken > 0;
        if !taken || draft.pays == 0 {
            return None;
        }
        let ready = draft.pays == cost
            && this.ask(cost, now) == Answer::Ready
            && held.other(side).is_none_or(|other| other.ask(cost, now) == Answer::Ready);
        if !ready || held.plan.is_full() {
            held.this(side).forgo(draft);
            return None;
        }
        held.this(side).pay(draft);
        if let Some(other) = held.other(side) {
            other.spend(cost);
        }
        let place = held.enter();
        let pace = held.snapshot(asked_at);
        drop(held);
        Some(Permit::new(self.caller.clone(), place, pace, false, None))
    }
}

impl Held<'_> {
    /// Takes a place in flight.
    fn enter(&mut self) -> Place {
        let is_first = self.plan.enter();
        Place::taken(&self.plan.book.post, is_first)
    }

    /// Of several limits that are reached, the one that holds longest is told. A state whose record was never read says
    /// nothing of that, so it is read before a call is refused for the other.
    fn decide(&mut self, now: Timestamp) -> Decision {
        let of_plan = self.plan.ask(self.cost, now);
        let now = self.plan.time();
        let of_route = self.route.as_mut().map_or(Answer::Ready, |route| route.ask(self.cost, now));
        let route_known = self.route.as_ref().is_none_or(|route| route.knows_its_record());
        match (of_plan, of_route) {
            (Answer::Ready, Answer::Ready) => Decision::Admitted,
            (Answer::Refused(plan), Answer::Refused(route)) if route.retry_at() > plan.retry_at() => {
                Decision::Refused(route, Side::Route)
            }
            (Answer::Refused(_), Answer::Lacking) if !route_known => Decision::Lacking(Side::Route),
            (Answer::Refused(plan), _) => Decision::Refused(plan, Side::Plan),
            (Answer::Lacking, Answer::Refused(_)) if !self.plan.knows_its_record() => {
                Decision::Lacking(Side::Plan)
            }
            (_, Answer::Refused(route)) => Decision::Refused(route, Side::Route),
            (Answer::Lacking, _) => Decision::Lacking(Side::Plan),
            (_, Answer::Lacking) => Decision::Lacking(Side::Route),
        }
    }

    /// Lets time pass until `now`, and says what time it is then.
    fn advance(&mut self, now: Timestamp) -> Timestamp {
        self.plan.advance(now);
        let time = self.plan.time();
        if let Some(route) = &mut self.route {
            route.advance(time);
        }
        time
    }

    fn spend(&mut self) {
        self.plan.spend(self.cost);
        if let Some(route) = &mut self.route {
            route.spend(self.cost);
        }
    }

    fn this(&mut self, side: Side) -> &mut State {
        match (&mut self.route, side) {
            (Some(route), Side::Route) => route,
            _ => &mut self.plan,
        }
    }

    /// The other state, if the call has two.
    fn other(&mut self, side: Side) -> Option<&mut State> {
        match (&mut self.route, side) {
            (Some(_), Side::Route) => Some(&mut self.plan),
            (Some(route), Side::Plan) => Some(route),
            (None, _) => None,
        }
    }

    fn snapshot(&self, now: Timestamp) -> PaceSnapshot {
        let route = self.route.as_ref().map(|route| route.bucket());
        self.plan.snapshot(now).of_call(self.cost, route)
    }
}
