//! The locks that decisions are made under.
//!
//! With `--cfg shuttle` they are shuttle's: then a test can run threads through the gate in any order that a machine
//! might (`crates/gate-interleavings` builds this very source so).

#[cfg(shuttle)]
pub(crate) use shuttle::sync::{Mutex, MutexGuard};
#[cfg(not(shuttle))]
pub(crate) use std::sync::{Mutex, MutexGuard};
