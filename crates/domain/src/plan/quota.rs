//! How many calls may come in a day, week or month.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use crate::time::Timestamp;

/// A number of calls per calendar period.
///
/// Written `10000/day`, `10000/week` or `10000/month`; periods begin at midnight UTC, or at midnight of the UTC
/// offset that follows: `10000/day+05:30`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quota {
    limit: u64,
    period: Period,
    offset_minutes: i16,
}

/// What a quota is counted over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// Midnight to midnight.
    Day,
    /// Monday to Monday.
    Week,
    /// The first of a month to the first of the next.
    Month,
}

impl Period {
    /// Its name, in quotas and in the `RateLimit` headers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

/// One period: from its first moment to the first moment of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaWindow {
    /// Its first moment.
    pub start: Timestamp,
    /// The first moment that is no longer in it.
    pub end: Timestamp,
}

const DAY_SECONDS: i64 = 86_400;

impl Quota {
    /// The largest limit: the largest integer of a structured header field (RFC 9651), which has to tell it.
    pub const LIMIT_MAX: u64 = 999_999_999_999_999;
    /// The largest UTC offset there is, in minutes.
    const OFFSET_MINUTES_MAX: i16 = 14 * 60;

    /// `limit` calls per `period`, which begins at midnight of the UTC offset `offset_minutes`.
    #[must_use]
    pub fn new(limit: u64, period: Period, offset_minutes: i16) -> Option<Self> {
        let fits = (1..=Self::LIMIT_MAX).contains(&limit)
            && (-Self::OFFSET_MINUTES_MAX..=Self::OFFSET_MINUTES_MAX).contains(&offset_minutes);
        fits.then_some(Self { limit, period, offset_minutes })
    }

    /// Reads `10000/day` or `10000/month-05:00`.
    ///
    /// # Errors
    /// When the text is not of this form or a number is out of range.
    pub fn parse(text: &str) -> Result<Self, InvalidQuota> {
        parse(text).ok_or_else(|| InvalidQuota { text: text.to_owned() })
    }

    /// How many calls a period admits.
    #[must_use]
    pub fn limit(self) -> u64 {
        self.limit
    }

    /// The period.
    #[must_use]
    pub fn period(self) -> Period {
        self.period
    }

    /// The UTC offset at whose midnight periods begin, in minutes.
    #[must_use]
    pub fn offset_minutes(self) -> i16 {
        self.offset_minutes
    }

    /// The period that `now` is in.
    #[must_use]
    pub fn window(self, now: Timestamp) -> QuotaWindow {
        let offset_seconds = i64::from(self.offset_minutes) * 60;
        let now_seconds =
            i64::try_from(now.as_nanos() / 1_000_000_000).expect("u64 nanoseconds are few seconds");
        let day = (now_seconds + offset_seconds).div_euclid(DAY_SECONDS);
        let (first_day, next_day) = match self.period {
            Period::Day => (day, day + 1),
            Period::Week => {
                // Day 0 was a Thursday: three days after a Monday.
                let monday = day - (day + 3).rem_euclid(7);
                (monday, monday + 7)
            }
            Period::Month => month_around(day),
        };
        let moment = |day: i64| {
            let seconds = u64::try_from(day * DAY_SECONDS - offset_seconds).unwrap_or(0);
            Timestamp::from_nanos(seconds.saturating_mul(1_000_000_000))
        };
        QuotaWindow { start: moment(first_day), end: moment(next_day) }
    }
}

/// The month that a day (counted from 1970-01-01) is in: its first day and the first of the next month.
fn month_around(day: i64) -> (i64, i64) {
    const EPOCH: Date = jiff::civil::date(1970, 1, 1);
    let span = jiff::Span::new().days(day);
    let date = EPOCH.checked_add(span).expect("a day of a 64-bit nanosecond clock is in jiff's calendar");
    let first = day - i64::from(date.day()) + 1;
    (first, first + i64::from(date.days_in_month()))
}

fn parse(text: &str) -> Option<Quota> {
    let (limit, rest) = text.split_once('/')?;
    let at = rest.find(['+', '-']).unwrap_or(rest.len());
    let (word, offset) = rest.split_at(at);
    let period =
        [Period::Day, Period::Week, Period::Month].into_iter().find(|period| period.as_str() == word)?;
    if !limit.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Quota::new(limit.parse().ok()?, period, if offset.is_empty() { 0 } else { offset_minutes(offset)? })
}

