//! The store of many machines: records as items of DynamoDB, or of any server that speaks its API.
//!
//! **An item is a record with native attributes**, readable in the AWS console and by the lesson's own commands:
//! `booking_id`, `agency` and `status` stand as strings. Up to four attributes are ours beside them ([`names`]): the
//! version that conditions compare, the place in the listing, and which commits wrote the last versions.
//!
//! **A commit of one record is one conditional `PutItem`**, as in the lesson; several records are one
//! `TransactWriteItems`. Reads are consistent. A listing is a query of the index `listing`, which holds keys alone,
//! and a consistent read of what it names: so a change that does not move a record costs no second write, and a
//! listing never shows a record as it no longer is. A scan reads the table itself, consistently.
//!
//! **There is one layer of retries** (`retry.rs`); the SDK's own are off. It tells what is worth another attempt
//! from what is not, and never reports a write as failed that may have taken place.
//!
//! # A write whose answer is lost
//!
//! A connection that breaks, a time limit or a 5xx leaves open whether the write took place. Equality cannot settle
//! it: two nodes may well want to write the very same record (a lease of so many calls), and only one did. So each
//! commit has a random id, and each item names the commits of its last versions (`history.rs`). The next attempt makes
//! the same conditional write:
//!
//! * It succeeds: the first did not take place, and never will, for its condition no longer holds. (Or a transaction
//!   did take place, and its client token made the second a mere answer.)
//! * Its condition fails, and the item in the way names our commit as the one that wrote our version: the first took
//!   place, even if others have replaced it since. `Ok`.
//! * Its condition fails, and the item names another commit for our version: ours never took place.
//!   `ConditionFailed`, with the record that stands.
//! * Its condition fails, and the item does not go back so far, because it has changed more than fifteen times since
//!   our version: `OutcomeUnknown`, since `ConditionFailed` promises that nothing was written. (A transaction has its
//!   client token, which makes a failed condition certain.)
//!
//! When attempts end with the question open, one consistent read by key is made if there is time left, and says the
//! same. If the item has not reached our version, an attempt may be under way still:
//! [`OutcomeUnknown`](skybridge_store::StoreError::OutcomeUnknown).

#![forbid(unsafe_code)]

mod client;
mod commit;
mod failure;
mod history;
mod item;
mod observe;
mod query;
mod retry;
mod scan;
mod settings;
mod store;
mod tables;
mod timer;
mod trouble;

pub use aws_sdk_dynamodb::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
pub use failure::Failure;
pub use item::names;
pub use observe::{Attempt, Observer, Operation, Outcome};
pub use settings::Settings;
pub use store::DynamoStore;
pub use tables::{Preparation, PrepareError, Survey, TableState, hash_key};
pub use timer::{RuntimeTimer, Timer};
pub use trouble::Trouble;
