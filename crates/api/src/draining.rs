//! Has the program begun to shut down?

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Set once, by whoever shuts the program down; read by `GET /readyz`, so that a load balancer sends no more.
#[derive(Debug, Clone, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    /// Tells everyone that the program shuts down.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
