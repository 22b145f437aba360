//! Peppers: the secrets of the house that keys' secrets are hashed under.
//!
//! What is stored of a key is HMAC-SHA-256(pepper, secret). The pepper is kept outside of the store, so whoever
//! gets hold of the store alone can neither use a key nor test a guess.
//!
//! A pepper is replaced by putting a new one in front: new keys are hashed under the first, and the older ones stay
//! for the keys that were hashed under them.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use skybridge_domain::key::{KeyId, PepperId, PresentedKey};

/// The peppers: one to hash new keys under, and those that older keys were hashed under.
pub struct Peppers {
    /// The first is the current one; never empty, no two of one id.
    peppers: Vec<Pepper>,
}

struct Pepper {
    id: PepperId,
    bytes: [u8; 32],
    /// The HMAC with its key schedule done, to be cloned for each use: half of the work of a check.
    mac: Hmac<Sha256>,
}

impl Pepper {
    fn new(id: PepperId, bytes: [u8; 32]) -> Self {
        let mac = Hmac::new_from_slice(&bytes).expect("HMAC takes keys of any length");
        Self { id, bytes, mac }
    }

    fn hash(&self, secret: &[u8]) -> [u8; 32] {
        self.mac.clone().chain_update(secret).finalize().into_bytes().into()
    }
}

/// What is stored of a key's secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHash {
    /// The pepper it was hashed under.
    pub pepper_id: PepperId,
    /// HMAC-SHA-256(pepper, secret).
    pub hash: [u8; 32],
}

impl Peppers {
    /// A single pepper of 32 random bytes.
    #[must_use]
    pub fn new(id: PepperId, bytes: [u8; 32]) -> Self {
        Self { peppers: vec![Pepper::new(id, bytes)] }
    }

    /// Reads peppers, the current one first: `id:64 hex digits` on lines of their own or divided by commas (as in
    /// an environment variable). Blank lines and lines that begin with `#` are passed over.
    ///
    /// # Errors
    /// When there is none, one is not of this form, or two have one id. Errors repeat no pepper.
    pub fn parse(text: &str) -> Result<Self, InvalidPeppers> {
        let mut peppers: Vec<Pepper> = Vec::new();
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let entries = lines.flat_map(|line| line.split(',')).map(str::trim).filter(|entry| !entry.is_empty());
        for (at, entry) in (1..).zip(entries) {
            let (id, hex) = entry.split_once(':').ok_or(InvalidPeppers::Form { at })?;
            let id = PepperId::parse(id.trim()).ok_or(InvalidPeppers::Form { at })?;
            let bytes = from_hex(hex.trim()).ok_or_else(|| InvalidPeppers::Bytes { id: id.clone() })?;
            if peppers.iter().any(|pepper| pepper.id == id) {
                return Err(InvalidPeppers::Twice { id });
            }
            peppers.push(Pepper::new(id, bytes));
        }
        if peppers.is_empty() { Err(InvalidPeppers::None) } else { Ok(Self { peppers }) }
    }

    /// The text that [`parse`](Self::parse) reads, one pepper a line. Holds the secrets.
    #[must_use]
    pub fn reveal(&self) -> String {
        let mut text = String::new();
        for pepper in &self.peppers {
            text.push_str(pepper.id.as_str());
            text.push(':');
            text.extend(pepper.bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hex_digit));
            text.push('\n');
        }
        text
    }

    /// The id of the current pepper.
    #[must_use]
    pub fn current_id(&self) -> &PepperId {
        &self.peppers[0].id
    }

    /// Hashes a new key's secret under the current pepper, to be stored.
    #[must_use]
    pub fn hash(&self, key: PresentedKey<'_>) -> SecretHash {
        SecretHash { pepper_id: self.current_id().clone(), hash: self.peppers[0].hash(key.secret()) }
    }

    /// The secret that a new signing key of this id signs with, and the pepper that it follows from. It is kept
    /// nowhere: whoever has the pepper has it.
    #[must_use]
    pub fn signing_secret(&self, id: KeyId) -> (PepperId, [u8; 32]) {
        (self.current_id().clone(), self.signing_secret_under(0, id))
    }

    /// The same under the pepper at `position`. An API key's secret has 43 characters and never this form, so neither
    /// can stand for the other.
    pub(crate) fn signing_secret_under(&self, position: usize, id: KeyId) -> [u8; 32] {
        let mac = self.peppers[position].mac.clone();
        mac.chain_update(b"signing-key").chain_update(id.as_str()).finalize().into_bytes().into()
    }

    /// Where the pepper `id` stands.
    pub(crate) fn position(&self, id: &PepperId) -> Option<usize> {
        self.peppers.iter().position(|pepper| pepper.id == *id)
    }

    /// The hash of a presented secret under the pepper at `position`, to be compared with what is stored.
    pub(crate) fn hash_under(&self, position: usize, key: PresentedKey<'_>) -> [u8; 32] {
        self.peppers[position].hash(key.secret())
    }
}

