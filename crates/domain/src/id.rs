//! Ids of bookings, and where chance comes from.
//!
//! **The idempotency key names the booking.** A booking made under a key has an id that follows from the
//! agency, the mode and the key alone, so "create it, unless it exists" is one conditional put of one record:
//! no table of keys beside the bookings, nothing to expire, and the question "did it happen?" is a plain look
//! at that id, for the life of the booking.

use std::fmt;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::agency::AgencyName;
use crate::idempotency::IdempotencyKey;
use crate::key::Mode;

/// Names one booking: a UUID (RFC 9562), version 8 when an idempotency key names it, version 4 otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BookingId(Uuid);

impl BookingId {
    /// The id of the booking that `key` makes for `agency` in `mode`: the first 128 bits of a SHA-256 over the
    /// three, each preceded by its length so that no two triples read the same, marked as version 8.
    #[must_use]
    pub fn named_by(agency: &AgencyName, mode: Mode, key: &IdempotencyKey) -> Self {
        let mut hash = Sha256::new_with_prefix(b"skybridge booking id 1");
        for part in [agency.as_str(), mode.as_str(), key.as_str()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let digest = hash.finalize();
        let mut id = [0_u8; 16];
        id.copy_from_slice(&digest[..16]);
        Self(uuid::Builder::from_custom_bytes(id).into_uuid())
    }

    /// A fresh id out of 16 random bytes, for a booking without a key.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// Reads the hyphenated lower-case form and no other, so that one booking has one address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = Uuid::try_parse(text).ok().map(Self)?;
        (text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase())).then_some(id)
    }
}

impl fmt::Display for BookingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

/// Where chance comes from: the operating system in the program, a seeded sequence in tests.
pub trait Randomness: Send + Sync + 'static {
    /// Fills `bytes` with bits that nobody can foresee.
    fn fill(&self, bytes: &mut [u8]);

    /// 16 random bytes, as an id needs them.
    fn id_bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        bytes
    }
}
