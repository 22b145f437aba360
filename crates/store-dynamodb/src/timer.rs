//! Time as the retries need it: how much has passed, and a pause.
//!
//! A seam of its own, so that tests of pauses and deadlines neither wait nor depend on how fast the machine is.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

/// Measures and waits.
#[async_trait]
pub trait Timer: Send + Sync + 'static {
    /// How long ago some fixed moment was. Never steps back.
    fn now(&self) -> Duration;

    /// Lets `length` pass between two attempts.
    async fn pause(&self, length: Duration);

    /// Ends when `length` has passed, which is more than an attempt may take. It runs beside the attempt.
    async fn expiry(&self, length: Duration);
}

/// The runtime's own timer.
#[derive(Debug, Clone, Copy)]
pub struct RuntimeTimer {
    start: Instant,
}

impl Default for RuntimeTimer {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

#[async_trait]
impl Timer for RuntimeTimer {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "a pause before another attempt is what this is for")]
    async fn pause(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }

    #[expect(clippy::disallowed_methods, reason = "the time limit of an attempt is what this is for")]
    async fn expiry(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}
