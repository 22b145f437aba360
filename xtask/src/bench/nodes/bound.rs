//! Was the plan kept? Judged from outside, by when each call was sent and when its answer was there.

use std::time::Duration;

/// A call that was admitted. The moment at which it was lies between the two, counted from the run's begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Admitted {
    pub(super) sent: Duration,
    pub(super) answered: Duration,
}

/// Of all spans of time, by how many calls the one that comes nearest to the plan's bound, `burst` and `rate` times
/// the span's length, stays below it; negative if it is above.
///
/// Calls that were sent and answered within a span were certainly admitted in it. Only spans from one call's sending
/// to another's answer need to be looked at: others hold no more calls, and are longer.
pub(super) fn distance_to_bound(calls: &[Admitted], rate: f64, burst: f64) -> f64 {
    let mut by_sending = calls.to_vec();
    by_sending.sort_unstable_by_key(|call| call.sent);
    let mut by_answer = calls.to_vec();
    by_answer.sort_unstable_by_key(|call| call.answered);
    let mut nearest = f64::INFINITY;
    for first in &by_sending {
        let mut within = 0.0;
        for last in by_answer.iter().filter(|call| call.sent >= first.sent) {
            within += 1.0;
            let span = last.answered.saturating_sub(first.sent).as_secs_f64();
            nearest = nearest.min(burst + rate * span - within);
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(sent: u64, answered: u64) -> Admitted {
        Admitted { sent: Duration::from_millis(sent), answered: Duration::from_millis(answered) }
    }

    #[test]
    fn a_burst_and_then_the_rate_keeps_to_the_plan_exactly() {
        // 10/s with a burst of 3: three at once, then one every 100 ms.
        let calls: Vec<_> = [0, 0, 0, 100, 200, 300].map(|moment| at(moment, moment)).into();
        assert!(distance_to_bound(&calls, 10.0, 3.0).abs() < 1e-9);
    }

    #[test]
    fn one_call_too_many_is_seen_wherever_it_comes() {
        let calls: Vec<_> = [0, 5000, 5000, 5000, 5000].map(|moment| at(moment, moment)).into();
        assert!((distance_to_bound(&calls, 10.0, 3.0) + 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_slow_answer_may_have_been_admitted_late() {
        let calls: Vec<_> = [at(0, 0), at(0, 0), at(0, 0), at(0, 100)].into();
        assert!(distance_to_bound(&calls, 10.0, 3.0) >= -1e-9);
    }
}
