//! A DynamoDB on loopback, for tests and benchmarks; no part of the product.
//!
//! [`LocalDynamo`] is dynoxide, an emulator that is checked against the real service, in memory and in this
//! process: `cargo test` brings it up, and nothing is left when it is dropped.
//!
//! [`FaultyDoor`] stands in front of it (or of any other endpoint) and does what an emulator does not: it delays,
//! throttles, answers 5xx, reports conflicts, breaks connections, leaves a batch half done, and, worst of all,
//! *applies a write and loses the answer*. It counts what passes, so that a benchmark can say what a booking costs.
//!
//! Both are plain HTTP on 127.0.0.1, on a thread of their own each, and take any credentials.

#![forbid(unsafe_code)]

mod door;
mod emulator;
mod loopback;

pub use door::{Counts, Fault, Faults, FaultyDoor};
pub use emulator::LocalDynamo;
