//! How much of a request is looked at, at most.

use std::time::{Duration, Instant};

/// The most that one request may cost. Every step is linear in the text, so a budget is seldom met: it is there for
/// a machine that is starved, and for texts that no contract bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Bytes of text.
    pub bytes: usize,
    /// Time on the clock, asked between two rules: one rule over one text is the most that it can be late by.
    pub time: Duration,
}

impl Default for Budget {
    /// 128 KiB: as much text as the largest body can bring. 250 ms: several times what that much of the most hostile
    /// text costs, so that no booking is refused because its thread had to wait for a processor.
    fn default() -> Self {
        Self { bytes: 128 * 1024, time: Duration::from_millis(250) }
    }
}

/// What is left of the budget of one request.
pub(crate) struct Meter {
    bytes: usize,
    time: Duration,
    /// Read when the first text is found that is worth a search: most requests never ask the clock.
    started: Option<Instant>,
    /// How often there is still time, whatever the clock says: a test ends the time at each place in turn.
    #[cfg(test)]
    pub(crate) asks_left: Option<u32>,
}

impl Meter {
    pub(crate) const fn new(budget: Budget) -> Self {
        Self {
            bytes: budget.bytes,
            time: budget.time,
            started: None,
            #[cfg(test)]
            asks_left: None,
        }
    }

    /// Takes `bytes` off what is left, or says that there is not as much.
    #[must_use]
    pub(crate) fn takes(&mut self, bytes: usize) -> bool {
        self.bytes.checked_sub(bytes).is_some_and(|left| {
            self.bytes = left;
            true
        })
    }

    /// Does what is done once in a process, without counting its time: the first text that needs a rule is not to be
    /// refused for the making of it.
    #[expect(
        clippy::disallowed_methods,
        reason = "what is done once for all is taken out of the count of one call"
    )]
    pub(crate) fn uncounted(&mut self, once: impl FnOnce()) {
        let begun = Instant::now();
        once();
        if self.started.is_some() {
            self.time = self.time.saturating_add(begun.elapsed());
        }
    }

    /// Whether there is time left. The first call begins the count.
    #[expect(
        clippy::disallowed_methods,
        reason = "bounds the work of one call; no outcome depends on what time it is"
    )]
    #[must_use]
    pub(crate) fn has_time(&mut self) -> bool {
        #[cfg(test)]
        if let Some(left) = self.asks_left {
            self.asks_left = left.checked_sub(1);
            return left > 0;
        }
        let started = *self.started.get_or_insert_with(Instant::now);
        started.elapsed() < self.time
    }
}
