//! The counter's words and rules: booking, lifecycle, agency, key, plan, event.
//!
//! Pure: no runtime, no I/O, no clock. Time, ids and chance come in as arguments.

pub mod agency;
pub mod booking;
pub mod certificate;
pub mod event;
pub mod fault;
pub mod id;
pub mod idempotency;
pub mod json;
pub mod key;
pub mod network;
pub mod operation;
mod pem;
pub mod plan;
pub mod time;
