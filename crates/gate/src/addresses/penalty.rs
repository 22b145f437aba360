//! Penalties: who goes over is refused for a while, and each time for twice as long.

use std::time::Duration;

use skybridge_domain::time::Timestamp;

/// How long a source is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PenaltyTerms {
    /// The first time.
    pub first: Duration,
    /// At most, however often.
    pub longest: Duration,
    /// How long after the end of a penalty the source has to behave for the next one to be a first one again.
    pub memory: Duration,
}

impl Default for PenaltyTerms {
    /// 10 seconds, an hour, 10 minutes.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(10),
            longest: Duration::from_secs(3_600),
            memory: Duration::from_secs(600),
        }
    }
}

/// What a penalty is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PenaltyCause {
    /// More requests than a rule admits.
    Rate,
    /// More keys or signatures that are not taken than the lockout admits.
    Failures,
}

/// A source that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too much has come from this address; it may come again at {retry_at}")]
pub struct Penalised {
    /// The first moment at which a request passes again, if nobody else comes before; a nanosecond earlier it does not.
    pub retry_at: Timestamp,
    /// What for.
    pub cause: PenaltyCause,
    /// How many penalties in a row it is, 1 for the first; 0 where there was no room to remember the source, and it is
    /// refused only until the account that it shares with others has room.
    pub strikes: u32,
    /// Is it this request that brought it about?
    pub is_new: bool,
}

/// How a source stands. Moments are nanoseconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Standing {
    until: u64,
    strikes: u32,
    cause: Option<PenaltyCause>,
}

impl Standing {
    /// The penalty at `now`.
    pub(super) fn penalty(&self, terms: &PenaltyTerms, now: Timestamp) -> Option<Penalised> {
        let until = self.until(terms, now);
        let (cause, strikes) = (self.cause?, self.strikes);
        let retry_at = Timestamp::from_nanos(until);
        (retry_at > now).then_some(Penalised { retry_at, cause, strikes, is_new: false })
    }

    /// One more penalty from `now` on, until `not_before` at least.
    pub(super) fn strike(
        &mut self,
        terms: &PenaltyTerms,
        cause: PenaltyCause,
        not_before: Timestamp,
        now: Timestamp,
    ) -> Penalised {
        if now.as_nanos() >= self.forgotten_at(terms) {
            self.strikes = 0;
        }
        // 2^20 times the first is longer than any longest that makes sense.
        let length = terms.first.saturating_mul(1 << self.strikes.min(20)).min(terms.longest);
        let retry_at = now.plus(length).max(not_before);
        self.strikes = self.strikes.saturating_add(1);
        (self.until, self.cause) = (retry_at.as_nanos(), Some(cause));
        Penalised { retry_at, cause, strikes: self.strikes, is_new: true }
    }

    /// From when on nothing of it is remembered.
    pub(super) fn forgotten_at(&self, terms: &PenaltyTerms) -> u64 {
        if self.strikes == 0 { 0 } else { self.until.saturating_add(nanos(terms.memory)) }
    }

    /// No penalty ends later than the longest from now; one that does was given before the clock was set back.
    fn until(&self, terms: &PenaltyTerms, now: Timestamp) -> u64 {
        // Nor does a window of a rule, which a penalty may wait for.
        let reach = terms.longest.max(super::RateRule::WINDOWS[1]);
        self.until.min(now.plus(reach).as_nanos())
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
