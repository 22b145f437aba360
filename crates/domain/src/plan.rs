//! Usage plans: how fast, how much, and how many at once an agency may call.

mod quota;
mod rate;

pub use quota::{InvalidQuota, Period, Quota, QuotaWindow};
pub use rate::{InvalidRate, Rate};

use std::fmt;
use std::sync::Arc;

use crate::agency::AgencyName;

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
}

impl Plan {
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
        let fill_nanos = rate.interval_nanos().checked_mul(u64::from(burst));
        if fill_nanos.is_none_or(|nanos| nanos > Self::FILL_NANOS_MAX) {
            return Err(InvalidPlan::FillsTooSlowly { rate, burst });
        }
        Ok(Self { name, rate, burst, quota, in_flight })
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
}

/// Why a plan cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
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
    fn names_follow_the_rule_for_agencies() {
        for name in ["demo", "Gold 2.0", "a", "a_b-c"] {
            assert_eq!(PlanName::new(name).unwrap().to_string(), name);
        }
        for name in ["", " demo", "demo-", "d/emo", "d\u{e9}mo", &"a".repeat(65)] {
            assert!(PlanName::new(name).unwrap_err().to_string().starts_with(&format!("{name:?}")));
        }
    }
}
