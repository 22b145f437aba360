//! The desk over a store that fails or waits where a test says so.

#![expect(clippy::unwrap_used, reason = "in a test a value that is not there is a failure")]

mod demands;
mod exceptions;
mod kit;
mod rigged_store;

mod bookings;
mod cursors;
mod limits;
mod networks;
mod nonces;
mod partners;
mod sharing;
