//! The tables: what they are like, whether they are there, and how they come to be.
//!
//! The lesson's table is `skybridge-bookings` with the hash key `booking_id`, and the others are like it, with `id`.
//! Each has the index `listing`, keys alone; one that holds nothing costs nothing. A table made by the lesson's own
//! command lacks the index: it books and reads all the same, and [`DynamoStore::create_tables`] adds it.

mod create;
mod survey;

pub use create::{Preparation, PrepareError};
pub use survey::{Survey, TableState};

use skybridge_store::Table;

/// The hash key of `table` on DynamoDB, a string: the lesson's in the lesson's table.
#[must_use]
pub fn hash_key(table: Table) -> &'static str {
    match table {
        Table::Bookings => "booking_id",
        Table::Partners | Table::Limits | Table::Audit => "id",
    }
}
