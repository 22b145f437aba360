//! What an agency does at the counter: make a booking, look at it, take it a step further.
//!
//! Every use case takes the [`Permit`](skybridge_gate::Permit) that the gate gave the call: it says whose
//! bookings are meant, so no use case can reach another agency's.

mod change;
mod create;
mod find;
mod list;
mod record;

pub use change::{ChangeError, Step};
pub use create::{CreateError, Creation, CreationRequest};
pub use list::{BookingFilter, BookingPage, ListBookings, ListError};

use skybridge_domain::agency::AgencyName;
use skybridge_domain::booking::Booking;
use skybridge_domain::id::BookingId;
use skybridge_domain::key::Mode;
use skybridge_domain::time::Timestamp;
use skybridge_store::{Commit, CommitError, Key, Record, StoreError, Table, Write};

use crate::Desk;
use crate::attribute::damaged;

impl Desk {
    /// Commits what a call asked for, and has the gate know how long that took: what can be carried is told from it.
    async fn commit_for_call(&self, write: Write) -> Result<(), CommitError> {
        let under_way = self.gate.begin_commit(self.clock.now());
        let outcome = self.store.commit(Commit::of(write)).await;
        under_way.answered(self.clock.now());
        outcome
    }
}

/// The key of a booking's record.
fn key_of(id: BookingId) -> Key {
    Key::new(Table::Bookings, id.to_string())
}

/// The partition that lists an agency's bookings of one mode.
fn partition_of(agency: &AgencyName, mode: Mode) -> String {
    format!("{agency}#{}", mode.as_str())
}

/// The sort text of a booking made at `moment`, and the first of those made later: milliseconds, in as many digits as
/// ever needed. Bookings are made at whole milliseconds, so a moment between two of them means the later one; those of
/// one millisecond the listing puts in the order of their ids.
fn sort_from(moment: Timestamp) -> String {
    format!("{:014}", moment.as_nanos().div_ceil(1_000_000))
}

/// The booking that `record` holds.
fn booking_of(record: &Record) -> Result<Booking, StoreError> {
    let parts = record::parts(record).map_err(|error| damaged(&record.key, error))?;
    Booking::from_parts(parts).map_err(|error| damaged(&record.key, error))
}

/// The record that holds `booking`.
fn record_of(booking: Booking) -> Record {
    let listing_sort = sort_from(booking.created_at());
    record::record(booking.into_parts(), listing_sort)
}

/// Is `record`, if it is a booking's, the booking that was recorded: its events a chain whose hashes hold, its
/// details those that its creation names? Records of other tables pass.
///
/// # Errors
/// What is not as it was recorded.
pub fn check_record(record: &Record) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    if record.key.table == Table::Bookings {
        booking_of(record)?.verify_history()?;
    }
    Ok(())
}
