//! Who calls, told from a signature over the request instead of a secret in it.
//!
//! What is signed is a text that others have made of the request; here it is only bytes. The work is the same whether
//! there is such a key or not: which check is made follows from the signature's length, and a key that is not there,
//! or is of the other algorithm, is stood in for.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use ring::signature::{ED25519, UnparsedPublicKey};
use sha2::Sha256;
use skybridge_domain::key::{Algorithm, Ed25519PublicKey, KeyId, Proof};
use skybridge_domain::time::Timestamp;

use crate::Gate;
use crate::authenticate::{AuthenticationRefusal, Caller, let_in};

/// Stands in for keys that are not there: a point of the curve (of RFC 9421, B.1.4). What fits it counts for nothing.
const NO_PUBLIC_KEY: Ed25519PublicKey = Ed25519PublicKey::new([
    0x26, 0xb4, 0x0b, 0x8f, 0x93, 0xff, 0xf3, 0xd8, 0x97, 0x11, 0x2f, 0x7e, 0xbc, 0x58, 0x2b, 0x23, 0x2d,
    0xbd, 0x72, 0x51, 0x7d, 0x08, 0x2f, 0xe8, 0x3c, 0xfb, 0x30, 0xdd, 0xce, 0x43, 0xd1, 0xbb,
]);

/// A signed request, as far as its signer has to be known.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The key that it says it was signed by.
    pub key: KeyId,
    /// The algorithm, if it says which.
    pub algorithm: Option<Algorithm>,
    /// The texts that may have been signed; one of them has to fit.
    pub bases: &'a [String],
    /// The signature.
    pub signature: &'a [u8],
}

impl Gate {
    /// Checks a signature on a request from `source`.
    ///
    /// # Errors
    /// When the caller may not come in. A key that never existed, expired, was revoked, is an API key or signs with
    /// another algorithm is answered as a signature that does not fit.
    pub fn authenticate_signed(
        &self,
        signed: &SignedRequest<'_>,
        source: IpAddr,
        now: Timestamp,
    ) -> Result<Caller, AuthenticationRefusal> {
        let registry = self.registry.load();
        let found = registry.credential(&signed.key);
        let algorithm = match signed.signature.len() {
            64 => Algorithm::Ed25519,
            32 => Algorithm::HmacSha256,
            _ => return Err(AuthenticationRefusal::SignatureInvalid),
        };
        let fits = match algorithm {
            Algorithm::Ed25519 => {
                let public = found.and_then(|known| match &known.key.proof {
                    Proof::Ed25519(public) => Some(public),
                    _ => None,
                });
                let is_of = |base: &String| {
                    ed25519_is_of(public.unwrap_or(&NO_PUBLIC_KEY), base.as_bytes(), signed.signature)
                };
                any(signed.bases, is_of) && public.is_some()
            }
            Algorithm::HmacSha256 => {
                let position = found.and_then(|known| match &known.key.proof {
                    Proof::HmacSha256 { .. } => known.pepper,
                    _ => None,
                });
                // Derived for a key that is not there, too, and then counted for nothing.
                let secret = self.peppers.signing_secret_under(position.unwrap_or(0), signed.key);
                let is_of = |base: &String| hmac_sha256_is_of(&secret, base.as_bytes(), signed.signature);
                any(signed.bases, is_of) && position.is_some()
            }
        };
        let claimed = signed.algorithm.is_none_or(|claimed| claimed == algorithm);
        let_in(found.filter(|_| fits && claimed), source, now).map_err(|refused| match refused {
            AuthenticationRefusal::KeyUnknown => AuthenticationRefusal::SignatureInvalid,
            refused => refused,
        })
    }
}

/// Looks at each of them, whichever fits: the work does not tell which did.
fn any(bases: &[String], is_of: impl Fn(&String) -> bool) -> bool {
    bases.iter().filter(|base| is_of(base)).count() > 0
}

/// Is `signature` the HMAC-SHA-256 of `base` under `secret`? Compared in constant time.
#[must_use]
pub fn hmac_sha256_is_of(secret: &[u8], base: &[u8], signature: &[u8]) -> bool {
    let mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.chain_update(base).verify_slice(signature).is_ok()
}

/// Is `signature` the Ed25519 signature of `base` by the holder of `public`'s private key?
#[must_use]
pub fn ed25519_is_of(public: &Ed25519PublicKey, base: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public.as_bytes()).verify(base, signature).is_ok()
}
