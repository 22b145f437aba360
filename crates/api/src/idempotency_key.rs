//! Reading the `Idempotency-Key` header.

use http::HeaderMap;
use skybridge_domain::idempotency::IdempotencyKey;

use crate::problem::{Code, Refusal};

/// The key that came with `headers`, if one did.
pub(crate) fn of(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    IdempotencyKey::parse_header(value.as_bytes())
        .map(Some)
        .map_err(|error| Refusal::new(Code::IdempotencyKeyInvalid, error.to_string()))
}
