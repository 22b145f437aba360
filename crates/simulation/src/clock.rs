//! A clock that stands still until the story moves it, forward or back.

use std::sync::atomic::{AtomicU64, Ordering};

use skybridge_domain::time::{Clock, Timestamp};

/// The machine's clock, which all processes of a story read.
pub(crate) struct StoryClock {
    now: AtomicU64,
    /// What it would show had it never been set back.
    steady: AtomicU64,
}

impl StoryClock {
    pub(crate) fn at(moment: Timestamp) -> Self {
        Self { now: AtomicU64::new(moment.as_nanos()), steady: AtomicU64::new(moment.as_nanos()) }
    }

    pub(crate) fn advance(&self, nanos: u64) {
        self.now.fetch_add(nanos, Ordering::Relaxed);
        self.steady.fetch_add(nanos, Ordering::Relaxed);
    }

    pub(crate) fn set_back(&self, nanos: u64) {
        self.now.fetch_sub(nanos, Ordering::Relaxed);
    }

    /// What it would show had it never been set back: how much time has really passed.
    pub(crate) fn steady(&self) -> u64 {
        self.steady.load(Ordering::Relaxed)
    }

    /// How far it was set back in all.
    pub(crate) fn behind(&self) -> u64 {
        self.steady() - self.now.load(Ordering::Relaxed)
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.now.load(Ordering::Relaxed))
    }
}
