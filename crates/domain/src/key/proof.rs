//! How the holder of a key proves that it is the holder: by telling a secret, or by signing each request.

use std::fmt;

use super::PepperId;
use crate::pem;

/// What is kept to check the holder by. Nothing in it lets anybody else pass for the holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// An API key: the holder tells its secret with each request.
    Secret {
        /// HMAC-SHA-256(pepper, secret).
        hash: [u8; 32],
        /// Which pepper.
        pepper_id: PepperId,
    },
    /// The holder signs with a private key that nobody else has ever seen.
    Ed25519(Ed25519PublicKey),
    /// The holder signs with a secret that follows from the pepper and the key's id, so that nothing is kept of it.
    HmacSha256 {
        /// Which pepper.
        pepper_id: PepperId,
    },
}

impl Proof {
    /// The algorithm that the holder signs with; `None` for an API key.
    #[must_use]
    pub const fn algorithm(&self) -> Option<Algorithm> {
        match self {
            Self::Secret { .. } => None,
            Self::Ed25519(_) => Some(Algorithm::Ed25519),
            Self::HmacSha256 { .. } => Some(Algorithm::HmacSha256),
        }
    }

    /// The pepper that checking takes, if it takes one.
    #[must_use]
    pub const fn pepper_id(&self) -> Option<&PepperId> {
        match self {
            Self::Secret { pepper_id, .. } | Self::HmacSha256 { pepper_id } => Some(pepper_id),
            Self::Ed25519(_) => None,
        }
    }
}

/// An algorithm of signatures, by its name in the registry of RFC 9421, section 6.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `ed25519`: the airline keeps a public key, from which nobody can sign.
    Ed25519,
    /// `hmac-sha256`: both sides have the secret.
    HmacSha256,
}

impl Algorithm {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::HmacSha256 => "hmac-sha256",
        }
    }

    /// The algorithm of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Ed25519, Self::HmacSha256].into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

/// A public key of Ed25519 (RFC 8032): 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ed25519PublicKey([u8; 32]);

/// What stands before the 32 bytes in a SubjectPublicKeyInfo (RFC 8410, section 4).
const SPKI_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

impl Ed25519PublicKey {
    /// The key whose bytes are known.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads PEM, as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    /// When it holds no public key of Ed25519; a private key is refused by name.
    pub fn from_pem(text: &str) -> Result<Self, InvalidPublicKey> {
        if text.contains("PRIVATE KEY-----") {
            return Err(InvalidPublicKey::Private);
        }
        let der = pem::first_block(text, "PUBLIC KEY").ok_or(InvalidPublicKey::NotPem)?;
        let bytes = der.strip_prefix(&SPKI_HEAD).ok_or(InvalidPublicKey::OtherAlgorithm)?;
        bytes.try_into().map(Self).map_err(|_| InvalidPublicKey::OtherAlgorithm)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Ed25519PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ed25519PublicKey(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// Why a text is no public key to be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPublicKey {
    /// It is a private key, which must never leave its holder.
    #[error(
        "this is a private key, which nobody but its holder may see; give the public one: openssl pkey -in \
         private.pem -pubout"
    )]
    Private,
    /// There is no such block in it.
    #[error("this holds no public key in PEM (-----BEGIN PUBLIC KEY-----)")]
    NotPem,
    /// It is a key of another algorithm.
    #[error("this public key is not one of Ed25519; make a pair with: openssl genpkey -algorithm ed25519")]
    OtherAlgorithm,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9421, appendix B.1.4.
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn a_public_key_is_read_from_pem() {
        let key = Ed25519PublicKey::from_pem(PUBLIC).unwrap();
        assert_eq!(key.as_bytes()[..4], [0x26, 0xb4, 0x0b, 0x8f]);
        assert_eq!(key.as_bytes()[31], 0xbb);
    }

    #[test]
    fn other_texts_are_refused_by_what_they_are() {
        let private = "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----";
        let of_p256 =
            "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----";
        for (text, why) in [
            (private, InvalidPublicKey::Private),
            ("ssh-ed25519 AAAA", InvalidPublicKey::NotPem),
            (of_p256, InvalidPublicKey::OtherAlgorithm),
        ] {
            assert_eq!(Ed25519PublicKey::from_pem(text), Err(why));
        }
    }
}
