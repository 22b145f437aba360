//! Moments and durations. The domain never reads a clock: a moment comes in as an argument.

use std::fmt;
use std::time::Duration;

/// A moment: nanoseconds since 1970-01-01T00:00:00Z, leap seconds ignored as Unix time does.
///
/// Throttling needs the nanoseconds. What is stored and shown is whole milliseconds
/// ([`whole_millis`](Timestamp::whole_millis)), written as RFC 3339 in UTC: `2027-03-14T09:26:53.589Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The moment `nanos` nanoseconds after the epoch (good until the year 2554).
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The moment `millis` milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// Nanoseconds since the epoch.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Milliseconds since the epoch, rounded down.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1_000_000_000
    }

    /// The moment as HTTP writes dates (RFC 9110, section 5.6.7), to the second: `Sun, 14 Mar 2027 09:26:53 GMT`.
    #[must_use]
    pub fn http_date(self) -> String {
        let seconds = i64::try_from(self.as_secs()).expect("64 bits of nanoseconds are 35 of seconds");
        let moment = jiff::Timestamp::from_second(seconds).expect("the year 2554 is within jiff's range");
        moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// The same moment, rounded down to the millisecond.
    #[must_use]
    pub const fn whole_millis(self) -> Self {
        Self::from_millis(self.as_millis())
    }

    /// The time from `earlier` to this moment; zero if `earlier` is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This moment, `later` later. Saturates at the end of time.
    #[must_use]
    pub fn plus(self, later: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(later.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// Reads RFC 3339 with any offset, as `2027-03-14T09:26:53Z`.
    ///
    /// # Errors
    /// When the text is not RFC 3339, or the moment is before 1970 or after 2554.
    pub fn parse(text: &str) -> Result<Self, NotATimestamp> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| NotATimestamp)?;
        u64::try_from(moment.as_nanosecond()).map(Self).map_err(|_| NotATimestamp)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = i64::try_from(self.as_millis()).map_err(|_| fmt::Error)?;
        let moment = jiff::Timestamp::from_millisecond(millis).map_err(|_| fmt::Error)?;
        write!(f, "{moment:.3}")
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// The text is not a moment in RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a moment in RFC 3339 from 1970 on, such as 2027-03-14T09:26:53Z")]
pub struct NotATimestamp;

/// Where moments come from: the machine's clock in the program, a clock that is set by hand in tests.
pub trait Clock: Send + Sync + 'static {
    /// The present moment. May step back when the machine's clock is set; callers that must not go back
    /// remember the latest moment they saw.
    fn now(&self) -> Timestamp;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_dates_are_of_fixed_length_and_in_english() {
        for (moment, date) in [
            ("1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("2027-01-01T00:00:00.999Z", "Fri, 01 Jan 2027 00:00:00 GMT"),
            ("2400-02-29T23:59:59Z", "Tue, 29 Feb 2400 23:59:59 GMT"),
        ] {
            assert_eq!(Timestamp::parse(moment).unwrap().http_date(), date);
        }
        assert_eq!(Timestamp::from_nanos(u64::MAX).http_date().len(), 29);
    }
}
