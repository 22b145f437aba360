//! Draining: telling listeners and connections to finish, and knowing when they have.
//!
//! Each of them holds a [`DrainSignal`] for as long as it lives, so that nothing has to be counted: when the last
//! one is dropped, the drain is done.

use std::time::Duration;

use tokio::sync::watch;

/// The one who starts the drain.
#[derive(Debug)]
pub struct Drain(watch::Sender<bool>);

/// What everything that has to finish listens to.
#[derive(Debug, Clone)]
pub struct DrainSignal(watch::Receiver<bool>);

/// A drain that has not begun, and its first signal.
#[must_use]
pub fn drain() -> (Drain, DrainSignal) {
    let (sender, receiver) = watch::channel(false);
    (Drain(sender), DrainSignal(receiver))
}

impl Drain {
    /// Tells all to finish, and waits until they have, or `deadline` is over.
    pub async fn finish(self, deadline: Duration) {
        self.0.send_replace(true);
        if tokio::time::timeout(deadline, self.0.closed()).await.is_err() {
            let unfinished = self.0.receiver_count();
            tracing::warn!(unfinished, "the drain's deadline is over; ending with requests in flight");
        }
    }
}

impl DrainSignal {
    /// Waits for the drain to begin; at once if it has.
    pub async fn begun(&mut self) {
        // Without a sender the process is ending anyway.
        let _ = self.0.wait_for(|begun| *begun).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(30);

    #[tokio::test(start_paused = true)]
    async fn a_drain_ends_when_the_last_has_finished() {
        let (drain, mut signal) = drain();
        let begun = Instant::now();
        let work = tokio::spawn(async move {
            signal.begun().await;
            tokio::time::advance(Duration::from_secs(2)).await;
        });
        drain.finish(DEADLINE).await;
        assert_eq!(begun.elapsed().as_secs(), 2);
        work.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_drain_ends_at_its_deadline() {
        let (drain, _signal_that_stays) = drain();
        let begun = Instant::now();
        drain.finish(DEADLINE).await;
        assert_eq!(begun.elapsed(), DEADLINE);
    }
}
