//! How much this process takes on at a time: shedding, before queues grow.
//!
//! Plans say what an agency may ask for; they do not say what the machine can carry. What can be carried shows in how
//! long commits take: they wait for the disk or for DynamoDB, and when the processors are busy they wait for a turn
//! too. So the number of calls under way has a limit, and the limit follows the time of commits: while they take
//! longer than the target it is lowered, by a fifth with each window of a tenth of a second; when they do not, it
//! rises by an eighth with each window that made use of it. Less than three slow windows in a row are taken for a stall
//! and change nothing. Where nothing is being committed and calls stand at the limit all the same (they all read), it
//! rises likewise: nothing that they wait for is what lowered it.
//!
//! **Agencies are isolated from each other.** At the limit only agencies that have their share of it under way
//! already are turned away (the limit divided by the agencies that have calls under way); one that has less still
//! comes in. So there are never more than twice the limit under way, and one agency's crowd does not crowd out the
//! others.
//!
//! A call that is turned away counts against nothing: this is asked before the plan is.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use skybridge_domain::time::Timestamp;

/// What one process takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capacity {
    /// The most calls under way that the limit ever allows.
    pub calls_max: u32,
    /// How long commits may take on average before calls are turned away.
    pub latency_target: Duration,
}

impl Default for Capacity {
    fn default() -> Self {
        Self { calls_max: 4096, latency_target: Duration::from_millis(250) }
    }
}

/// The limit is never lower, so that a store that is slow for everybody is still used: one group of commits.
const CALLS_MIN: u32 = 64;

/// How many slow windows in a row lower it: what waits for one stall comes back in two of them at most.
const SLOW_WINDOWS: u32 = 3;

/// How long is looked before the limit is changed.
const WINDOW_NANOS: u64 = 100_000_000;

/// The process carries no more calls now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("as many calls are under way as can be answered in good time")]
pub struct Overloaded {
    /// When to try again.
    pub retry_after: Duration,
}

/// The calls under way in this process, and how many there may be.
#[derive(Debug)]
pub(crate) struct Load {
    capacity: Capacity,
    limit: AtomicU32,
    under_way: AtomicU32,
    /// Agencies that have calls under way.
    agencies: AtomicU32,
    /// Commits that are under way.
    committing: AtomicU32,
    /// The most calls that were under way in this window.
    peak: AtomicU32,
    /// Commits in this window, and the nanoseconds that they took together.
    commits: AtomicU64,
    commit_nanos: AtomicU64,
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    ends_at: u64,
    /// How many in a row were too slow.
    slow: u32,
}

impl Load {
    pub(super) fn new(capacity: Capacity) -> Self {
        Self {
            capacity,
            limit: AtomicU32::new(capacity.calls_max),
            under_way: AtomicU32::new(0),
            agencies: AtomicU32::new(0),
            committing: AtomicU32::new(0),
            peak: AtomicU32::new(0),
            commits: AtomicU64::new(0),
            commit_nanos: AtomicU64::new(0),
            window: Mutex::default(),
        }
    }

    /// Is there room for one more call of an agency? It is asked how many it has under way only if that matters.
    pub(super) fn room_for(
        &self,
        now: Timestamp,
        has_under_way: impl FnOnce() -> u32,
    ) -> Result<(), Overloaded> {
        let under_way = self.under_way.load(Ordering::Relaxed);
        if under_way < self.limit.load(Ordering::Relaxed) {
            return Ok(());
        }
        if self.committing.load(Ordering::Relaxed) == 0 {
            self.close_window(now);
        }
        let limit = self.limit.load(Ordering::Relaxed);
        let share = (limit / self.agencies.load(Ordering::Relaxed).max(1)).max(1);
        // Shares that were granted when fewer agencies were there add up; twice the limit is the end in any case.
        if under_way < limit.saturating_mul(2) && has_under_way() < share {
            return Ok(());
        }
        Err(Overloaded { retry_after: Duration::from_secs(1) })
    }