/// Reads `+hh:mm` or `-hh:mm`.
fn offset_minutes(text: &str) -> Option<i16> {
    let (sign, digits) = text.split_at_checked(1)?;
    let (hours, minutes) = digits.split_once(':')?;
    let number = |part: &str| -> Option<i16> {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse().ok())?
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if minutes > 59 {
        return None;
    }
    let offset = hours * 60 + minutes;
    Some(if sign == "-" { -offset } else { offset })
}

impl FromStr for Quota {
    type Err = InvalidQuota;

    fn from_str(text: &str) -> Result<Self, InvalidQuota> {
        Self::parse(text)
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.limit, self.period.as_str())?;
        if self.offset_minutes != 0 {
            let sign = if self.offset_minutes < 0 { '-' } else { '+' };
            let minutes = self.offset_minutes.unsigned_abs();
            write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)?;
        }
        Ok(())
    }
}

/// The text is not a quota.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a quota; give calls per day, week or month, such as 10000/day, from 1 to 999999999999999, with \
     a UTC offset up to 14:00 if periods shall not begin at midnight UTC: 10000/month+02:00"
)]
pub struct InvalidQuota {
    /// What was given.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(quota: &str, now: &str) -> (String, String) {
        let window = Quota::parse(quota).unwrap().window(Timestamp::parse(now).unwrap());
        (window.start.to_string(), window.end.to_string())
    }

    #[test]
    fn windows_begin_where_the_calendar_says() {
        for (quota, now, start, end) in [
            ("1/day", "2027-03-14T09:26:53Z", "2027-03-14T00:00:00", "2027-03-15T00:00:00"),
            ("1/day", "2027-03-14T00:00:00Z", "2027-03-14T00:00:00", "2027-03-15T00:00:00"),
            ("1/day+05:30", "2027-03-14T18:30:00Z", "2027-03-14T18:30:00", "2027-03-15T18:30:00"),
            ("1/day+05:30", "2027-03-14T18:29:59Z", "2027-03-13T18:30:00", "2027-03-14T18:30:00"),
            ("1/day-05:00", "2027-03-14T04:59:59Z", "2027-03-13T05:00:00", "2027-03-14T05:00:00"),
            ("1/week", "2027-03-14T23:59:59Z", "2027-03-08T00:00:00", "2027-03-15T00:00:00"),
            ("1/week", "2027-03-15T00:00:00Z", "2027-03-15T00:00:00", "2027-03-22T00:00:00"),
            ("1/month", "2028-02-29T23:59:59Z", "2028-02-01T00:00:00", "2028-03-01T00:00:00"),
            ("1/month", "2027-12-31T12:00:00Z", "2027-12-01T00:00:00", "2028-01-01T00:00:00"),
            ("1/month+02:00", "2027-01-31T22:00:00Z", "2027-01-31T22:00:00", "2027-02-28T22:00:00"),
            ("1/week", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00", "1970-01-05T00:00:00"),
        ] {
            let expected = (format!("{start}.000Z"), format!("{end}.000Z"));
            assert_eq!(window(quota, now), expected, "{quota} at {now}");
        }
    }

    #[test]
    fn what_is_no_quota_is_named() {
        for text in [
            "",
            "10",
            "10/",
            "/day",
            "0/day",
            "-1/day",
            "+1/day",
            "10/hour",
            "10/Day",
            "1.5/day",
            "10/day+2",
            "10/day+02:60",
            "10/day+14:01",
            "10/day+2:00",
            "10/dayé",
            "10/day+é",
            "1000000000000000/day",
        ] {
            let refused = Quota::parse(text).unwrap_err().to_string();
            assert!(refused.starts_with(&format!("{text:?} is not a quota")), "{refused}");
        }
    }

    fn any_quota() -> impl Strategy<Value = Quota> {
        let period = prop_oneof![Just(Period::Day), Just(Period::Week), Just(Period::Month)];
        (1..=Quota::LIMIT_MAX, period, -840_i16..=840)
            .prop_map(|(limit, period, offset)| Quota::new(limit, period, offset).unwrap())
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(quota in any_quota()) {
            prop_assert_eq!(Quota::parse(&quota.to_string()), Ok(quota));
        }

        #[test]
        fn windows_hold_their_moments_and_leave_no_gap(quota in any_quota(), nanos in 0..16_000_000_000_000_000_000_u64) {
            let now = Timestamp::from_nanos(nanos);
            let window = quota.window(now);
            prop_assert!(window.start <= now && now < window.end);
            prop_assert_eq!(quota.window(window.start), window);
            prop_assert_eq!(quota.window(Timestamp::from_nanos(window.end.as_nanos() - 1)), window);
            prop_assert_eq!(quota.window(window.end).start, window.end);
        }
    }
}
