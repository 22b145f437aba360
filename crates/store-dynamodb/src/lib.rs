//! The store of many machines: records as items of DynamoDB, or of any server that speaks its API.
//!
//! **An item is a record with native attributes**, readable in the AWS console and by the lesson's own commands:
//! `booking_id`, `agency` and `status` stand as strings. Four or five attributes are ours beside them
//! ([`names`]): the version that conditions compare, the place in the listing, and the id of the commit that wrote
//! the item.
//!
//! **A commit of one record is one conditional `PutItem`**, as in the lesson; several records are one
//! `TransactWriteItems`. Reads are consistent. A listing is a query of the index `listing`, which holds keys alone,
//! and a consistent read of what it names: so a change that does not move a record costs no second write, and a
//! listing never shows a record as it no longer is.
//!
//! **There is one layer of retries** (`retry.rs`); the SDK's own are off. It tells what is worth another attempt
//! from what is not, and never reports a write as failed that may have taken place.
//!
//! # A write whose answer is lost
//!
//! A connection that breaks, a time limit or a 5xx leaves open whether the write took place. Equality cannot settle
//! it: two nodes may well want to write the very same record (a lease of so many calls), and only one did. So each
//! item carries the random id of its commit. The next attempt makes the same conditional write:
//!
//! * It succeeds: the first did not take place, and never will, for its condition no longer holds. (Or a transaction
//!   did take place, and its client token made the second a mere answer.)
//! * Its condition fails, and the item in the way carries our commit id: the first took place. `Ok`.
//! * Its condition fails on an item of another commit: either ours never took place, or it did and was overtaken by
//!   a later one. Versions count up by one, so an item at our own version says the former for certain. In both cases
//!   ours is not what stands, and the caller is handed what does, to decide again: `ConditionFailed`. A create that
//!   was overtaken so shows its own origin in the record; a replace that was overtaken is decided anew upon what
//!   came of it.
//!
//! When attempts end with the question open, one consistent read by key is made if there is time left: our commit id
//! there says `Ok`, and a version that has reached ours says `ConditionFailed`, since our condition can never hold
//! again. What remains is [`OutcomeUnknown`](skybridge_store::StoreError::OutcomeUnknown): the write may even be
//! under way still.

#![forbid(unsafe_code)]

mod client;
mod commit;
mod failure;
mod item;
mod observe;
mod query;
mod retry;
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
