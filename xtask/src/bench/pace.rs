//! When the calls of callers who do not know of each other are due.
//!
//! A caller has one call to make in each turn of so many milliseconds. Where its turns begin, and where in a turn's
//! first half its call is due, is drawn for it: many callers together come as strangers do, at any moment, now two at
//! once and now none, and yet none is to call again before half a turn has gone by. The moments are the same in every
//! run of one build.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::Result;
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The calls of one caller.
pub(super) struct Pace {
    timer: Timer,
    /// When its first turn begins.
    begin: Instant,
    turn: Duration,
    /// Tells this caller's moments from others'.
    whose: u64,
    /// The number of the turn whose call comes next.
    next: u32,
}

impl Pace {
    /// A call in each `turn`, the first of which begins within one from `begin` on.
    pub(super) fn new(whose: &impl Hash, begin: Instant, turn: Duration) -> Result<Self> {
        let whose = hash(whose);
        let begin = begin + turn.mul_f64(share(&(whose, "phase")));
        Ok(Self { timer: Timer::new()?, begin, turn, whose, next: 0 })
    }

    /// Waits until the next call is due, and tells when that was. One whose time has gone by is due at once: whoever
    /// has to wait for a late answer before it can call has waited since then.
    pub(super) async fn next(&mut self) -> Result<Instant> {
        let due = self.due(self.next);
        self.next += 1;
        if let Some(wait) = due.checked_duration_since(Instant::now()) {
            self.timer.wait(wait).await?;
        }
        Ok(due)
    }

    /// The moment of the call in the turn of this number.
    fn due(&self, number: u32) -> Instant {
        self.begin + self.turn * number + self.turn.mul_f64(0.5 * share(&(self.whose, number)))
    }
}

/// Goes off to the microsecond. Tokio's own timers do so at full milliseconds: all callers who are due within one would
/// call at once.
struct Timer(AsyncFd<OwnedFd>);

impl Timer {
    fn new() -> Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = rustix::time::timerfd_create(TimerfdClockId::Monotonic, flags)?;
        #[expect(
            deprecated,
            reason = "sound here, unlike with raw descriptors: the descriptor is owned and stays open"
        )]
        let timer = AsyncFd::with_interest(timer, Interest::READABLE)?;
        Ok(Self(timer))
    }

    async fn wait(&self, wait: Duration) -> Result<()> {
        let zero = Timespec { tv_sec: 0, tv_nsec: 0 };
        // None at all would turn it off.
        let after = Timespec::try_from(wait.max(Duration::from_nanos(1)))?;
        let once = Itimerspec { it_interval: zero, it_value: after };
        rustix::time::timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once)?;
        self.0.async_io(Interest::READABLE, |timer| Ok(rustix::io::read(timer, &mut [0; 8])?)).await?;
        Ok(())
    }
}

/// Drawn from 0 to 1.
fn share(of: &impl Hash) -> f64 {
    hash(of) as f64 / u64::MAX as f64
}

fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TURN: Duration = Duration::from_millis(4);

    #[tokio::test]
    async fn each_turn_has_one_call_and_none_comes_early() {
        let begin = Instant::now();
        let mut pace = Pace::new(&"a caller", begin, TURN).unwrap();
        let mut before = None;
        for number in 0..20 {
            let due = pace.next().await.unwrap();
            assert!(Instant::now() >= due);
            let from = begin + TURN * number;
            assert!(
                (from..=from + TURN.mul_f64(1.5)).contains(&due),
                "{:?} after the beginning",
                due - begin
            );
            assert!(before.replace(due).is_none_or(|before| due - before >= TURN / 2));
        }
    }

    #[tokio::test]
    async fn a_late_caller_is_told_since_when() {
        let begin = Instant::now().checked_sub(10 * TURN).unwrap();
        let mut pace = Pace::new(&"a caller", begin, TURN).unwrap();
        for number in 0..5 {
            assert_eq!(pace.next().await.unwrap(), pace.due(number));
        }
    }

    #[tokio::test]
    async fn many_callers_come_at_any_moment() {
        let begin = Instant::now();
        let mut tenths = [0; 10];
        for caller in 0..1000 {
            let due = Pace::new(&caller, begin, TURN).unwrap().due(7) - begin;
            tenths[(due.as_micros() % TURN.as_micros() * 10 / TURN.as_micros()) as usize] += 1;
        }
        assert!(tenths.iter().all(|calls| (60..140).contains(calls)), "{tenths:?}");
    }
}
