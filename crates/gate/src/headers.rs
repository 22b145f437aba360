//! The header fields that tell a caller how its plan stands.
//!
//! Source: draft-ietf-httpapi-ratelimit-headers-11 for `RateLimit-Policy` and `RateLimit`, RFC 9110 section 10.2.3
//! for `Retry-After`. The draft may still move; all of its wire form is in this file and in the policy text of
//! `throttle/terms.rs`.

use std::fmt::{self, Write};
use std::time::Duration;

use skybridge_domain::operation::Operation;
use skybridge_domain::time::Timestamp;

use crate::throttle::{PaceSnapshot, ThrottleRefusal};

/// The values of the header fields.
#[derive(Debug, Clone, Copy)]
pub struct PaceHeaders<'a> {
    /// `RateLimit-Policy`: every limit of the plan, `"burst";q=100;w=2, "day";q=100000;w=86400`.
    pub policy: &'a str,
    /// `RateLimit`: the limit nearest to being reached, `"day";r=99990;t=3600`.
    pub limit: HeaderText,
    /// `Retry-After`: for a refusal, whole seconds after which a retry passes.
    pub retry_after: Option<HeaderText>,
}

/// Builds the header fields for an answer; for a refused call, with when to retry.
#[must_use]
pub fn pace_headers<'a>(pace: &'a PaceSnapshot, refusal: Option<&ThrottleRefusal>) -> PaceHeaders<'a> {
    let nearest = pace.nearest();
    let resets_in = seconds_until(nearest.resets_at, pace.at());
    PaceHeaders {
        policy: pace.policy(),
        limit: HeaderText::of(format_args!(r#""{}";r={};t={resets_in}"#, nearest.name, nearest.remaining)),
        retry_after: refusal.map(|refusal| {
            let seconds = seconds_until(refusal.retry_at(), pace.at()).max(1);
            HeaderText::of(format_args!("{seconds}"))
        }),
    }
}

/// Whole seconds, rounded up: whoever waits so long is never too early.
fn seconds_until(moment: Timestamp, now: Timestamp) -> u64 {
    let wait: Duration = moment.since(now);
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

/// A short header value, kept in place: it is made for every answer.
#[derive(Clone, Copy)]
pub struct HeaderText {
    bytes: [u8; Self::BYTES_MAX],
    len: usize,
}

impl HeaderText {
    /// The name of a route, its quotes, `;r=` with 15 digits, `;t=` with 11.
    const BYTES_MAX: usize = Operation::CHARS_MAX + 2 + 18 + 14;

    fn of(text: fmt::Arguments<'_>) -> Self {
        let mut value = Self { bytes: [0; Self::BYTES_MAX], len: 0 };
        value.write_fmt(text).expect("a header value is shorter than its bound");
        value
    }

    /// The value's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).expect("only whole texts are written")
    }
}

impl Write for HeaderText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl fmt::Debug for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}
