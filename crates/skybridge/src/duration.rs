//! Durations as people write them: `500ms`, `10s`, `24h`, `90d`, `1h30m`.
//!
//! One reader for the configuration and for the command line. Days are 24 hours and weeks are 7 days; months
//! and years are refused, because they have no one length.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// Reads a duration. A number without its unit is refused: `90` could be seconds or days.
pub(crate) fn parse(text: &str) -> Result<Duration, NotADuration> {
    let span: Span = text.trim().parse().map_err(|_| NotADuration)?;
    let signed = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| NotADuration)?;
    Duration::try_from(signed).map_err(|_| NotADuration)
}

/// The text is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a duration is a number and its unit, such as 500ms, 10s, 24h or 90d")]
pub(crate) struct NotADuration;

/// The two largest units of a duration, for reading: `2d 3h`, `4m 5s`, `0s`.
pub(crate) fn words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let parts = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    let mut left = seconds;
    let mut shown = Vec::new();
    for (unit, size) in parts {
        let count = left / size;
        left %= size;
        if count > 0 {
            shown.push(format!("{count}{unit}"));
        } else if !shown.is_empty() {
            break;
        }
        if shown.len() == 2 {
            break;
        }
    }
    if shown.is_empty() { "0s".to_owned() } else { shown.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, millis) in [
            ("500ms", 500),
            ("10s", 10_000),
            ("5m", 300_000),
            ("24h", 86_400_000),
            ("90d", 7_776_000_000),
            ("1w", 604_800_000),
            ("1h30m", 5_400_000),
            (" 2d ", 172_800_000),
            ("0s", 0),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn refuses_what_has_no_one_meaning() {
        for text in ["", "90", "ten seconds", "-5s", "1mo", "1y", "5 parsecs", "s", "99999999999999999999d"] {
            assert_eq!(parse(text), Err(NotADuration), "{text}");
        }
    }

    #[test]
    fn shows_the_two_largest_units() {
        for (seconds, text) in
            [(0, "0s"), (59, "59s"), (60, "1m"), (3_661, "1h 1m"), (86_405, "1d"), (183_600, "2d 3h")]
        {
            assert_eq!(words(Duration::from_secs(seconds)), text);
        }
    }
}
