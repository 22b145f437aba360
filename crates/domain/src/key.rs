//! Keys: what agencies come in with. API keys, whose secret is told with each request, and signing keys, with which
//! each request is signed; what is kept of them, and the text of API keys.
//!
//! An API key reads `sbk_live_<id 12>_<secret 43>_<checksum 6>` (`sbk_test_` for keys to try things with), in base62.
//! The id finds the key's record, the secret proves the caller, and the checksum refuses a typo before anything
//! is looked up. The whole text is shown once, when the key is made ([`ApiKey`]); what is kept ([`Key`]) holds
//! the id and a keyed hash of the secret, from which the text cannot be had back.

mod base62;
mod proof;
mod scope;
mod text;

pub use proof::{Algorithm, Ed25519PublicKey, InvalidPublicKey, Proof};
pub use scope::{Scope, Scopes, UnknownScope};
pub use text::{ApiKey, MalformedKey, PATTERN, PresentedKey};

use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;

use crate::agency::AgencyName;
use crate::time::Timestamp;

/// Whether a key makes real bookings or ones to try things with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Real bookings; the keys begin with `sbk_live_`.
    Live,
    /// Bookings to try things with, never seen by live keys; the keys begin with `sbk_test_`.
    Test,
}

impl Mode {
    /// The word in keys and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }

    /// The mode that `word` names.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Live, Self::Test].into_iter().find(|mode| mode.as_str() == word)
    }
}

/// Names a key: 12 base62 characters. Public; it may stand in logs, records and addresses.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; Self::CHARS]);

impl KeyId {
    /// How many characters an id has.
    pub const CHARS: usize = 12;

    /// An id out of 128 random bits, reduced to the 71 that 12 characters hold. Some ids are likelier than others
    /// by one part in 2^56, which nobody can make use of: an id is no secret.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let mut id = [0; Self::CHARS];
        base62::encode(u128::from_be_bytes(bytes) % 62_u128.pow(12), &mut id);
        Self(id)
    }

    /// Reads an id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id: [u8; Self::CHARS] = text.as_bytes().try_into().ok()?;
        base62::are_digits(&id).then_some(Self(id))
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("an id is made of ASCII letters and digits")
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// Names the pepper that a key's secret was hashed under: 1 to 32 ASCII letters, digits, `.`, `_`, `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PepperId(Arc<str>);

impl PepperId {
    /// The longest id, in characters.
    pub const CHARS_MAX: usize = 32;

    /// Takes `text` as an id, if it is one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=Self::CHARS_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        fits.then(|| Self(text.into()))
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PepperId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key of either kind, as it is kept. It holds no secret. Scopes, networks, expiry, grace and revocation mean the
/// same for both kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its public name.
    pub id: KeyId,
    /// Whose it is.
    pub agency: AgencyName,
    /// What kind of bookings it makes.
    pub mode: Mode,
    /// What the agency calls it.
    pub name: Option<String>,
    /// What it may do.
    pub scopes: Scopes,
    /// Where it may be used from; empty is everywhere.
    pub allowed_cidrs: Vec<IpNet>,
    /// How its holder proves to be the holder.
    pub proof: Proof,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is no longer taken. A rotated key gets one: the end of the grace.
    pub expires_at: Option<Timestamp>,
    /// From when on it is no longer taken because somebody said so.
    pub revoked_at: Option<Timestamp>,
    /// When a rotation made another in its place.
    pub rotated_at: Option<Timestamp>,
    /// The key that a rotation made in its place.
    pub replaced_by: Option<KeyId>,
    /// The key in whose place a rotation made this one.
    pub rotated_from: Option<KeyId>,
}

impl Key {
    /// Whether the key is taken at `now`. A moment that has come counts: a key expires *at* its expiry.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> KeyState {
        let has_come = |moment: Option<Timestamp>| moment.is_some_and(|moment| moment <= now);
        if has_come(self.revoked_at) {
            KeyState::Revoked
        } else if has_come(self.expires_at) {
            KeyState::Expired
        } else {
            KeyState::Active
        }
    }
}

/// Whether a key is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It is.
    Active,
    /// Not any more: its time is over.
    Expired,
    /// Not any more: it was revoked. Said of a key that is expired, too.
    Revoked,
}

impl KeyState {
    /// The word for people and machines.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

#[cfg(test)]
mod tests;
