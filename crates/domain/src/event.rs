//! Events: what happened to a booking, who did it, when; chained by hashes, so that what was recorded cannot be
//! altered, reordered or cut out without being noticed.
//!
//! The hash of an event is the SHA-256 of its wire form without the member `hash`, in the canonical form of
//! RFC 8785 (JCS): member names sorted, no white space. It includes the booking's id, its place in the history,
//! and the hash of the event before (64 zeros for the first). An auditor checks a history with nothing but a JSON
//! reader and SHA-256; in Python, for an event `e` of `GET /v1/bookings/{booking_id}/history`:
//!
//! ```python
//! h = e.pop("hash")
//! assert h == sha256(json.dumps(e, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
//! ```
//!
//! What the chain cannot show by itself is that its end was cut off; the booking's version and status do.

mod actor;
mod chain;
#[cfg(test)]
mod tests;
mod wire;

pub use actor::{Actor, CancelReason, InvalidActor, InvalidCancelReason};
pub use chain::{BrokenChain, verify_chain};
pub use wire::WireEvent;

use crate::booking::Status;
use crate::id::BookingId;
use crate::time::Timestamp;

/// A SHA-256.
pub type Hash = [u8; 32];

/// One event of a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    sequence: u64,
    occurred_at: Timestamp,
    actor: Actor,
    fact: Fact,
    previous_hash: Hash,
    hash: Hash,
}

/// What happened, with what is true of it alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// `booking.created`
    Created {
        /// SHA-256 of the booking's document as it was then.
        document_sha256: Hash,
    },
    /// `booking.confirmed`
    Confirmed,
    /// `booking.cancelled`
    Cancelled {
        /// Why, if a reason was given.
        reason: Option<CancelReason>,
    },
}

impl Fact {
    /// The event's type, as it is stored and sent.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "booking.created",
            Self::Confirmed => "booking.confirmed",
            Self::Cancelled { .. } => "booking.cancelled",
        }
    }

    /// Where the booking stands after it.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self {
            Self::Created { .. } => Status::Created,
            Self::Confirmed => Status::Confirmed,
            Self::Cancelled { .. } => Status::Cancelled,
        }
    }

    /// Puts a fact together from what a store kept of it; `None` if these do not make one.
    #[must_use]
    pub fn from_stored(
        name: &str,
        document_sha256: Option<Hash>,
        reason: Option<CancelReason>,
    ) -> Option<Self> {
        match (name, document_sha256, reason) {
            ("booking.created", Some(document_sha256), None) => Some(Self::Created { document_sha256 }),
            ("booking.confirmed", None, None) => Some(Self::Confirmed),
            ("booking.cancelled", None, reason) => Some(Self::Cancelled { reason }),
            _ => None,
        }
    }
}

/// Everything that a store keeps of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventParts {
    /// Its place in the booking's history, from 1.
    pub sequence: u64,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What happened.
    pub fact: Fact,
    /// The hash of the event before; zeros for the first.
    pub previous_hash: Hash,
    /// Its own hash.
    pub hash: Hash,
}

impl Event {
    /// The most events of a booking. The lifecycle makes 3 at most; this bounds what is read from a store, and
    /// keeps a booking's record far below the 400 KB that a DynamoDB item may have.
    pub const EVENTS_MAX: usize = 64;

    /// The `previous_hash` of the first event.
    pub const NO_HASH: Hash = [0; 32];

    /// The first event of a history.
    pub(crate) fn first(booking: &BookingId, at: Timestamp, actor: Actor, fact: Fact) -> Self {
        Self::hashed(booking, 1, at, actor, fact, Self::NO_HASH)
    }

    /// The event after this one.
    pub(crate) fn next(&self, booking: &BookingId, at: Timestamp, actor: Actor, fact: Fact) -> Self {
        Self::hashed(booking, self.sequence + 1, at, actor, fact, self.hash)
    }

    fn hashed(
        booking: &BookingId,
        sequence: u64,
        at: Timestamp,
        actor: Actor,
        fact: Fact,
        previous_hash: Hash,
    ) -> Self {
        let occurred_at = at.whole_millis();
        let mut event = Self { sequence, occurred_at, actor, fact, previous_hash, hash: Self::NO_HASH };
        event.hash = event.computed_hash(booking);
        event
    }

    /// Takes what a store kept. Hashes are checked by [`verify_chain`], not here.
    #[must_use]
    pub fn from_parts(parts: EventParts) -> Self {
        let EventParts { sequence, occurred_at, actor, fact, previous_hash, hash } = parts;
        Self { sequence, occurred_at, actor, fact, previous_hash, hash }
    }

    /// Takes the event apart for a store.
    #[must_use]
    pub fn into_parts(self) -> EventParts {
        let Self { sequence, occurred_at, actor, fact, previous_hash, hash } = self;
        EventParts { sequence, occurred_at, actor, fact, previous_hash, hash }
    }

    /// Its place in the booking's history, from 1.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// When it happened, in whole milliseconds.
    #[must_use]
    pub fn occurred_at(&self) -> Timestamp {
        self.occurred_at
    }

    /// Who did it.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// What happened.
    #[must_use]
    pub fn fact(&self) -> &Fact {
        &self.fact
    }

    /// The hash of the event before; zeros for the first.
    #[must_use]
    pub fn previous_hash(&self) -> &Hash {
        &self.previous_hash
    }

    /// Its own hash.
    #[must_use]
    pub fn hash(&self) -> &Hash {
        &self.hash
    }

    /// The event as it is sent, in the history and elsewhere.
    #[must_use]
    pub fn on_wire(&self, booking: BookingId) -> WireEvent<'_> {
        WireEvent { booking, event: self }
    }
}
