//! Listing bookings, newest first.

use skybridge_domain::agency::AgencyName;
use skybridge_domain::booking::{Booking, Status};
use skybridge_domain::key::Mode;
use skybridge_domain::time::Timestamp;
use skybridge_gate::Permit;
use skybridge_store::{Order, Page, Position, Query, Record, StoreError, Table};

use super::{booking_of, partition_of, sort_from};
use crate::Desk;
use crate::cursor::{Cursor, InvalidCursor};

/// Which bookings; all that are given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BookingFilter {
    /// They have this status now.
    pub status: Option<Status>,
    /// They have just this reference.
    pub agency_reference: Option<String>,
    /// They were made at this moment or later.
    pub created_from: Option<Timestamp>,
    /// They were made before this moment.
    pub created_to: Option<Timestamp>,
}

/// A page to be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListBookings {
    /// Which bookings.
    pub filter: BookingFilter,
    /// How many a page may hold.
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<String>,
}

/// A page of bookings, newest first.
#[derive(Debug)]
pub struct BookingPage {
    /// The bookings.
    pub bookings: Vec<Booking>,
    /// Where the next page begins; `None` on the last.
    pub next_cursor: Option<String>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The cursor is not one that a page gave.
    #[error(transparent)]
    InvalidCursor(#[from] InvalidCursor),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How many bookings one page looks at before it is given as it is. Bounds what a filter that matches nothing
/// costs.
const LOOKED_AT_MAX: usize = 1000;

/// How many agencies one page of all agencies' bookings looks at.
const AGENCIES_LOOKED_AT_MAX: usize = 1000;

/// How many records are read at once when most of them may not match.
const PAGE_WHEN_FILTERED: usize = 100;

impl Desk {
    /// The caller's bookings, newest first.
    ///
    /// # Errors
    /// When the cursor is not one that a page gave, or the store does not answer.
    pub async fn list_bookings(
        &self,
        permit: &Permit,
        list: &ListBookings,
    ) -> Result<BookingPage, ListError> {
        let caller = permit.caller();
        self.list_of(caller.agency(), caller.mode(), list).await
    }

    /// The bookings of `agency` in `mode`, newest first: for the airline itself.
    ///
    /// # Errors
    /// As [`list_bookings`](Self::list_bookings).
    pub async fn list_of(
        &self,
        agency: &AgencyName,
        mode: Mode,
        list: &ListBookings,
    ) -> Result<BookingPage, ListError> {
        let partition = partition_of(agency, mode);
        let cursor = list.cursor.as_deref();
        let mut after = cursor.map(|text| Cursor::read_within(&partition, text)).transpose()?;
        let mut bookings = Vec::new();
        let mut looked_at = 0;
        // Without a filter every record counts, so one page of records is the whole page of bookings.
        let at_once = if list.filter.looks_inside() { PAGE_WHEN_FILTERED } else { list.limit };
        loop {
            let Page { records, next } = self.page(&partition, &list.filter, at_once, after).await?;
            looked_at += records.len();
            let mut records = records.into_iter();
            while let Some(record) = records.next() {
                let place = place_of(&record);
                let booking = booking_of(&record)?;
                if list.filter.matches(&booking) {
                    bookings.push(booking);
                }
                let more = next.is_some() || !records.as_slice().is_empty();
                if bookings.len() == list.limit && more {
                    let next_cursor = place.map(|place| Cursor::at(&partition, place).write());
                    return Ok(BookingPage { bookings, next_cursor });
                }
            }
            if next.is_none() || looked_at >= LOOKED_AT_MAX {
                let next_cursor = next.map(|place| Cursor::at(&partition, place).write());
                return Ok(BookingPage { bookings, next_cursor });
            }
            after = next;
            // A store that waits for nothing would keep everybody else on this thread waiting.
            tokio::task::yield_now().await;
        }
    }

    /// All agencies' bookings in `mode`, agency by agency in order of name, each newest first: for the airline
    /// itself.
    ///
    /// # Errors
    /// As [`list_bookings`](Self::list_bookings).
    pub async fn list_all(&self, mode: Mode, list: &ListBookings) -> Result<BookingPage, ListError> {
        let begin = list.cursor.as_deref().map(Cursor::read).transpose()?;
        let first = begin.as_ref().and_then(|cursor| cursor.partition.rsplit_once('#')).map(|(name, _)| name);
        let agencies = self.agencies_from(first).await?;
        let mut cursor = list.cursor.clone();
        let mut bookings = Vec::new();
        for (looked_at, agency) in agencies.iter().enumerate() {
            if bookings.len() == list.limit || looked_at == AGENCIES_LOOKED_AT_MAX {
                let next = Cursor::at(&partition_of(agency, mode), before_all());
                return Ok(BookingPage { bookings, next_cursor: Some(next.write()) });
            }
            tokio::task::yield_now().await;
            let limit = list.limit - bookings.len();
            let part = ListBookings { filter: list.filter.clone(), limit, cursor: cursor.take() };
            let page = self.list_of(agency, mode, &part).await?;
            bookings.extend(page.bookings);
            if page.next_cursor.is_some() {
                return Ok(BookingPage { bookings, next_cursor: page.next_cursor });
            }
        }
        Ok(BookingPage { bookings, next_cursor: None })
    }

    async fn page(
        &self,
        partition: &str,
        filter: &BookingFilter,
        limit: usize,
        after: Option<Position>,
    ) -> Result<Page, StoreError> {
        let query = Query {
            table: Table::Bookings,
            partition: partition.to_owned(),
            from: filter.created_from.map(sort_from),
            to: filter.created_to.map(sort_from),
            order: Order::Descending,
            limit,
            after,
        };
        self.store.query(&query).await
    }
}

impl BookingFilter {
    /// Must a booking be read to know whether it matches? The moments are left to the listing's range.
    fn looks_inside(&self) -> bool {
        self.status.is_some() || self.agency_reference.is_some()
    }

    /// Is `booking` one of them?
    fn matches(&self, booking: &Booking) -> bool {
        self.status.is_none_or(|status| booking.status() == status)
            && self
                .agency_reference
                .as_deref()
                .is_none_or(|reference| booking.document().agency_reference() == Some(reference))
    }
}

/// A place in front of the newest booking: no sort text comes after it.
fn before_all() -> Position {
    Position { sort: "~".to_owned(), id: String::new() }
}

/// Where `record` stands in its listing.
fn place_of(record: &Record) -> Option<Position> {
    let listing = record.listing.as_ref()?;
    Some(Position { sort: listing.sort.clone(), id: record.key.id.to_string() })
}
