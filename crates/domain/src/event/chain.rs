//! The chain: how an event is hashed, and how a history is checked.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::wire::Hex;
use super::{Event, Fact, Hash};
use crate::id::BookingId;
use crate::json::write_text;

impl Event {
    /// The SHA-256 of the event in canonical form.
    pub(super) fn computed_hash(&self, booking: &BookingId) -> Hash {
        Sha256::digest(self.canonical(booking).as_bytes()).into()
    }

    /// The wire form without `hash`, in the canonical form of RFC 8785.
    fn canonical(&self, booking: &BookingId) -> String {
        let mut out = String::with_capacity(512);
        out.push_str(r#"{"actor":"#);
        write_text(self.actor.as_str(), &mut out);
        // Writing to a String cannot fail.
        let _ = write!(out, r#","booking_id":"{booking}","data":{{"#);
        match &self.fact {
            Fact::Created { document_sha256 } => {
                let _ = write!(out, r#""document_sha256":"{}","#, Hex(document_sha256));
            }
            Fact::Cancelled { reason: Some(reason) } => {
                out.push_str(r#""reason":"#);
                write_text(reason.as_str(), &mut out);
                out.push(',');
            }
            Fact::Cancelled { reason: None } | Fact::Confirmed => {}
        }
        let _ = write!(
            out,
            r#""status":"{}"}},"event_id":"{booking}.{}","occurred_at":"{}","previous_hash":"{}","sequence":{},"type":"{}"}}"#,
            self.fact.status(),
            self.sequence,
            self.occurred_at,
            Hex(&self.previous_hash),
            self.sequence,
            self.fact.name(),
        );
        out
    }
}

/// Checks that `events` are a history of `booking` from its beginning, each just as it was recorded.
///
/// # Errors
/// The first thing that does not hold.
pub fn verify_chain(booking: &BookingId, events: &[Event]) -> Result<(), BrokenChain> {
    let mut previous_hash = Event::NO_HASH;
    for (event, sequence) in events.iter().zip(1_u64..) {
        if event.sequence != sequence {
            return Err(BrokenChain::Sequence { expected: sequence, found: event.sequence });
        }
        if event.previous_hash != previous_hash {
            return Err(BrokenChain::Link { sequence });
        }
        if event.hash != event.computed_hash(booking) {
            return Err(BrokenChain::Hash { sequence });
        }
        previous_hash = event.hash;
    }
    Ok(())
}

/// What does not hold in a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BrokenChain {
    /// An event is missing, or stands elsewhere.
    #[error("event {expected} of the booking is missing: {found} stands in its place")]
    Sequence {
        /// The place.
        expected: u64,
        /// What stands there, by its own count.
        found: u64,
    },
    /// An event does not name the hash of the one before.
    #[error("event {sequence} of the booking does not follow from the one before it")]
    Link {
        /// Which event.
        sequence: u64,
    },
    /// An event was altered.
    #[error("event {sequence} of the booking was altered after it was recorded")]
    Hash {
        /// Which event.
        sequence: u64,
    },
    /// The document was altered.
    #[error("the booking's document is not the one that its creation recorded")]
    Document,
}
