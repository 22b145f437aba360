//! A booking: what an agency wrote ([`Details`], kept as a [`Document`]), where it stands in its life ([`State`])
//! and the events that brought it there.
//!
//! A [`Booking`] is only ever made by [`Booking::create`] or read back by [`Booking::from_parts`]; it changes
//! only by a transition, which consumes it, adds one event, and returns the next. So the state always follows
//! from the events, the version always counts them, and no combination can be stated that the lifecycle does not
//! have.

mod contact;
mod date;
mod details;
mod document;
mod flight;
mod member;
mod name;
mod note;
mod parts;
mod passenger;
mod price;
mod request;
mod segment;
mod state;
#[cfg(test)]
mod tests;
mod value;

pub use contact::{Contact, Email, PhoneNumber};
pub use date::Date;
pub use details::Details;
pub use document::{Document, NotADocument};
pub use flight::{AirportCode, BookingClass, Cabin, CarrierCode, FlightNumber};
pub use name::{PersonName, Title, can_be_shown};
pub use note::{AgencyReference, Remarks};
pub use parts::{BookingParts, ImpossibleBooking};
pub use passenger::{Passenger, PassengerType};
pub use price::{Amount, Currency, Price};
pub use request::{BookingRequest, RefusalClass, RequestRefusal};
pub use segment::Segment;
pub use state::{Action, InvalidTransition, State, Status, Transition};
pub use value::WrongValue;

use crate::agency::AgencyName;
use crate::event::{Actor, BrokenChain, CancelReason, Event, Fact, verify_chain};
use crate::id::BookingId;
use crate::idempotency::IdempotencyKey;
use crate::key::Mode;
use crate::time::Timestamp;

/// A booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    id: BookingId,
    agency: AgencyName,
    mode: Mode,
    document: Document,
    state: State,
    /// Never empty: the first is the creation. `version`, `created_at` and `updated_at` are read from here.
    events: Vec<Event>,
    origin: Origin,
}

/// The request that made a booking: what a retry is compared with, and how its answer is rendered again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The operation that was called.
    pub operation: CreateOperation,
    /// The rendering of its answer ([`Origin::ANSWER_FORMAT`] when it was made), so that a later program gives the
    /// same answer byte for byte.
    pub answer_format: u64,
    /// What the request said: [`Document::fingerprint`] of its details.
    pub fingerprint: [u8; 32],
    /// The key that the caller gave it, if it gave one.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl Origin {
    /// The rendering that answers have today.
    pub const ANSWER_FORMAT: u64 = 1;
}

/// The operations that create bookings. Their answers differ, so the same body sent to the other one is another
/// request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CreateOperation {
    /// `POST /booking`, the lesson's own.
    Lesson,
    /// `POST /v1/bookings`.
    Create,
}

impl CreateOperation {
    /// The word in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lesson => "lesson",
            Self::Create => "create",
        }
    }

    /// Reads the word in records.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Lesson, Self::Create].into_iter().find(|operation| operation.as_str() == word)
    }
}

