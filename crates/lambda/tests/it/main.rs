//! The function as Lambda runs it: its real program, events from the sample of each gateway, and beside it the
//! server's router over the very same tables, whose answers are what every answer is compared with.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod answers;
mod doors;
mod failures;
mod keys;
mod kit;
mod start;
