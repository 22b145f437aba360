//! The text of a key: made once, and read with every request.

use std::fmt;

use super::{KeyId, Mode, base62};
use crate::id::Randomness;

/// What a key looks like, as a regular expression for scanners that look for leaked secrets.
pub const PATTERN: &str = r"\bsbk_(live|test)_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}\b";

const PREFIX_CHARS: usize = "sbk_live_".len();
const SECRET_AT: usize = PREFIX_CHARS + KeyId::CHARS + 1;
const SECRET_CHARS: usize = 43;
const CHECKSUM_CHARS: usize = 6;
/// Where the checksum's underscore stands: the checksum is over everything before it.
const CHECKED_CHARS: usize = SECRET_AT + SECRET_CHARS;
const KEY_CHARS: usize = CHECKED_CHARS + 1 + CHECKSUM_CHARS;

/// A key that was just made, to be shown once and then forgotten.
///
/// Neither `Debug` nor anything else but [`reveal`](Self::reveal) tells its secret.
#[derive(Clone)]
pub struct ApiKey {
    id: KeyId,
    mode: Mode,
    text: String,
}

impl ApiKey {
    /// Makes a key out of 48 random bytes: 16 for the id, 32 for the secret, whose 43 characters so hold 256 bits
    /// of chance.
    #[must_use]
    pub fn generate(mode: Mode, chance: &(impl Randomness + ?Sized)) -> Self {
        let mut secret = [0; 32];
        chance.fill(&mut secret);
        Self::from_parts(mode, KeyId::from_random(chance.id_bytes()), secret)
    }

    fn from_parts(mode: Mode, id: KeyId, secret: [u8; 32]) -> Self {
        let mut text = String::with_capacity(KEY_CHARS);
        for part in ["sbk_", mode.as_str(), "_", id.as_str(), "_"] {
            text.push_str(part);
        }
        text.extend(base62::encode_256(secret).map(char::from));
        let checksum = checksum(text.as_bytes());
        text.push('_');
        text.extend(checksum.map(char::from));
        Self { id, mode, text }
    }

    /// Its public name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The whole text, secret included. Show it to the one who asked for the key, and to nobody else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The key as the one who holds it will present it; what the hash is made of.
    #[must_use]
    pub fn present(&self) -> PresentedKey<'_> {
        PresentedKey { id: self.id, mode: self.mode, secret: &self.text[SECRET_AT..CHECKED_CHARS] }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey(sbk_{}_{}_…)", self.mode.as_str(), self.id)
    }
}

/// A key that a caller presents: well-formed, and nothing more is known of it yet.
#[derive(Clone, Copy)]
pub struct PresentedKey<'a> {
    /// The key that it says it is.
    pub id: KeyId,
    /// The mode that it says it has.
    pub mode: Mode,
    secret: &'a str,
}

impl<'a> PresentedKey<'a> {
    /// Reads a key's text and checks its checksum. Allocates nothing.
    ///
    /// # Errors
    /// When the text is not a key, with the first thing that is wrong; never with any part of the text.
    pub fn parse(text: &'a str) -> Result<Self, MalformedKey> {
        let mode = match text.get(..PREFIX_CHARS) {
            Some("sbk_live_") => Mode::Live,
            Some("sbk_test_") => Mode::Test,
            _ => return Err(MalformedKey::Prefix),
        };
        if text.len() != KEY_CHARS {
            return Err(MalformedKey::Length);
        }
        let bytes = text.as_bytes();
        if checksum(&bytes[..CHECKED_CHARS]) != bytes[CHECKED_CHARS + 1..] {
            return Err(MalformedKey::Checksum);
        }
        // A checksum can be right by intent, so what it covers is looked at all the same.
        let id = text.get(PREFIX_CHARS..SECRET_AT - 1).and_then(KeyId::parse).ok_or(MalformedKey::Id)?;
        let secret = text.get(SECRET_AT..CHECKED_CHARS).ok_or(MalformedKey::Secret)?;
        if !base62::are_digits(secret.as_bytes()) {
            return Err(MalformedKey::Secret);
        }
        if bytes[SECRET_AT - 1] != b'_' || bytes[CHECKED_CHARS] != b'_' {
            return Err(MalformedKey::Separator);
        }
        Ok(Self { id, mode, secret })
    }

    /// The secret, to be hashed and compared; never to be stored or written anywhere.
    #[must_use]
    pub fn secret(&self) -> &'a [u8] {
        self.secret.as_bytes()
    }
}

impl fmt::Debug for PresentedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PresentedKey(sbk_{}_{}_…)", self.mode.as_str(), self.id)
    }
}

/// CRC-32 (IEEE 802.3) in six base62 digits.
fn checksum(checked: &[u8]) -> [u8; CHECKSUM_CHARS] {
    let mut digits = [0; CHECKSUM_CHARS];
    base62::encode_32(crc32fast::hash(checked), &mut digits);
    digits
}

/// Why a text is not a key. Says which part is wrong, and repeats nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedKey {
    /// It begins otherwise.
    #[error("A key begins with sbk_live_ or sbk_test_; this text does not.")]
    Prefix,
    /// It is longer or shorter than a key.
    #[error("A key has 72 characters; this text has more or fewer. Was all of it copied, and nothing else?")]
    Length,
    /// The last six characters do not fit the rest.
    #[error("The key's checksum does not fit: a character is wrong, missing or in another's place.")]
    Checksum,
    /// The id, after the second underscore, holds something else than letters and digits.
    #[error("The key's id, after its second underscore, is not 12 letters and digits.")]
    Id,
    /// The secret, after the third underscore, holds something else than letters and digits.
    #[error("The key's secret, after its third underscore, is not 43 letters and digits.")]
    Secret,
    /// Its parts are not divided by underscores.
    #[error("The parts of a key are divided by underscores; here one is missing.")]
    Separator,
}
