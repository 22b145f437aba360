//! What a plan says of one operation: what a call costs, and how fast such calls may come.

use std::fmt;
use std::str::FromStr;

use super::Rate;
use crate::operation::Operation;

/// A plan's rule for one operation.
///
/// Written `POST /v1/bookings cost=5 rate=2 burst=10`. A call of the operation counts as `cost` calls against the
/// plan's burst and quota; `rate` and `burst` are a bucket of the operation's own, which holds in addition to the
/// plan's, and which a call takes `cost` from too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteRule {
    /// The operation.
    pub operation: Operation,
    /// How many calls one counts as; at least 1, and at most what the plan and the rule's own bucket hold.
    pub cost: u32,
    /// The operation's own bucket, if it has one.
    pub pace: Option<RoutePace>,
}

/// How fast calls of one operation may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoutePace {
    /// In the long run.
    pub rate: Rate,
    /// At once after a rest.
    pub burst: u32,
}

impl RoutePace {
    /// The bucket of `rate` and `burst`, or none if neither is given; `None` if only one of them is.
    #[must_use]
    pub fn of(rate: Option<Rate>, burst: Option<u32>) -> Option<Option<Self>> {
        match (rate, burst) {
            (Some(rate), Some(burst)) => Some(Some(Self { rate, burst })),
            (None, None) => Some(None),
            _ => None,
        }
    }
}

impl RouteRule {
    /// Reads `POST /v1/bookings cost=5 rate=2 burst=10`. At least one of them is to be there; `cost` is 1 otherwise,
    /// and `rate` and `burst` come together.
    ///
    /// # Errors
    /// When the text is not of this form. Whether the numbers fit a plan is the plan's to say.
    pub fn parse(text: &str) -> Result<Self, InvalidRouteRule> {
        parse(text).map_err(|fault| InvalidRouteRule { text: text.to_owned(), fault })
    }
}

fn parse(text: &str) -> Result<RouteRule, &'static str> {
    let mut words = text.split_ascii_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Err("begin with method and path");
    };
    let operation = Operation::new(&format!("{method} {path}"))
        .map_err(|_| "begin with method and path, in capitals and with a slash")?;
    let (mut cost, mut rate, mut burst) = (None, None, None);
    for word in words {
        let (name, value) = word.split_once('=').ok_or("after the path come cost=, rate= and burst=")?;
        let repeated = match name {
            "cost" => cost.replace(count(value).ok_or("cost is a whole number")?).is_some(),
            "burst" => burst.replace(count(value).ok_or("burst is a whole number")?).is_some(),
            "rate" => rate.replace(Rate::parse(value).map_err(|_| "rate is calls per second")?).is_some(),
            _ => return Err("after the path come cost=, rate= and burst="),
        };
        if repeated {
            return Err("each is given once");
        }
    }
    let pace = RoutePace::of(rate, burst).ok_or("rate and burst come together")?;
    if cost.is_none() && pace.is_none() {
        return Err("say what is special about it: cost=, or rate= and burst=");
    }
    Ok(RouteRule { operation, cost: cost.unwrap_or(1), pace })
}

fn count(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

impl FromStr for RouteRule {
    type Err = InvalidRouteRule;

    fn from_str(text: &str) -> Result<Self, InvalidRouteRule> {
        Self::parse(text)
    }
}

impl fmt::Display for RouteRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cost={}", self.operation, self.cost)?;
        if let Some(RoutePace { rate, burst }) = self.pace {
            write!(f, " rate={rate} burst={burst}")?;
        }
        Ok(())
    }
}

/// The text is not a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a rule for a route: {fault}; such as \"POST /v1/bookings cost=5 rate=2 burst=10\"")]
pub struct InvalidRouteRule {
    /// What was given.
    pub text: String,
    fault: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_shown_as_it_is_read() {
        for (text, shown) in [
            ("POST /v1/bookings cost=5 rate=2 burst=4", "POST /v1/bookings cost=5 rate=2/s burst=4"),
            ("POST /booking burst=4  rate=0.5/s", "POST /booking cost=1 rate=0.5/s burst=4"),
            ("GET /v1/bookings/{booking_id} cost=2", "GET /v1/bookings/{booking_id} cost=2"),
        ] {
            let rule = RouteRule::parse(text).unwrap();
            assert_eq!(rule.to_string(), shown);
            assert_eq!(shown.parse(), Ok(rule));
        }
    }

    #[test]
    fn what_is_no_rule_is_told_why() {
        for (text, why) in [
            ("", "begin with method and path"),
            ("POST", "begin with method and path"),
            ("post /booking cost=2", "in capitals and with a slash"),
            ("POST /booking", "say what is special about it"),
            ("POST /booking cost", "after the path come cost="),
            ("POST /booking price=2", "after the path come cost="),
            ("POST /booking cost=2 cost=2", "each is given once"),
            ("POST /booking cost=+2", "cost is a whole number"),
            ("POST /booking cost=4294967296", "cost is a whole number"),
            ("POST /booking rate=2", "rate and burst come together"),
            ("POST /booking cost=2 burst=2", "rate and burst come together"),
            ("POST /booking rate=fast burst=2", "rate is calls per second"),
            ("POST /booking rate=2 burst=two", "burst is a whole number"),
        ] {
            let refused = RouteRule::parse(text).unwrap_err().to_string();
            assert!(
                refused.starts_with(&format!("{text:?} is not a rule")) && refused.contains(why),
                "{refused}"
            );
        }
    }
}
