//! Time that passes by pauses alone, and lets others act in them. Time limits run out when a test says so.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use skybridge_store_dynamodb::Timer;
use tokio::sync::Notify;

type Act = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A clock that pauses move, at once.
#[derive(Default)]
pub(crate) struct TestTimer {
    state: Mutex<State>,
    expired: Notify,
}

#[derive(Default)]
struct State {
    now: Duration,
    pauses: Vec<Duration>,
    in_next_pause: Option<Act>,
}

impl TestTimer {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What shall happen in the next pause, before it is over.
    pub(crate) fn in_next_pause(&self, act: impl Future<Output = ()> + Send + 'static) {
        self.state().in_next_pause = Some(Box::pin(act));
    }

    /// The time limit of the attempt under way has run out.
    pub(crate) fn expire(&self) {
        self.expired.notify_waiters();
    }

    /// The pauses since this was last asked.
    pub(crate) fn take_pauses(&self) -> Vec<Duration> {
        std::mem::take(&mut self.state().pauses)
    }
}

#[async_trait]
impl Timer for TestTimer {
    fn now(&self) -> Duration {
        self.state().now
    }

    async fn pause(&self, length: Duration) {
        let act = {
            let mut state = self.state();
            state.now += length;
            state.pauses.push(length);
            state.in_next_pause.take()
        };
        if let Some(act) = act {
            act.await;
        }
    }

    async fn expiry(&self, _: Duration) {
        self.expired.notified().await;
    }
}
