//! How fast calls may come.

use std::fmt;
use std::str::FromStr;

/// A number of calls per second, exact to the millionth: 0.000001/s to 1000000/s.
///
/// Written `10/s` or `0.5/s`; the `/s` may be left out when read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate {
    /// Millionths of a call per second.
    millionths: u64,
}

impl Rate {
    const MILLIONTHS: u64 = 1_000_000;
    /// The fastest rate, in millionths of a call per second.
    const MILLIONTHS_MAX: u64 = 1_000_000 * Self::MILLIONTHS;

    /// The rate of `millionths` millionths of a call per second, if it is one.
    #[must_use]
    pub fn from_millionths(millionths: u64) -> Option<Self> {
        (1..=Self::MILLIONTHS_MAX).contains(&millionths).then_some(Self { millionths })
    }

    /// Reads `10`, `0.5` or `10/s`.
    ///
    /// # Errors
    /// When the text is no such number, has more than six decimals, or is out of range.
    pub fn parse(text: &str) -> Result<Self, InvalidRate> {
        millionths(text.strip_suffix("/s").unwrap_or(text))
            .and_then(Self::from_millionths)
            .ok_or_else(|| InvalidRate { text: text.to_owned() })
    }

    /// Millionths of a call per second.
    #[must_use]
    pub fn millionths(self) -> u64 {
        self.millionths
    }

    /// The time between two calls at this rate, in nanoseconds; rounded up, so that whoever keeps it never goes
    /// faster than the rate.
    #[must_use]
    pub fn interval_nanos(self) -> u64 {
        (1_000_000_000 * Self::MILLIONTHS).div_ceil(self.millionths)
    }

    /// Whole calls per second, rounded down.
    #[must_use]
    pub fn whole_calls_per_second(self) -> u64 {
        self.millionths / Self::MILLIONTHS
    }
}

/// The decimal number `text` times a million, if that is whole and fits.
fn millionths(text: &str) -> Option<u64> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (text, "0"),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 6 {
        return None;
    }
    let fraction: u64 = format!("{fraction:0<6}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(Rate::MILLIONTHS)?.checked_add(fraction)
}

impl FromStr for Rate {
    type Err = InvalidRate;

    fn from_str(text: &str) -> Result<Self, InvalidRate> {
        Self::parse(text)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.millionths / Self::MILLIONTHS, self.millionths % Self::MILLIONTHS);
        if fraction == 0 {
            write!(f, "{whole}/s")
        } else {
            let fraction = format!("{fraction:06}");
            write!(f, "{whole}.{}/s", fraction.trim_end_matches('0'))
        }
    }
}

/// The text is not a rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a rate; give calls per second, such as 10, 0.5 or 10/s, from 0.000001 to 1000000 with at most \
     six decimals"
)]
pub struct InvalidRate {
    /// What was given.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_rate_is_read_exactly() {
        for (text, millionths, shown) in [
            ("10", 10_000_000, "10/s"),
            ("10/s", 10_000_000, "10/s"),
            ("0.5", 500_000, "0.5/s"),
            ("0.001", 1_000, "0.001/s"),
            ("010.250000/s", 10_250_000, "10.25/s"),
            ("0.000001", 1, "0.000001/s"),
            ("1000000", 1_000_000_000_000, "1000000/s"),
        ] {
            let rate = Rate::parse(text).unwrap();
            assert_eq!((rate.millionths(), rate.to_string().as_str()), (millionths, shown), "{text}");
        }
    }

    #[test]
    fn what_is_no_rate_is_named() {
        for text in [
            "",
            "0",
            "0.0",
            "-1",
            "+1",
            "1e3",
            "1.",
            ".5",
            "1.0000001",
            "1000000.000001",
            "10/m",
            "/s",
            "1 /s",
            "½",
        ] {
            let refused = Rate::parse(text).unwrap_err().to_string();
            assert!(refused.starts_with(&format!("{text:?} is not a rate")), "{refused}");
        }
        assert!(Rate::parse(&"9".repeat(40)).is_err());
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(millionths in 1..=Rate::MILLIONTHS_MAX) {
            let rate = Rate::from_millionths(millionths).unwrap();
            prop_assert_eq!(Rate::parse(&rate.to_string()), Ok(rate));
        }

        #[test]
        fn the_interval_never_exceeds_the_rate(millionths in 1..=Rate::MILLIONTHS_MAX) {
            let interval = Rate::from_millionths(millionths).unwrap().interval_nanos();
            let product = u128::from(interval) * u128::from(millionths);
            prop_assert!(product >= 1_000_000_000_000_000, "calls come faster than the rate");
            prop_assert!(product - u128::from(millionths) < 1_000_000_000_000_000, "slower than need be");
        }
    }
}
