//! A plan kept by hand, to compare the gate with. Shares no arithmetic with it.
//!
//! It keeps the whole history, what was admitted and when the plan changed, and answers every question by going through
//! it from the beginning. Buckets are kept in whole numbers of [`UNIT`]: exact for as long as the plan does not change,
//! and after that never above what is really used. How far above it the gate may be, as it rounds up to a nanosecond
//! with each change, is kept too.

use crate::kit::SECOND;

/// Parts of a nanosecond.
const UNIT: u128 = 1_000_000;
const DAY: u64 = 86_400 * SECOND;

/// A rate and burst.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bucket {
    /// Millionths of a call per second.
    pub(crate) rate: u64,
    pub(crate) burst: u64,
}

/// What a call of one route costs, and the route's own bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Route {
    pub(crate) cost: u64,
    pub(crate) own: Option<Bucket>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Period {
    Day,
    Week,
    Month,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Terms {
    pub(crate) bucket: Bucket,
    pub(crate) quota: Option<(u64, Period, i64)>,
    pub(crate) in_flight: Option<u64>,
    /// By number; calls of others cost 1.
    pub(crate) routes: Vec<Option<Route>>,
}

impl Terms {
    /// As an operator writes them: the plan's words, and the rules of the routes called `names`.
    pub(crate) fn words(&self, names: &[&str]) -> (String, Vec<String>) {
        let rate = |millionths: u64| format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
        let quota = self.quota.map(|(limit, period, minutes)| {
            let period = match period {
                Period::Day => "day",
                Period::Week => "week",
                Period::Month => "month",
            };
            let sign = if minutes < 0 { '-' } else { '+' };
            format!("{limit}/{period}{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
        });
        let or_none = |text: Option<String>| text.unwrap_or("-".to_owned());
        let in_flight = or_none(self.in_flight.map(|limit| limit.to_string()));
        let plan = format!("{} {} {} {in_flight}", rate(self.bucket.rate), self.bucket.burst, or_none(quota));
        let rule = |(name, route): (&&str, &Option<Route>)| {
            let Route { cost, own } = (*route)?;
            let own =
                own.map_or(String::new(), |own| format!(" rate={} burst={}", rate(own.rate), own.burst));
            Some(format!("{name} cost={cost}{own}"))
        };
        (plan, names.iter().zip(&self.routes).filter_map(rule).collect())
    }

    fn route(&self, route: Option<usize>) -> Route {
        route.and_then(|at| self.routes[at]).unwrap_or(Route { cost: 1, own: None })
    }
}

/// Something that changed what is used.
#[derive(Debug, Clone)]
enum Event {
    Admitted { route: Option<usize>, cost: u64 },
    Changed(Terms),
}

/// A limit that stands in the way, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Limit {
    InFlight,
    Rate,
    Quota,
}

/// The history of one agency.
#[derive(Debug)]
pub(crate) struct Reference {
    events: Vec<(u64, Event)>,
    /// The terms that it began with.
    first: Terms,
    pub(crate) terms: Terms,
    /// The latest moment that any clock showed: time does not go back.
    pub(crate) time: u64,
    pub(crate) in_flight: u64,
    pub(crate) changes: u64,
}

impl Reference {
    pub(crate) fn new(terms: Terms, now: u64) -> Self {
        Self { events: vec![], first: terms.clone(), terms, time: now, in_flight: 0, changes: 0 }
    }

    /// The clock shows `now`.
    pub(crate) fn look(&mut self, now: u64) {
        self.time = self.time.max(now);
    }

    pub(crate) fn change(&mut self, terms: Terms) {
        self.events.push((self.time, Event::Changed(terms.clone())));
        self.terms = terms;
        self.changes += 1;
    }

    pub(crate) fn cost(&self, route: Option<usize>) -> u64 {
        self.terms.route(route).cost
    }

    /// The limits that do not allow a call now, and the moment from which on each would.
    pub(crate) fn in_the_way(&self, route: Option<usize>, now: u64) -> Vec<(Limit, u64)> {
        let cost = self.cost(route);
        let mut limits = vec![];
        if self.terms.in_flight.is_some_and(|limit| self.in_flight >= limit) {
            limits.push((Limit::InFlight, now + SECOND));
        }
        for bucket in [Some((None, self.terms.bucket)), self.own(route)].into_iter().flatten() {
            let (route, Bucket { rate, burst }) = bucket;
            let over = self.used_of_bucket(route).0 + units(rate, cost);
            let over = over.saturating_sub(units(rate, burst));
            if over > 0 {
                limits.push((Limit::Rate, self.time + u64::try_from(over.div_ceil(UNIT)).unwrap()));
            }
        }
        if let Some((limit, period, offset)) = self.terms.quota
            && self.used_of_quota() + cost > limit
        {
            limits.push((Limit::Quota, window(period, offset, self.time).1));
        }
        limits
    }

    fn own(&self, route: Option<usize>) -> Option<(Option<usize>, Bucket)> {
        self.terms.route(route).own.map(|own| (route, own))
    }

    pub(crate) fn admit(&mut self, route: Option<usize>) {
        self.events.push((self.time, Event::Admitted { route, cost: self.cost(route) }));
        self.in_flight += 1;
    }

    /// Whole calls that the bucket of the plan, or of a route, has left: at least, and at most.
    pub(crate) fn left_of_bucket(&self, route: Option<usize>) -> Option<(u64, u64)> {
        let bucket = if route.is_none() { self.terms.bucket } else { self.terms.route(route).own? };
        let (used, rounded) = self.used_of_bucket(route);
        let whole = |used| {
            let room = units(bucket.rate, bucket.burst).saturating_sub(used);
            u64::try_from(room / units(bucket.rate, 1)).unwrap()
        };
        Some((whole(used + rounded), whole(used)))
    }

    /// By how many nanoseconds a call may be told too late a moment, for rounding.
    pub(crate) fn lateness(&self, route: Option<usize>) -> u64 {
        let rounded = self.used_of_bucket(None).1.max(self.used_of_bucket(route).1);
        u64::try_from(rounded.div_ceil(UNIT)).unwrap()
    }

    /// What is used of the plan's bucket, or of a route's; and how much more it is when rounded as the gate does.
    fn used_of_bucket(&self, of: Option<usize>) -> (u128, u128) {
        let bucket_in = |terms: &Terms| if of.is_none() { Some(terms.bucket) } else { terms.route(of).own };
        let (mut used, mut rounded, mut looked_at) = (0_u128, 0_u128, 0);
        let (mut bucket, mut in_force) = (bucket_in(&self.first), bucket_in(&self.first).is_some());
        let drain = |used: u128, nanos: u64| used.saturating_sub(u128::from(nanos) * UNIT);
        for (at, event) in &self.events {
            used = drain(used, at - looked_at);
            looked_at = *at;
            match event {
                Event::Admitted { route, cost } if in_force && (of.is_none() || *route == of) => {
                    used += bucket.map_or(0, |bucket| units(bucket.rate, *cost));
                }
                Event::Admitted { .. } => {}
                // A bucket that is in no plan for a while goes on draining as it did.
                Event::Changed(terms) => {
                    in_force = bucket_in(terms).is_some();
                    let Some(next) = bucket_in(terms) else { continue };
                    if let Some(before) = bucket {
                        // As many calls are used as before, but no more than there are.
                        let (interval, before) = (units(next.rate, 1) / UNIT, units(before.rate, 1) / UNIT);
                        if interval != before {
                            used = used * interval / before;
                            rounded = (rounded * interval).div_ceil(before) + 2 * UNIT;
                        }
                        used = used.min(units(next.rate, next.burst));
                    }
                    bucket = Some(next);
                }
            }
        }
        (drain(used, self.time - looked_at), rounded)
    }

    /// Calls that count in the present window of the quota.
    pub(crate) fn used_of_quota(&self) -> u64 {
        let (mut used, mut ends, mut terms) = (0, 0, &self.first);
        for (at, event) in &self.events {
            if let Some((_, period, offset)) = terms.quota
                && *at >= ends
            {
                (used, ends) = (0, window(period, offset, *at).1);
            }
            match event {
                Event::Admitted { cost, .. } if terms.quota.is_some() => used += cost,
                Event::Admitted { .. } => {}
                Event::Changed(next) => {
                    if *at >= ends {
                        used = 0;
                    }
                    if let Some((_, period, offset)) = next.quota {
                        ends = window(period, offset, *at).1;
                    }
                    terms = next;
                }
            }
        }
        if self.terms.quota.is_some() && self.time >= ends { 0 } else { used }
    }
}

/// What a number of calls takes out of a bucket. The time between two calls is rounded up to whole nanoseconds.
fn units(rate: u64, calls: u64) -> u128 {
    u128::from(1_000_000_000_000_000_u64.div_ceil(rate)) * u128::from(calls) * UNIT
}

/// The period that `now` is in, by counting days from the first of 1970, a Thursday.
pub(crate) fn window(period: Period, offset_minutes: i64, now: u64) -> (u64, u64) {
    let offset = i128::from(offset_minutes) * 60 * i128::from(SECOND);
    let today = (i128::from(now) + offset).div_euclid(i128::from(DAY));
    let (mut first, mut next) = (0_i128, 0_i128);
    let (mut year, mut month) = (1970, 0);
    while next <= today {
        first = next;
        next += match period {
            Period::Day => 1,
            Period::Week if next == 0 => 4,
            Period::Week => 7,
            Period::Month => days_of(year, month),
        };
        (year, month) = if month == 11 { (year + 1, 0) } else { (year, month + 1) };
        if period == Period::Day && next <= today {
            next = today;
        }
    }
    let moment = |day: i128| u64::try_from(day * i128::from(DAY) - offset).unwrap_or(0);
    (moment(first), moment(next))
}

fn days_of(year: u32, month: usize) -> i128 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month]
}
