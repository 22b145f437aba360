//! How long to wait before another attempt.
//!
//! <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/> measured the ways to spread callers
//! that failed together; "full jitter" did the least work in the least time.

use std::time::Duration;

use skybridge_domain::id::Randomness;

/// Bound of the first pause. DynamoDB answers in a few milliseconds, so a passing fault is over by then.
const BASE: Duration = Duration::from_millis(25);
/// Bound of every pause.
const CAP: Duration = Duration::from_secs(1);

/// The pause after attempt number `retry` (0 is the first) failed.
pub(super) fn pause(retry: u32, randomness: &dyn Randomness) -> Duration {
    let mut bytes = [0; 4];
    randomness.fill(&mut bytes);
    let share = f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX);
    bound(retry).mul_f64(share)
}

fn bound(retry: u32) -> Duration {
    BASE.saturating_mul(1_u32.checked_shl(retry).unwrap_or(u32::MAX)).min(CAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out the same byte for ever.
    struct Same(u8);

    impl Randomness for Same {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn the_bound_doubles_up_to_the_cap() {
        let millis = [0, 1, 2, 5, 6, 31, 32, u32::MAX].map(|retry| bound(retry).as_millis());
        assert_eq!(millis, [25, 50, 100, 800, 1000, 1000, 1000, 1000]);
    }

    #[test]
    fn a_pause_lies_anywhere_below_the_bound() {
        assert_eq!(pause(3, &Same(0)), Duration::ZERO);
        assert_eq!(pause(3, &Same(255)), Duration::from_millis(200));
        let middle = pause(3, &Same(128));
        assert!((99..102).contains(&middle.as_millis()), "{middle:?}");
    }
}
