//! Where a request carries its key.

use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};

use crate::problem::{Code, Refusal};

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The challenge of every 401: how to present a key (RFC 9110, section 11.6.1).
pub(crate) const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"skybridge\"");

/// The text of the key in `x-api-key` (API Gateway's own header) or `Authorization: Bearer`.
pub(super) fn presented_key(headers: &HeaderMap) -> Result<&str, Refusal> {
    match (headers.get(X_API_KEY), headers.get(header::AUTHORIZATION)) {
        (Some(_), Some(_)) => Err(Refusal::new(
            Code::DuplicateHeader,
            "The key was sent both in x-api-key and in Authorization; send it in one of them.",
        )),
        (Some(key), None) => key.to_str().map_err(|_| not_a_key()),
        (None, Some(authorization)) => bearer_token(authorization).ok_or_else(not_bearer),
        (None, None) => Err(Refusal::new(
            Code::KeyMissing,
            "Send your API key in the header x-api-key, or as Authorization: Bearer.",
        )
        .with_header(header::WWW_AUTHENTICATE, CHALLENGE)),
    }
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750); the scheme's case does not matter.
pub(crate) fn bearer_token(authorization: &HeaderValue) -> Option<&str> {
    let (scheme, token) = authorization.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' '))
}

fn not_a_key() -> Refusal {
    Refusal::new(
        Code::KeyMalformed,
        "x-api-key holds characters that no key has. Copy the key again as a whole.",
    )
    .with_header(header::WWW_AUTHENTICATE, CHALLENGE)
}

fn not_bearer() -> Refusal {
    Refusal::new(Code::KeyMissing, "Authorization must read: Bearer, a space, and your API key.")
        .with_header(header::WWW_AUTHENTICATE, CHALLENGE)
}