/// What a new booking is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBooking {
    /// Its id; named by the idempotency key if there is one.
    pub id: BookingId,
    /// Whose it is.
    pub agency: AgencyName,
    /// Real or for trying things.
    pub mode: Mode,
    /// What the agency wrote.
    pub document: Document,
    /// The operation that was called.
    pub operation: CreateOperation,
    /// The caller's key.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl Booking {
    /// Creates a booking at `now` (taken in whole milliseconds) for `actor`.
    #[must_use]
    pub fn create(new: NewBooking, now: Timestamp, actor: Actor) -> Self {
        let fingerprint = new.document.fingerprint();
        let created = Event::first(&new.id, now, actor, Fact::Created { document_sha256: fingerprint });
        Self {
            id: new.id,
            agency: new.agency,
            mode: new.mode,
            document: new.document,
            state: State::Created,
            events: vec![created],
            origin: Origin {
                operation: new.operation,
                answer_format: Origin::ANSWER_FORMAT,
                fingerprint,
                idempotency_key: new.idempotency_key,
            },
        }
    }

    /// Confirms the booking. Confirming it again changes nothing.
    ///
    /// # Errors
    /// When it is cancelled.
    pub fn confirm(self, now: Timestamp, actor: Actor) -> Result<Transition, InvalidTransition> {
        self.step(Fact::Confirmed, now, actor)
    }

    /// Cancels the booking. Cancelling it again changes nothing, and keeps the first reason.
    ///
    /// # Errors
    /// None in today's lifecycle; states to come may not be cancellable.
    pub fn cancel(
        self,
        now: Timestamp,
        actor: Actor,
        reason: Option<CancelReason>,
    ) -> Result<Transition, InvalidTransition> {
        self.step(Fact::Cancelled { reason }, now, actor)
    }

    fn step(mut self, fact: Fact, now: Timestamp, actor: Actor) -> Result<Transition, InvalidTransition> {
        if self.status() == fact.status() {
            return Ok(Transition::AlreadySo(self));
        }
        // A clock that was set back must not make a history that runs backwards.
        let at = now.whole_millis().max(self.updated_at());
        self.state = self.state.after(&fact, at)?;
        let event = self.last_event().next(&self.id, at, actor, fact);
        self.events.push(event);
        Ok(Transition::Done(self))
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> BookingId {
        self.id
    }

    /// Whose it is.
    #[must_use]
    pub fn agency(&self) -> &AgencyName {
        &self.agency
    }

    /// Real or for trying things.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// What the agency wrote.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// The word for where it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        self.state.status()
    }

    /// 1 when it was created, one more with every event.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.last_event().sequence()
    }

    /// When it was created.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.first_event().occurred_at()
    }

    /// When it last changed.
    #[must_use]
    pub fn updated_at(&self) -> Timestamp {
        self.last_event().occurred_at()
    }

    /// What happened to it, oldest first; at least the creation.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The request that made it.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Was it made by the same request: this operation, with details of this fingerprint?
    #[must_use]
    pub fn is_made_by(&self, operation: CreateOperation, fingerprint: &[u8; 32]) -> bool {
        self.origin.operation == operation && self.origin.fingerprint == *fingerprint
    }

    /// What can be done with it now.
    #[must_use]
    pub fn available_actions(&self) -> &'static [Action] {
        self.status().available_actions()
    }

    /// The booking as it shows itself now.
    #[must_use]
    pub fn view(&self) -> BookingView<'_> {
        self.shown(self.status(), self.last_event())
    }

    /// The booking as it showed itself when it was created; the original answer is rendered from this again.
    #[must_use]
    pub fn as_created(&self) -> BookingView<'_> {
        self.shown(Status::Created, self.first_event())
    }

    fn shown(&self, status: Status, latest: &Event) -> BookingView<'_> {
        BookingView {
            booking_id: self.id,
            status,
            agency: &self.agency,
            version: latest.sequence(),
            created_at: self.created_at(),
            updated_at: latest.occurred_at(),
            available_actions: status.available_actions(),
            document: &self.document,
        }
    }

    /// Checks every hash of the history, and that the document is the one that the creation recorded.
    ///
    /// # Errors
    /// When something was altered after it was recorded.
    pub fn verify_history(&self) -> Result<(), BrokenChain> {
        verify_chain(&self.id, &self.events)?;
        match self.first_event().fact() {
            Fact::Created { document_sha256 } if *document_sha256 == self.document.fingerprint() => Ok(()),
            _ => Err(BrokenChain::Document),
        }
    }

    fn first_event(&self) -> &Event {
        self.events.first().expect("a booking has its creation")
    }

    fn last_event(&self) -> &Event {
        self.events.last().expect("a booking has its creation")
    }
}

/// A booking as it showed itself at some moment: what an answer is rendered from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookingView<'b> {
    /// Its name.
    pub booking_id: BookingId,
    /// Where it stood.
    pub status: Status,
    /// Whose it is.
    pub agency: &'b AgencyName,
    /// How many events it had.
    pub version: u64,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it had last changed.
    pub updated_at: Timestamp,
    /// What could be done with it.
    pub available_actions: &'static [Action],
    /// What the agency wrote.
    pub document: &'b Document,
}
