//! Random lives of an agency whose plan has rules for routes, compared with the [`Reference`] call by call: what is
//! admitted, until when the rest has to wait, and what is left of every limit.

use proptest::prelude::*;
use skybridge_domain::operation::Operation;
use skybridge_domain::plan::{Period as GatePeriod, Plan, Quota};
use skybridge_gate::{Permit, Refused, ThrottleRefusal};

use crate::kit::{HOUR, House, NOON, SECOND, at, operation, plain, plan_with};
use crate::reference::{Bucket, Limit, Period, Reference, Route, Terms, window};

const NAMES: [&str; 3] = ["POST /a", "GET /a/{id}", "GET /c"];

/// What happens.
#[derive(Debug, Clone)]
enum Happening {
    /// Calls of a route, or of an operation that has no rule; each over at once.
    Calls(Option<usize>, usize),
    /// A call that lasts.
    Hold(Option<usize>),
    /// The call that has lasted longest ends.
    Drop,
    Pass(u64),
    /// Time passes until the next call of the route is told to fit, but for as many nanoseconds.
    PassUntilRetry(Option<usize>, u64),
    /// The clock shows an earlier moment than before, by less than an hour.
    StepBack(u64),
    Change(Box<Terms>),
}

fn bucket() -> impl Strategy<Value = Bucket> {
    let rate = prop_oneof![
        Just(1),
        Just(1_000),
        1_000_u64..5_000_000,
        Just(7_000_000),
        Just(999_999_000_000),
        Just(1_000_000_000_000)
    ];
    (rate, prop_oneof![1_u64..8, 1_u64..40]).prop_map(|(rate, burst)| Bucket { rate, burst })
}

fn route() -> impl Strategy<Value = Route> {
    (1_u64..8, prop::option::of(bucket())).prop_map(|(cost, own)| Route { cost, own })
}

fn terms() -> impl Strategy<Value = Terms> {
    let period = prop_oneof![Just(Period::Day), Just(Period::Week), Just(Period::Month)];
    let offset = prop_oneof![Just(0_i64), Just(330), Just(-840), Just(840), -840_i64..=840];
    let quota = prop::option::of((1_u64..60, period, offset));
    let routes = prop::collection::vec(prop::option::weighted(0.7, route()), NAMES.len());
    (bucket(), quota, prop::option::weighted(0.3, 1_u64..5), routes).prop_map(
        |(bucket, quota, in_flight, mut routes)| {
            // A call must fit into every limit, or there is no such plan.
            for rule in routes.iter_mut().flatten() {
                let own = rule.own.map_or(u64::MAX, |own| own.burst);
                let quota = quota.map_or(u64::MAX, |quota| quota.0);
                rule.cost = rule.cost.min(bucket.burst).min(own).min(quota);
            }
            Terms { bucket, quota, in_flight, routes }
        },
    )
}

fn happening() -> impl Strategy<Value = Happening> {
    let which = || prop::option::weighted(0.75, 0..NAMES.len());
    let passing = prop_oneof![0..5_u64, 0..SECOND / 50, 0..3 * SECOND, 0..400 * SECOND, 0..30 * HOUR];
    prop_oneof![
        8 => (which(), 1..12_usize).prop_map(|(route, calls)| Happening::Calls(route, calls)),
        3 => which().prop_map(Happening::Hold),
        3 => Just(Happening::Drop),
        4 => passing.prop_map(Happening::Pass),
        4 => (which(), 0..3_u64).prop_map(|(route, before)| Happening::PassUntilRetry(route, before)),
        1 => (0..3_599 * SECOND).prop_map(Happening::StepBack),
        2 => terms().prop_map(|terms| Happening::Change(Box::new(terms))),
    ]
}

fn plan_of(terms: &Terms) -> Plan {
    let (plan, rules) = terms.words(&NAMES);
    plan_with(&plan, &rules.iter().map(String::as_str).collect::<Vec<_>>())
}

struct Life {
    house: House,
    reference: Reference,
    operations: Vec<Operation>,
    clock: u64,
    held: Vec<Permit>,
}

impl Life {
    fn new(terms: &Terms) -> Self {
        let house = House::open(plan_of(terms), NOON);
        let operations = NAMES.iter().map(|name| operation(name)).collect();
        Self { house, reference: Reference::new(terms.clone(), NOON), operations, clock: NOON, held: vec![] }
    }

