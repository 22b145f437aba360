//! A booking taken apart for a store's record, and put together again.

use super::{Booking, Document, Origin, State, Status};
use crate::agency::AgencyName;
use crate::event::{Event, Fact};
use crate::id::BookingId;
use crate::key::Mode;

/// Everything that a store keeps of a booking. Version and moments follow from the events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingParts {
    /// Its name.
    pub id: BookingId,
    /// Whose it is.
    pub agency: AgencyName,
    /// Real or for trying things.
    pub mode: Mode,
    /// What the agency wrote.
    pub document: Document,
    /// The word for where it stands. It follows from the events too; kept for those who read the table.
    pub status: Status,
    /// How many events it has; kept for the store's conditions.
    pub version: u64,
    /// What happened to it, oldest first.
    pub events: Vec<Event>,
    /// The request that made it.
    pub origin: Origin,
}

impl Booking {
    /// Takes the booking apart.
    #[must_use]
    pub fn into_parts(self) -> BookingParts {
        BookingParts {
            status: self.status(),
            version: self.version(),
            id: self.id,
            agency: self.agency,
            mode: self.mode,
            document: self.document,
            events: self.events,
            origin: self.origin,
        }
    }

    /// Puts a booking together again, living through its events. Cheap: hashes are left to
    /// [`verify_history`](Self::verify_history).
    ///
    /// # Errors
    /// When no booking could have come to this: the record was damaged.
    pub fn from_parts(parts: BookingParts) -> Result<Self, ImpossibleBooking> {
        let state = lived_through(&parts.events)?;
        if parts.version != parts.events.len() as u64 {
            return Err(ImpossibleBooking::Version { version: parts.version, events: parts.events.len() });
        }
        if parts.status != state.status() {
            return Err(ImpossibleBooking::Status { recorded: parts.status, lived: state.status() });
        }
        Ok(Self {
            id: parts.id,
            agency: parts.agency,
            mode: parts.mode,
            document: parts.document,
            state,
            events: parts.events,
            origin: parts.origin,
        })
    }
}

/// The state that `events` lead to.
fn lived_through(events: &[Event]) -> Result<State, ImpossibleBooking> {
    let [first, rest @ ..] = events else {
        return Err(ImpossibleBooking::NoCreation);
    };
    if events.len() > Event::EVENTS_MAX {
        return Err(ImpossibleBooking::TooManyEvents { events: events.len() });
    }
    if !matches!(first.fact(), Fact::Created { .. }) || first.sequence() != 1 {
        return Err(ImpossibleBooking::NoCreation);
    }
    let (mut state, mut before) = (State::Created, first);
    for event in rest {
        let follows =
            event.sequence() == before.sequence() + 1 && event.occurred_at() >= before.occurred_at();
        let next = state.after(event.fact(), event.occurred_at());
        state =
            next.ok().filter(|_| follows).ok_or(ImpossibleBooking::Order { sequence: event.sequence() })?;
        before = event;
    }
    Ok(state)
}

/// Why parts do not make a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImpossibleBooking {
    /// The first event is missing or no creation.
    #[error("the booking's events do not begin with its creation")]
    NoCreation,
    /// There are more events than a booking has.
    #[error("the booking has {events} events, more than any has")]
    TooManyEvents {
        /// How many.
        events: usize,
    },
    /// An event cannot have happened after those before it.
    #[error("event {sequence} of the booking cannot follow those before it")]
    Order {
        /// Which one, by its own count.
        sequence: u64,
    },
    /// The version does not count the events.
    #[error("the booking is at version {version} with {events} events")]
    Version {
        /// The version on record.
        version: u64,
        /// How many events there are.
        events: usize,
    },
    /// The status is not where the events lead.
    #[error("the booking is recorded as {recorded} while its events lead to {lived}")]
    Status {
        /// The status on record.
        recorded: Status,
        /// Where the events lead.
        lived: Status,
    },
}
