//! Usage plans: how fast, how much, and how many at once an agency may call.

mod quota;
mod rate;
mod route;

pub use quota::{InvalidQuota, Period, Quota, QuotaWindow};
pub use rate::{InvalidRate, Rate};
pub use route::{InvalidRouteRule, RoutePace, RouteRule};

use std::fmt;
use std::sync::Arc;

use crate::agency::AgencyName;
use crate::operation::Operation;

/// The name of a plan; it is also its identity.
///
/// 1 to 64 characters: ASCII letters, digits, space, `.`, `_` and `-`, beginning and ending with a letter or
/// digit, as for an agency. Upper and lower case are told apart. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlanName(Arc<str>);

impl PlanName {
    /// The longest name, in characters.
    pub const CHARS_MAX: usize = AgencyName::CHARS_MAX;
    /// What a name looks like, as a regular expression (ECMA-262).
    pub const PATTERN: &str = AgencyName::PATTERN;

    /// Takes `text` as a name.
    ///
    /// # Errors
    /// When it is not of the form that [`Self::PATTERN`] gives.
    pub fn new(text: &str) -> Result<Self, InvalidPlanName> {
        // One rule for both names; it stands with the agency.
        let fits = AgencyName::new(text).is_ok();
        if fits { Ok(Self(text.into())) } else { Err(InvalidPlanName { text: text.to_owned() }) }
    }

    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlanName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not the name of a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a plan's name: it takes 1 to 64 letters, digits, spaces, dots, underscores or hyphens, and \
     begins and ends with a letter or digit"
)]
pub struct InvalidPlanName {
    /// What was given.
    pub text: String,
}

/// A usage plan.
///
/// `rate` and `burst` together are a bucket that holds `burst` calls and is refilled at `rate`: in any span of
/// time no more than `burst + rate * span` calls are admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    name: PlanName,
    rate: Rate,
    burst: u32,
    quota: Option<Quota>,
    in_flight: Option<u32>,
    /// In order of their operations; shared, because plans are cloned with every change of the roster.
    routes: Arc<[RouteRule]>,
}

impl Plan {
    /// The most rules for routes that a plan has.
    pub const ROUTES_MAX: usize = 64;

    /// The longest time that an empty bucket may take to fill, in nanoseconds: 100 years of 365.25 days. Keeps
    /// every moment that throttling computes within 64 bits until the year 2454.
    const FILL_NANOS_MAX: u64 = 3_155_760_000 * 1_000_000_000;

    /// A plan. `quota` and `in_flight` are unlimited when absent.
    ///
    /// # Errors
    /// When `burst` or `in_flight` is 0, or `burst` calls at `rate` take more than 100 years.
    pub fn new(
        name: PlanName,
        rate: Rate,
        burst: u32,
        quota: Option<Quota>,
        in_flight: Option<u32>,
    ) -> Result<Self, InvalidPlan> {
        if burst == 0 {
            return Err(InvalidPlan::BurstZero);
        }
        if in_flight == Some(0) {
            return Err(InvalidPlan::InFlightZero);
        }
        if fills_too_slowly(rate, burst) {
            return Err(InvalidPlan::FillsTooSlowly { rate, burst });
        }
        Ok(Self { name, rate, burst, quota, in_flight, routes: Arc::default() })
    }

    /// The same plan with these rules for routes, and no others.
    ///
    /// # Errors
    /// When a call of one of them could never come in, two are for one operation, or there are too many.
    pub fn with_routes(self, mut routes: Vec<RouteRule>) -> Result<Self, InvalidPlan> {
        if routes.len() > Self::ROUTES_MAX {
            return Err(InvalidPlan::TooManyRoutes);
        }
        routes.iter().try_for_each(|rule| self.check(rule))?;
        routes.sort_by(|one, other| one.operation.cmp(&other.operation));
        if let Some(twins) = routes.windows(2).find(|pair| pair[0].operation == pair[1].operation) {
            return Err(InvalidPlan::RouteTwice { route: twins[0].operation.clone() });
        }
        Ok(Self { routes: routes.into(), ..self })
    }

