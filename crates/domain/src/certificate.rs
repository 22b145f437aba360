//! A client's certificate, known by its fingerprint: what an agency is pinned to, and what a connection came with.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::pem;
use crate::time::Timestamp;

/// The SHA-256 of a certificate's DER. The whole certificate is pinned, not its key or its issuer: nothing in it has
/// to be believed, and no authority can issue another that passes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint whose bytes are known.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The fingerprint of a certificate.
    #[must_use]
    pub fn of_der(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }

    /// Reads what an operator gives: a certificate in PEM (of several the first, which is the client's own in a
    /// chain), or the fingerprint itself as 64 hex digits, with or without colons, as `openssl x509 -fingerprint
    /// -sha256` prints it.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(text: &str) -> Result<Self, InvalidCertificate> {
        if text.contains("-----BEGIN") {
            let der = pem::first_block(text, "CERTIFICATE").ok_or(InvalidCertificate)?;
            return if is_one_sequence(&der) { Ok(Self::of_der(&der)) } else { Err(InvalidCertificate) };
        }
        let hex: String = text.trim().chars().filter(|char| *char != ':').collect();
        if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidCertificate);
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).map_err(|_| InvalidCertificate)?;
        }
        Ok(Self(bytes))
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Is it one DER SEQUENCE, whole and nothing behind it? Enough to tell a certificate from a damaged one; what is in it
/// counts for nothing here.
fn is_one_sequence(der: &[u8]) -> bool {
    let (head, length) = match *der {
        [0x30, length @ 0..=0x7f, ..] => (2, usize::from(length)),
        [0x30, 0x81, length, ..] => (3, usize::from(length)),
        [0x30, 0x82, high, low, ..] => (4, usize::from(high) << 8 | usize::from(low)),
        _ => return false,
    };
    der.len() == head + length
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// A certificate that an agency's clients may come with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinnedCertificate {
    /// Which.
    pub fingerprint: Fingerprint,
    /// When it was pinned.
    pub pinned_at: Timestamp,
}

/// The text is no certificate and no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is neither a certificate in PEM (-----BEGIN CERTIFICATE-----) nor a SHA-256 fingerprint of 64 hex digits"
)]
pub struct InvalidCertificate;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_and_its_fingerprint_mean_the_same() {
        // SEQUENCE { NULL }: four bytes that pass for a certificate's frame.
        let pem = "subject=/CN=till\n-----BEGIN CERTIFICATE-----\nMAI\nFAA==\n-----END CERTIFICATE-----\n";
        let of_pem = Fingerprint::parse(pem).unwrap();
        assert_eq!(of_pem, Fingerprint::of_der(&[0x30, 2, 5, 0]));
        let hex = of_pem.to_string();
        let with_colons: Vec<&str> = (0..32).map(|at| &hex[2 * at..2 * at + 2]).collect();
        assert_eq!(Fingerprint::parse(&format!("{hex}\n")), Ok(of_pem));
        assert_eq!(Fingerprint::parse(&with_colons.join(":").to_uppercase()), Ok(of_pem));
    }

    #[test]
    fn what_is_damaged_is_refused() {
        for wrong in [
            "",
            "aa",
            "-----BEGIN CERTIFICATE-----\nMAIFAA==",
            "-----BEGIN CERTIFICATE-----\nMAIFAA\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\nMAMFAA==\n-----END CERTIFICATE-----",
            "-----BEGIN PRIVATE KEY-----\nMAIFAA==\n-----END PRIVATE KEY-----",
        ] {
            assert_eq!(Fingerprint::parse(wrong), Err(InvalidCertificate), "{wrong}");
        }
    }
}