    fn happen(&mut self, happening: &Happening) {
        match happening {
            Happening::Calls(route, calls) => {
                for _ in 0..*calls {
                    if let Some(permit) = self.call(*route) {
                        drop(permit);
                        self.reference.in_flight -= 1;
                    }
                }
            }
            Happening::Hold(route) => {
                let permit = self.call(*route);
                self.held.extend(permit);
            }
            Happening::Drop if self.held.is_empty() => {}
            Happening::Drop => {
                drop(self.held.remove(0));
                self.reference.in_flight -= 1;
            }
            Happening::Pass(nanos) => self.clock += nanos,
            Happening::PassUntilRetry(route, before) => {
                self.reference.look(self.clock);
                let _looked = self.house.gate.pace(&self.house.caller(), &plain(), at(self.clock));
                let in_the_way = self.reference.in_the_way(*route, self.clock);
                let rate = in_the_way.iter().filter(|(limit, _)| *limit != Limit::InFlight);
                let moment = rate.map(|(_, moment)| *moment).max().unwrap_or(0);
                self.clock = self.clock.max(moment.saturating_sub(*before));
            }
            // Within an hour of the latest moment that was seen, as the gate takes more for a correction.
            Happening::StepBack(nanos) => {
                self.clock = self.clock.saturating_sub(*nanos).max(self.reference.time - 3_599 * SECOND);
            }
            Happening::Change(terms) => {
                self.reference.look(self.clock);
                self.house.change_plan(plan_of(terms), self.clock);
                self.reference.change((**terms).clone());
            }
        }
    }

    fn call(&mut self, route: Option<usize>) -> Option<Permit> {
        self.reference.look(self.clock);
        let in_the_way = self.reference.in_the_way(route, self.clock);
        let operation = route.map_or_else(plain, |at| self.operations[at].clone());
        let outcome = self.house.call_of(&operation, self.clock);
        match &outcome {
            Ok(_) => {
                assert_eq!(in_the_way, [], "admitted too much: {route:?} of {:?}", self.reference);
                self.reference.admit(route);
            }
            Err(refused) => self.check_refusal(route, refused, &in_the_way),
        }
        self.check_what_is_left(&operation, route);
        outcome.ok()
    }

    fn check_refusal(&self, route: Option<usize>, refused: &Refused, in_the_way: &[(Limit, u64)]) {
        let retry_at = refused.refusal.retry_at().as_nanos();
        let expected = in_the_way.iter().map(|(_, moment)| *moment).max().unwrap_or(self.reference.time);
        let late = retry_at.checked_sub(expected);
        assert!(
            late.is_some_and(|late| late <= self.reference.lateness(route)),
            "told {retry_at} instead of {expected}: {refused:?} of {:?}",
            self.reference
        );
        if self.reference.changes == 0 {
            let told = match refused.refusal {
                ThrottleRefusal::RateLimited { .. } => Limit::Rate,
                ThrottleRefusal::QuotaExceeded { .. } => Limit::Quota,
                ThrottleRefusal::TooManyInFlight { .. } => Limit::InFlight,
            };
            assert!(in_the_way.contains(&(told, expected)), "{refused:?} is none of {in_the_way:?}");
        }
    }

    /// Whatever came of the call, it counts against all limits or against none.
    fn check_what_is_left(&self, operation: &Operation, route: Option<usize>) {
        let pace = self.house.gate.pace(&self.house.caller(), operation, at(self.clock));
        let reference = &self.reference;
        let buckets = [
            (Some(pace.burst().remaining), reference.left_of_bucket(None)),
            (pace.route().map(|own| own.remaining), route.and_then(|_| reference.left_of_bucket(route))),
        ];
        for (left, expected) in buckets {
            let fits = match (left, expected) {
                (Some(left), Some((least, most))) => least <= left && left <= most,
                (left, expected) => left.is_none() && expected.is_none(),
            };
            assert!(fits, "{left:?} instead of {expected:?} left: {reference:?}");
        }
        if let Some((limit, ..)) = reference.terms.quota {
            let used = reference.used_of_quota().min(limit);
            assert_eq!(pace.quota().unwrap().used(), used, "of the quota: {reference:?}");
        }
        assert_eq!(u64::from(pace.in_flight()), reference.in_flight);
        assert_eq!(pace.cost(), reference.cost(route));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Costs, routes with buckets of their own, calls that last, other plans and rules, clocks that stand still, go
    /// back and jump ahead: the gate does what the reference does.
    #[test]
    fn the_gate_decides_as_the_reference_does(
        first in terms(),
        happenings in prop::collection::vec(happening(), 1..60),
    ) {
        let mut life = Life::new(&first);
        for happening in &happenings {
            life.happen(happening);
        }
    }

    /// Days, weeks and months at every offset, in leap years and others, over the ends of months and years.
    #[test]
    fn quota_windows_are_those_of_a_calendar_counted_by_hand(
        day in 40_u64..60_000,
        second in 0_u64..86_400,
        minutes in prop_oneof![Just(-840_i64), Just(840), -840_i64..=840],
    ) {
        let now = day * 24 * HOUR + second * SECOND;
        for (period, of_gate) in
            [(Period::Day, GatePeriod::Day), (Period::Week, GatePeriod::Week), (Period::Month, GatePeriod::Month)]
        {
            let quota = Quota::new(1, of_gate, i16::try_from(minutes).unwrap()).unwrap();
            let (start, end) = window(period, minutes, now);
            let told = quota.window(at(now));
            prop_assert!(start <= now && now < end || start == 0);
            prop_assert_eq!((told.start.as_nanos().max(1), told.end.as_nanos()), (start.max(1), end));
        }
    }
}