    /// Can a call of the rule's operation ever come in?
    fn check(&self, rule: &RouteRule) -> Result<(), InvalidPlan> {
        let route = || rule.operation.clone();
        if rule.cost == 0 {
            return Err(InvalidPlan::CostZero { route: route() });
        }
        let own = rule.pace.map(|pace| u64::from(pace.burst));
        let quota = self.quota.map(Quota::limit);
        let most = [Some(u64::from(self.burst)), own, quota].into_iter().flatten().min();
        if let Some(most) = most.filter(|most| *most < u64::from(rule.cost)) {
            return Err(InvalidPlan::CostTooHigh { route: route(), cost: rule.cost, most });
        }
        match rule.pace {
            Some(RoutePace { rate, burst }) if fills_too_slowly(rate, burst) => {
                Err(InvalidPlan::FillsTooSlowly { rate, burst })
            }
            _ => Ok(()),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &PlanName {
        &self.name
    }

    /// How fast calls may come in the long run.
    #[must_use]
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// How many calls may come at once after a rest; at least 1.
    #[must_use]
    pub fn burst(&self) -> u32 {
        self.burst
    }

    /// How many calls may come in a day, week or month.
    #[must_use]
    pub fn quota(&self) -> Option<Quota> {
        self.quota
    }

    /// How many calls may be under way at the same time; at least 1.
    #[must_use]
    pub fn in_flight(&self) -> Option<u32> {
        self.in_flight
    }

    /// The rules for routes, in order of their operations. A call of any other counts as one.
    #[must_use]
    pub fn routes(&self) -> &[RouteRule] {
        &self.routes
    }
}

fn fills_too_slowly(rate: Rate, burst: u32) -> bool {
    let nanos = rate.interval_nanos().checked_mul(u64::from(burst));
    nanos.is_none_or(|nanos| nanos > Plan::FILL_NANOS_MAX)
}

/// Why a plan cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPlan {
    /// It would admit nothing.
    #[error("burst is 0, which admits no call at all; it takes 1 to 4294967295")]
    BurstZero,
    /// It would admit nothing.
    #[error(
        "in-flight is 0, which admits no call at all; it takes 1 to 4294967295, or leave it out for no limit"
    )]
    InFlightZero,
    /// The bucket would take more than 100 years to fill.
    #[error(
        "a burst of {burst} at a rate of {rate} takes more than 100 years to fill; lower the burst or raise the rate"
    )]
    FillsTooSlowly {
        /// The rate that was given.
        rate: Rate,
        /// The burst that was given.
        burst: u32,
    },
    /// Calls that cost nothing would be limited by nothing.
    #[error("{route} costs 0, so that nothing would limit it; a call costs at least 1")]
    CostZero {
        /// The rule's operation.
        route: Operation,
    },
    /// Not even one call would ever come in.
    #[error("{route} costs {cost}, but no more than {most} are ever there at once; raise the burst or quota")]
    CostTooHigh {
        /// The rule's operation.
        route: Operation,
        /// What one call costs.
        cost: u32,
        /// The smallest of the limits that it counts against.
        most: u64,
    },
    /// It is open which rule would hold.
    #[error("{route} has two rules; give one for each route")]
    RouteTwice {
        /// The operation.
        route: Operation,
    },
    /// More rules than there is any use for.
    #[error("there are more than {} rules for routes", Plan::ROUTES_MAX)]
    TooManyRoutes,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(rate: &str, burst: u32, in_flight: Option<u32>) -> Result<Plan, InvalidPlan> {
        Plan::new(PlanName::new("demo").unwrap(), rate.parse().unwrap(), burst, None, in_flight)
    }

    #[test]
    fn a_plan_that_admits_nothing_cannot_be() {
        assert!(plan("10", 1, Some(1)).is_ok());
        assert_eq!(plan("10", 0, None), Err(InvalidPlan::BurstZero));
        assert_eq!(plan("10", 1, Some(0)), Err(InvalidPlan::InFlightZero));
    }

    #[test]
    fn a_bucket_fills_within_a_hundred_years() {
        assert!(plan("0.000001", 3_155, None).is_ok());
        let refused = plan("0.000001", 3_156, None).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "a burst of 3156 at a rate of 0.000001/s takes more than 100 years to fill; lower the burst or raise \
             the rate"
        );
        assert!(plan("1000000", u32::MAX, None).is_ok());
    }

    #[test]
    fn a_rule_under_which_no_call_comes_in_cannot_be() {
        let quota = Some("6/day".parse().unwrap());
        let plan = Plan::new(PlanName::new("demo").unwrap(), "1".parse().unwrap(), 8, quota, None).unwrap();
        let with = |rules: &[&str]| {
            let rules = rules.iter().map(|text| text.parse().unwrap()).collect();
            plan.clone().with_routes(rules).map(|plan| plan.routes().len()).map_err(|error| error.to_string())
        };
        assert_eq!(with(&[]), Ok(0));
        assert_eq!(with(&["GET /b cost=6", "GET /a cost=2 rate=1 burst=2"]), Ok(2));
        for (rules, told) in [
            (
                &["GET /a cost=0"][..],
                "GET /a costs 0, so that nothing would limit it; a call costs at least 1",
            ),
            (
                &["GET /a cost=7"],
                "GET /a costs 7, but no more than 6 are ever there at once; raise the burst or quota",
            ),
            (
                &["GET /a cost=3 rate=1 burst=2"],
                "GET /a costs 3, but no more than 2 are ever there at once; raise the burst or quota",
            ),
            (
                &["GET /a cost=2", "GET /b cost=1", "GET /a cost=1"],
                "GET /a has two rules; give one for each route",
            ),
        ] {
            assert_eq!(with(rules), Err(told.to_owned()));
        }
        assert!(with(&["GET /a rate=0.000001 burst=3156"]).unwrap_err().contains("more than 100 years"));
        let many: Vec<String> =
            (0..=Plan::ROUTES_MAX).map(|number| format!("GET /{number} cost=1")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(with(&many[1..]), Ok(64));
        assert_eq!(with(&many), Err("there are more than 64 rules for routes".to_owned()));
    }

    #[test]
    fn names_follow_the_rule_for_agencies() {
        for name in ["demo", "Gold 2.0", "a", "a_b-c"] {
            assert_eq!(PlanName::new(name).unwrap().to_string(), name);
        }
        for name in ["", " demo", "demo-", "d/emo", "d\u{e9}mo", &"a".repeat(65)] {
            assert!(PlanName::new(name).unwrap_err().to_string().starts_with(&format!("{name:?}")));
        }
    }
}
