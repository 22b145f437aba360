//! When the calls of callers who do not know of each other are due.
//!
//! A caller has one call to make in each turn of so many milliseconds, at a moment of the turn's first half that is
//! drawn for it: many callers together come as strangers do, now two at once and now none, and yet none is to call
//! again while it is being answered. The moments are the same in every run.

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
    begin: Instant,
    turn: Duration,
    /// Tells this caller's moments from others'.
    whose: u64,
    turns: u32,
}

impl Pace {
    /// A call in each `turn` from `begin` on.
    pub(super) fn new(whose: &impl Hash, begin: Instant, turn: Duration) -> Result<Self> {
        Ok(Self { timer: Timer::new()?, begin, turn, whose: hash(whose), turns: 0 })
    }

    /// Waits until the next call is due. One whose time has gone by is left out, as if it had been made elsewhere.
    pub(super) async fn next(&mut self) -> Result<()> {
        loop {
            let due = self.due(self.turns);
            self.turns += 1;
            if let Some(wait) = due.checked_duration_since(Instant::now()) {
                return self.timer.wait(wait).await;
            }
        }
    }

    /// The moment of the call in this turn.
    fn due(&self, turn: u32) -> Instant {
        let share = hash(&(self.whose, turn)) as f64 / u64::MAX as f64;
        self.begin + self.turn * turn + self.turn.mul_f64(0.5 * share)
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

fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_turn_has_one_call_in_its_first_half() {
        let begin = Instant::now();
        let turn = Duration::from_millis(4);
        let mut pace = Pace::new(&"a caller", begin, turn).unwrap();
        let mut before = None;
        for _ in 0..20 {
            pace.next().await.unwrap();
            let (due, now) = (pace.due(pace.turns - 1), Instant::now());
            assert!(now >= due, "called {:?} too early", due - now);
            let in_turn = due - begin - turn * (pace.turns - 1);
            assert!(in_turn <= turn / 2, "due {in_turn:?} after its turn began");
            assert!(before.replace(due).is_none_or(|before| due > before));
        }
    }

    #[tokio::test]
    async fn callers_have_moments_of_their_own() {
        let begin = Instant::now();
        let pace = |whose: &str| Pace::new(&whose, begin, Duration::from_secs(1)).unwrap();
        assert_eq!(pace("one").due(7), pace("one").due(7));
        assert_ne!(pace("one").due(7), pace("another").due(7));
    }
}