    /// A call begins. Is it the only one of its agency?
    pub(super) fn begin(&self, is_first: bool) {
        if is_first {
            self.agencies.fetch_add(1, Ordering::Relaxed);
        }
        let under_way = self.under_way.fetch_add(1, Ordering::Relaxed) + 1;
        if under_way > self.peak.load(Ordering::Relaxed) {
            self.peak.fetch_max(under_way, Ordering::Relaxed);
        }
    }

    /// It has ended. Was it the last of its agency?
    pub(super) fn end(&self, is_last: bool) {
        if is_last {
            self.agencies.fetch_sub(1, Ordering::Relaxed);
        }
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }

    /// A commit begins at `now`.
    pub(crate) fn begin_commit(&self, now: Timestamp) -> CommitUnderWay<'_> {
        self.committing.fetch_add(1, Ordering::Relaxed);
        CommitUnderWay { load: self, begun: now }
    }

    fn observe(&self, time: Duration, now: Timestamp) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.commit_nanos.fetch_add(nanos, Ordering::Relaxed);
        self.close_window(now);
    }

    /// Closes the window if it is over.
    fn close_window(&self, now: Timestamp) {
        // Whoever finds it over closes it; the others need not wait for that.
        let Ok(mut window) = self.window.try_lock() else { return };
        if now.as_nanos() >= window.ends_at {
            window.ends_at = now.as_nanos() + WINDOW_NANOS;
            self.adapt(&mut window);
        } else if window.ends_at - now.as_nanos() > WINDOW_NANOS {
            // The clock was set back.
            window.ends_at = now.as_nanos() + WINDOW_NANOS;
        }
    }

    fn adapt(&self, window: &mut Window) {
        let commits = self.commits.swap(0, Ordering::Relaxed).max(1);
        let mean = self.commit_nanos.swap(0, Ordering::Relaxed) / commits;
        let peak = self.peak.swap(self.under_way.load(Ordering::Relaxed), Ordering::Relaxed);
        let limit = self.limit.load(Ordering::Relaxed);
        let slow = u128::from(mean) > self.capacity.latency_target.as_nanos();
        window.slow = if slow { window.slow.saturating_add(1) } else { 0 };
        let next = if window.slow >= SLOW_WINDOWS {
            // What was under way was too much, however high the limit stood.
            (limit.min(peak) / 5 * 4).max(CALLS_MIN)
        } else if !slow && peak >= limit / 2 {
            limit.saturating_add(limit / 8 + 1)
        } else {
            limit
        };
        self.limit.store(next.min(self.capacity.calls_max.max(1)), Ordering::Relaxed);
    }

    pub(super) fn standing(&self) -> LoadStanding {
        LoadStanding {
            under_way: self.under_way.load(Ordering::Relaxed),
            limit: self.limit.load(Ordering::Relaxed),
        }
    }
}

/// A commit that is under way; one that is given up is under way no more, and tells nothing.
#[derive(Debug)]
#[must_use]
pub struct CommitUnderWay<'a> {
    load: &'a Load,
    begun: Timestamp,
}

impl CommitUnderWay<'_> {
    /// It was answered at `now`.
    pub fn answered(self, now: Timestamp) {
        self.load.observe(now.since(self.begun), now);
    }
}

