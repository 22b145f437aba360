//! A rule: so many requests in any window of so long.

use std::fmt;
use std::time::Duration;

/// At most `limit` requests of one source in any window of its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateRule {
    limit: u32,
    window: Duration,
}

impl RateRule {
    /// What holds if nobody chooses: 6,000 in any minute.
    pub const DEFAULT: Self = Self { limit: 6_000, window: Duration::from_secs(60) };

    /// The shortest and the longest window.
    pub const WINDOWS: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(600)];

    /// The smallest and the greatest limit.
    pub const LIMITS: [u32; 2] = [10, 100_000_000];

    /// How many pieces a window is remembered in. A rule with a limit up to this is exact. One with a greater limit
    /// remembers requests that come within a piece of each other as if all had come with the last of them: it never
    /// admits more than its limit in any window, and refuses only if so many have come within a window and one piece.
    pub const PIECES: u32 = 128;

    /// The rule.
    ///
    /// # Errors
    /// When either is out of range.
    pub fn new(limit: u32, window: Duration) -> Result<Self, InvalidRateRule> {
        let [least, most] = Self::LIMITS;
        if !(least..=most).contains(&limit) {
            return Err(InvalidRateRule::Limit);
        }
        let [shortest, longest] = Self::WINDOWS;
        if !(shortest..=longest).contains(&window) {
            return Err(InvalidRateRule::Window);
        }
        Ok(Self { limit, window })
    }

    /// How many requests.
    #[must_use]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// In how long.
    #[must_use]
    pub fn window(&self) -> Duration {
        self.window
    }

    /// In microseconds, which windows are kept in.
    pub(super) fn span(&self) -> u64 {
        u64::try_from(self.window.as_micros()).expect("a window is at most ten minutes")
    }

    /// How far the requests of one piece may be apart, in microseconds.
    pub(super) fn piece(&self) -> u64 {
        if self.limit <= Self::PIECES { 0 } else { self.span() / u64::from(Self::PIECES) }
    }
}

/// `6000/60s`, as the configuration has it.
impl fmt::Display for RateRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:?}", self.limit, self.window)
    }
}

/// A limit or a window that no rule can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRateRule {
    /// Too few or too many requests.
    #[error("a rule's limit is 10 to 100000000 requests")]
    Limit,
    /// Too short or too long.
    #[error("a rule's window is 10 s to 10 min long")]
    Window,
}
