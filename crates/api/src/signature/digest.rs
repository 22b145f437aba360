//! `Content-Digest` (RFC 9530): what a signature says of the body.

use http::HeaderMap;
use http::header::HeaderName;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use super::Fault;
use super::field::{Field, NotThat};

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// How many digests are read; RFC 9530 registers eight algorithms.
pub(super) const DIGESTS_MAX: usize = 16;

/// The digests that a request gives of its body, of the algorithms that count: others are obsolete (RFC 9530,
/// section 5) or unknown here.
#[derive(Debug)]
pub(crate) struct Digests {
    sha_256: Option<Vec<u8>>,
    sha_512: Option<Vec<u8>>,
}

impl Digests {
    /// What `Content-Digest` says; `None` if there is no such header.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Option<Self>, Fault> {
        let Some(value) = headers.get(CONTENT_DIGEST) else { return Ok(None) };
        let malformed = |not: NotThat| {
            not.told_of(
                "Content-Digest",
                "Content-Digest is not of the form sha-256=:base64: or sha-512=:base64: (RFC 9530).",
            )
        };
        let text = value.to_str().map_err(|_| malformed(NotThat::Form))?;
        Self::parse(text).map_err(malformed).map(Some)
    }

    fn parse(text: &str) -> Result<Self, NotThat> {
        let mut digests = Self { sha_256: None, sha_512: None };
        let mut field = Field::new(text);
        for _ in 0..DIGESTS_MAX {
            let algorithm = field.key()?;
            field.expect('=')?;
            let digest = field.bytes()?;
            let place = match algorithm {
                "sha-256" => Some(&mut digests.sha_256),
                "sha-512" => Some(&mut digests.sha_512),
                _ => None,
            };
            if place.is_some_and(|place| place.replace(digest).is_some()) {
                return Err(NotThat::Form);
            }
            if !field.next_member()? {
                let any = digests.sha_256.is_some() || digests.sha_512.is_some();
                return if any { Ok(digests) } else { Err(NotThat::Form) };
            }
        }
        Err(NotThat::TooMany(DIGESTS_MAX, "digests"))
    }

    /// Are they all those of `body`?
    pub(crate) fn are_of(&self, body: &[u8]) -> bool {
        let fits = |given: &Option<Vec<u8>>, digest: &dyn Fn() -> Vec<u8>| {
            given.as_ref().is_none_or(|given| bool::from(given.ct_eq(&digest())))
        };
        fits(&self.sha_256, &|| Sha256::digest(body).to_vec())
            && fits(&self.sha_512, &|| Sha512::digest(body).to_vec())
    }
}