impl fmt::Debug for Peppers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.peppers.iter().map(|pepper| pepper.id.as_str())).finish()
    }
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).expect("a nibble is below 16")
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

/// Why a text is not a list of peppers. Repeats no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPeppers {
    /// There is nothing in it.
    #[error("there is no pepper; give at least one as id:64-hex-digits, the current one first")]
    None,
    /// An entry is not `id:hex`.
    #[error(
        "pepper {at} is not of the form id:64-hex-digits, where the id takes 1 to 32 letters, digits, dots, \
         underscores or hyphens"
    )]
    Form {
        /// Which, counted from 1.
        at: usize,
    },
    /// The secret is not 32 bytes in hex.
    #[error("pepper {id} is not 64 hex digits (32 random bytes, as `openssl rand -hex 32` prints them)")]
    Bytes {
        /// Its id.
        id: PepperId,
    },
    /// Two peppers have one id.
    #[error("pepper {id} is there twice; each needs an id of its own")]
    Twice {
        /// The id.
        id: PepperId,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(digit: char) -> String {
        digit.to_string().repeat(64)
    }

    #[test]
    fn peppers_are_read_from_a_file_and_from_an_environment_variable() {
        let file = format!("# two\n\n 2 : {} \n1:{}\n", hex('A'), hex('0'));
        let peppers = Peppers::parse(&file).unwrap();
        assert_eq!(peppers.current_id().as_str(), "2");
        assert_eq!(peppers.reveal(), format!("2:{}\n1:{}\n", hex('a'), hex('0')));
        let variable = format!("2:{},1:{}", hex('a'), hex('0'));
        assert_eq!(Peppers::parse(&variable).unwrap().reveal(), peppers.reveal());
    }

    #[test]
    fn no_error_and_no_debug_text_repeats_a_secret() {
        let secret = "5ec7e75ec7e7";
        let id = |id| PepperId::parse(id).unwrap();
        for (text, why) in [
            (String::new(), InvalidPeppers::None),
            ("# 1:00".to_owned(), InvalidPeppers::None),
            (secret.to_owned(), InvalidPeppers::Form { at: 1 }),
            (format!("a b:{secret}"), InvalidPeppers::Form { at: 1 }),
            (format!("1:{secret}"), InvalidPeppers::Bytes { id: id("1") }),
            (format!("1:{}", "é".repeat(32)), InvalidPeppers::Bytes { id: id("1") }),
            (format!("1:{0}\n1:{0}", hex('5')), InvalidPeppers::Twice { id: id("1") }),
        ] {
            let refused = Peppers::parse(&text).unwrap_err();
            assert!(!refused.to_string().contains(secret), "{refused}");
            assert_eq!(refused, why);
        }
        let peppers = Peppers::new(id("1"), [0x5e; 32]);
        assert_eq!(format!("{peppers:?}"), r#"["1"]"#);
    }

    #[test]
    fn the_hash_is_hmac_sha_256() {
        // RFC 4231, test case 1, has a key of 20 bytes; HMAC pads keys with zeros, so 32 bytes mean the same.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let pepper = Pepper::new(PepperId::parse("1").unwrap(), key);
        let expected = from_hex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7").unwrap();
        assert_eq!(pepper.hash(b"Hi There"), expected);
    }
}
