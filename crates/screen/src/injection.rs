//! libinjection's reading of SQL and HTML, for the beginning of a text and only where there is reason to ask.
//!
//! It tokenises a text and compares the first tokens with fingerprints of known attacks, which finds forms that no
//! pattern names. The port in Rust that is used here has been fed with some million texts without a panic, but a sign
//! can cost it a microsecond, so it is shown a bounded piece, and only where the rule's anchors (quotes, comments,
//! angle brackets) are.
//!
//! It takes some honest texts for attacks (`- update\n- Smith & Sons\n- (2)`), so it has fewer points than the default
//! threshold, and is asked only where they decide, by profiles whose threshold is no higher than [`POINTS`], and where a
//! profile names its rule (`sql-fingerprint = "count"` tells how often it would speak).

use std::ops::Range;

use crate::boundary;

/// What its opinion adds towards the threshold, as its rules in the rule files have it.
pub(crate) const POINTS: u8 = 3;

/// Bytes that are shown: attacks on SQL close a string early, and a fingerprint is five tokens long.
const SHOWN_MAX: usize = 96;

/// Whether the text reads as an injection into SQL.
pub(crate) fn sqli(text: &str) -> Option<Range<usize>> {
    let shown = shown(text);
    libinjectionrs::detect_sqli(shown.as_bytes()).is_injection().then_some(0..shown.len())
}

/// Whether the text reads as an injection into HTML.
pub(crate) fn xss(text: &str) -> Option<Range<usize>> {
    let shown = shown(text);
    libinjectionrs::detect_xss(shown.as_bytes()).is_injection().then_some(0..shown.len())
}

fn shown(text: &str) -> &str {
    &text[..boundary::floor(text, SHOWN_MAX)]
}