impl Drop for CommitUnderWay<'_> {
    fn drop(&mut self) {
        self.load.committing.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How things stand, for whoever watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadStanding {
    /// Calls under way.
    pub under_way: u32,
    /// How many there may be.
    pub limit: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLI: u64 = 1_000_000;
    const START: Timestamp = Timestamp::from_nanos(0);
    const TARGET: Duration = Duration::from_millis(250);

    fn load(calls_max: u32) -> Load {
        Load::new(Capacity { calls_max, latency_target: TARGET })
    }

    /// One window in which `calls` calls of one agency are under way and commit in `millis` each.
    fn window(load: &Load, number: u64, calls: u32, millis: u64) {
        (0..calls).for_each(|call| load.begin(call == 0));
        for _ in 0..calls {
            load.observe(Duration::from_millis(millis), Timestamp::from_nanos(number * WINDOW_NANOS));
        }
        (0..calls).rev().for_each(|call| load.end(call == 0));
        // The window's end is noticed by the commit after it.
        load.observe(Duration::from_millis(millis), Timestamp::from_nanos((number + 1) * WINDOW_NANOS));
    }

    #[test]
    fn the_limit_falls_while_commits_are_slow_and_recovers_within_seconds() {
        let load = load(4096);
        for number in 0..40 {
            window(&load, number * 2, 1000, 400);
        }
        assert_eq!(load.standing().limit, CALLS_MIN);
        let windows = (40_u64..).find(|number| {
            let calls = load.standing().limit;
            window(&load, number * 2, calls, 5);
            load.standing().limit == 4096
        });
        let windows = windows.unwrap() - 40;
        assert!(windows <= 50, "{windows} windows of a tenth of a second");
    }

    #[test]
    fn what_was_under_way_was_too_much_however_high_the_limit_stood() {
        let load = load(4096);
        for number in 0..5 {
            window(&load, number * 2, 200, 400);
        }
        assert!(load.standing().limit <= 160, "{:?}", load.standing());
    }

    #[test]
    fn one_stall_changes_nothing() {
        let load = load(1000);
        for number in 0..20 {
            window(&load, number * 10, 500, if number % 2 == 0 { 900 } else { 3 });
            // Something between two stalls that was quick.
            window(&load, number * 10 + 4, 500, 3);
            assert_eq!(load.standing().limit, 1000);
        }
    }

    #[test]
    fn a_limit_that_nobody_needs_does_not_rise() {
        let load = load(4096);
        for number in 0..40 {
            window(&load, number * 2, 1000, 400);
        }
        for number in 40..60 {
            window(&load, number * 2, 2, 3);
        }
        assert_eq!(load.standing().limit, CALLS_MIN);
    }

    #[test]
    fn a_load_of_reads_alone_gets_its_room_back() {
        let load = load(4096);
        for number in 0..40 {
            window(&load, number * 2, 1000, 400);
        }
        (0..CALLS_MIN).for_each(|call| load.begin(call == 0));
        let stuck = load.begin_commit(START);
        let ask = |number| load.room_for(Timestamp::from_nanos(number * WINDOW_NANOS), || CALLS_MIN);
        assert!((100..120).all(|number| ask(number).is_err()), "a commit is waited for");
        drop(stuck);
        assert!(ask(120).is_ok() || ask(121).is_ok());
        assert!(load.standing().limit > CALLS_MIN);
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_stop_the_adapting() {
        let load = load(4096);
        window(&load, 1_000_000, 1000, 400);
        for number in 0..20 {
            window(&load, number * 2, 1000, 400);
        }
        assert!(load.standing().limit < 1000, "{:?}", load.standing());
    }

    #[test]
    fn at_the_limit_each_agency_has_its_share() {
        let load = load(10);
        for call in 0..10 {
            load.room_for(START, || call).unwrap();
            load.begin(call == 0);
        }
        let refused = load.room_for(START, || 10).unwrap_err();
        assert_eq!(refused.retry_after, Duration::from_secs(1));
        for call in 0..5 {
            load.room_for(START, || call).unwrap();
            load.begin(call == 0);
        }
        assert!(load.room_for(START, || 5).is_err(), "five of ten is the share of one of two");
        load.begin(true);
        assert!(load.room_for(START, || 10).is_err());
        assert!(load.room_for(START, || 1).is_ok(), "one of ten is less than a third");
        (0..10).rev().for_each(|call| load.end(call == 0));
        assert!(load.room_for(START, || 0).is_ok());
        assert_eq!(load.standing().under_way, 6);
    }

    #[test]
    fn however_many_agencies_come_it_is_never_more_than_twice_the_limit() {
        let load = load(100);
        for _agency in 0..1000 {
            for call in 0..100 {
                if load.room_for(START, || call).is_ok() {
                    load.begin(call == 0);
                }
            }
        }
        assert_eq!(load.standing().under_way, 200);
    }

    #[test]
    fn nanoseconds_of_a_commit_beyond_counting_are_not_lost_on_it() {
        let load = load(100);
        load.observe(Duration::MAX, Timestamp::from_nanos(5 * MILLI));
        load.observe(Duration::ZERO, Timestamp::from_nanos(500 * MILLI));
        assert_eq!(load.standing().limit, 100);
    }
}
