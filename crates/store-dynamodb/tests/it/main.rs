//! The store on a DynamoDB of this process's own, and behind a door that fails on demand.
//!
//! Nothing here waits: pauses, deadlines and time limits pass on a timer of the tests (`kit::timer`).

#![expect(clippy::unwrap_used, reason = "in a test a value that is not there is a failure")]

mod contract;
mod emulator;
mod faults;
mod items;
mod kit;
mod listing;
mod lost_answers;
mod operators;
mod outage;
mod scanning;
mod tables;
