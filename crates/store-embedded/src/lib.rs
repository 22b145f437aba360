//! The store of one machine: fjall with group commit, on disk before every acknowledgement.
//!
//! **Durability.** Commits queue for one writer, which checks their conditions, applies a whole group as one batch,
//! syncs once, and then acknowledges all of it. Alone, a commit waits for one sync; under load, one sync serves
//! hundreds. Nobody reads what is not yet on disk.
//!
//! **Failure.** After any error in writing, nothing is acknowledged any more: the group at hand gets
//! [`StoreError::OutcomeUnknown`], later commits [`StoreError::Unavailable`], and [`EmbeddedStore::stopped`] tells
//! the program, which should exit and be started again. Reads go on.
//!
//! **Damage.** Five guards stand around fjall, each for a weakness that was reproduced: creation that a crash
//! cannot half-make (`open::create`), our own manifest checked before opening (`manifest`), a high-water mark
//! outside the database (`mark`), checksums of tables and of their lists (`tables`), and journals that are read before
//! fjall reads them (`journal`), so that a torn end is told from damage to what was acknowledged. [`verify`] walks
//! everything; [`repair`] mends what can be mended honestly; [`EmbeddedStore::backup`] and [`restore`] are the way back
//! from the rest.
//!
//! **Blocking.** `get` and `query` read synchronously inside the async function: a point read takes microseconds, a
//! page of a listing some tens. Opening, closing, backup and verifying block for longer; call them where blocking is
//! allowed.

#![forbid(unsafe_code)]

mod backup;
#[cfg(feature = "decoding")]
pub mod decoding;
mod engine;
mod group;
mod health;
mod journal;
mod layout;
mod lock;
mod manifest;
mod mark;
mod open;
mod place;
mod queue;
mod read;
mod repair;
mod store;
mod tables;
mod tail;
mod verify;
mod writer;

pub use backup::{BackupError, RestoreError, Summary, restore};
pub use health::{Activity, GroupReport, Health, Stopped};
pub use open::OpenError;
pub use repair::{Cut, Repair, repair};
pub use store::{EmbeddedStore, OnGroup, Options};
pub use verify::{Finding, Inspector, Report, VerifyError, verify};

#[cfg(doc)]
use skybridge_store::StoreError;

#[cfg(test)]
mod tests;
