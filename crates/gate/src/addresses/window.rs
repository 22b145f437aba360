//! The requests of one source in a sliding window: exact, at once, and in bounded memory.
//!
//! A window is a queue of runs: how many requests, and the moment of the last of them. A run is counted for as long as
//! that moment is within the window. For a rule with a small limit every request is a run of its own (or one with those
//! of the same microsecond), and the count is exact. For a greater one a run takes every request that comes less than
//! one piece of the window after its first. Then:
//!
//! * **Never too many.** A run counts until its last request has left the window, so each request counts at least as
//!   long as it should. If the count is below the limit, so is the true number in the window that ends now, and every
//!   window in which a request is admitted ends, at the latest, with a request that was looked at so.
//! * **Early by a piece at most.** A run's first and last request are less than a piece apart, so no request counts
//!   longer than a window and a piece.
//! * **Bounded.** First requests of runs are a piece apart, and those that count are not older than a window and a
//!   piece: with 128 pieces, at most 130 runs.

use std::collections::VecDeque;

use super::RateRule;

/// More runs than a window can have; see above.
const RUNS_MAX: usize = RateRule::PIECES as usize + 2;

/// From this capacity on a queue grows to [`RUNS_MAX`] rather than to twice of itself.
const HALF: usize = 64;

/// Requests that count as if they had come at once.
#[derive(Debug)]
struct Run {
    /// From the moment of the run before to this one's, in microseconds; of no meaning in the first.
    gap: u32,
    count: u32,
}

/// The requests of one source under one rule. Moments are microseconds.
#[derive(Debug, Default)]
pub(super) struct Window {
    runs: VecDeque<Run>,
    /// All of them together.
    counted: u32,
    /// The moment of the first run's last request.
    oldest: u64,
    /// The moment of the last run's last request.
    newest: u64,
    /// The moment of the last run's first request.
    begun: u64,
}

impl Window {
    /// Until when the window is full; `None` if there is room at `now`.
    pub(super) fn full_until(&mut self, rule: &RateRule, now: u64) -> Option<u64> {
        self.pass(rule, now);
        (self.counted >= rule.limit()).then(|| self.oldest + rule.span())
    }

    /// How many count at `now`.
    pub(super) fn used(&mut self, rule: &RateRule, now: u64) -> u32 {
        self.pass(rule, now);
        self.counted
    }

    /// Counts a request at `now`, for which there is room.
    pub(super) fn count(&mut self, rule: &RateRule, now: u64) {
        // A clock that steps back makes time stand still.
        let now = now.max(self.newest);
        self.counted += 1;
        match self.runs.back_mut() {
            Some(run) if now == self.newest || now - self.begun < rule.piece() => {
                run.count += 1;
                run.gap = run.gap.saturating_add(within_a_window(now - self.newest));
            }
            Some(_) => {
                self.begin_run(within_a_window(now - self.newest));
                self.begun = now;
            }
            None => {
                self.begin_run(0);
                self.begun = now;
            }
        }
        self.newest = now;
        if self.runs.len() == 1 {
            self.oldest = now;
        }
    }

    /// From when on nothing of it counts.
    pub(super) fn idle_from(&self, rule: &RateRule) -> u64 {
        if self.runs.is_empty() { 0 } else { self.newest + rule.span() }
    }

    fn begin_run(&mut self, gap: u32) {
        if self.runs.len() == self.runs.capacity() && self.runs.len() >= HALF {
            self.runs.reserve_exact(RUNS_MAX.saturating_sub(self.runs.len()));
        }
        self.runs.push_back(Run { gap, count: 1 });
    }

    /// Lets go of what has left the window.
    fn pass(&mut self, rule: &RateRule, now: u64) {
        if self.newest > now + rule.span() {
            // The clock was set back by more than the window; what was counted before would stay for as long.
            *self = Self::default();
            return;
        }
        while let Some(first) = self.runs.front() {
            if self.oldest + rule.span() > now {
                return;
            }
            self.counted -= first.count;
            self.runs.pop_front();
            if let Some(next) = self.runs.front() {
                self.oldest += u64::from(next.gap);
            }
        }
    }
}

fn within_a_window(micros: u64) -> u32 {
    // What is further apart has left the window before, and ten minutes are 600 million.
    u32::try_from(micros).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_never_needs_more_than_is_stated() {
        for limit in [10, 128, 129, 100_000] {
            let rule = RateRule::new(limit, std::time::Duration::from_secs(10)).unwrap();
            let mut window = Window::default();
            let mut most = 0;
            for step in 0..400_000_u64 {
                let now = 1_000_000_000 + step * 97;
                if window.full_until(&rule, now).is_none() {
                    window.count(&rule, now);
                }
                most = most.max(window.runs.len());
            }
            assert!(most <= RUNS_MAX && window.runs.capacity() <= RUNS_MAX, "{limit}: {most}");
            assert!(window.counted <= limit);
        }
    }
}
