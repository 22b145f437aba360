//! An event as it is sent.

use std::fmt;

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use super::{Event, Fact, Hash};
use crate::id::BookingId;

/// An event as it is sent: `event_id` (the booking's id, a full stop, the sequence), `booking_id`, `sequence`,
/// `type`, `occurred_at`, `actor`, `data`, `previous_hash`, `hash`, the hashes in lower-case hexadecimal. `data`
/// has `status` and, for a creation, `document_sha256`, or, for a cancellation with a reason, `reason`.
#[derive(Debug, Clone, Copy)]
pub struct WireEvent<'e> {
    pub(super) booking: BookingId,
    pub(super) event: &'e Event,
}

impl Serialize for WireEvent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (booking, event) = (self.booking, self.event);
        let mut wire = serializer.serialize_struct("Event", 9)?;
        wire.serialize_field("event_id", &format_args!("{booking}.{}", event.sequence))?;
        wire.serialize_field("booking_id", &format_args!("{booking}"))?;
        wire.serialize_field("sequence", &event.sequence)?;
        wire.serialize_field("type", event.fact.name())?;
        wire.serialize_field("occurred_at", &event.occurred_at)?;
        wire.serialize_field("actor", event.actor.as_str())?;
        wire.serialize_field("data", &Data(&event.fact))?;
        wire.serialize_field("previous_hash", &Hex(&event.previous_hash))?;
        wire.serialize_field("hash", &Hex(&event.hash))?;
        wire.end()
    }
}

struct Data<'e>(&'e Fact);

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut data = serializer.serialize_map(None)?;
        data.serialize_entry("status", &self.0.status())?;
        match self.0 {
            Fact::Created { document_sha256 } => {
                data.serialize_entry("document_sha256", &Hex(document_sha256))?;
            }
            Fact::Cancelled { reason: Some(reason) } => data.serialize_entry("reason", reason.as_str())?,
            Fact::Cancelled { reason: None } | Fact::Confirmed => {}
        }
        data.end()
    }
}

/// A hash in lower-case hexadecimal.
pub(super) struct Hex<'h>(pub(super) &'h Hash);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0_u8; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&text).expect("hexadecimal digits are ASCII"))
    }
}

impl Serialize for Hex<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
