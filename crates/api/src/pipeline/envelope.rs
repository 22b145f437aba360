//! What every request must be before anybody looks at it: within sizes, and unambiguous.

use axum::extract::Request;
use http::HeaderMap;
use http::header::{self, HeaderName};

use crate::problem::{Code, Refusal};

/// The longest path and query together.
pub(crate) const URI_BYTES_MAX: usize = 8 * 1024;
/// How many headers a request may have.
pub(crate) const HEADERS_MAX: usize = 100;
/// How long their names and values may be together.
pub(crate) const HEADER_BYTES_MAX: usize = 16 * 1024;

/// Headers of which a second one would leave it open which is meant.
pub(crate) const HEADERS_ONCE: [HeaderName; 11] = [
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("signature"),
    HeaderName::from_static("signature-input"),
    header::AUTHORIZATION,
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::HOST,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
];

/// Refuses what is too large or says a thing twice.
pub(super) fn check(request: &Request) -> Result<(), Refusal> {
    let target_bytes = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target_bytes > URI_BYTES_MAX {
        let detail =
            format!("The path and query have {target_bytes} bytes; at most {URI_BYTES_MAX} are read.");
        return Err(Refusal::new(Code::UriTooLong, detail));
    }

    let mut header_bytes = 0;
    let mut seen = 0_u16;
    for (name, value) in request.headers() {
        header_bytes += name.as_str().len() + value.len();
        let Some(place) = HEADERS_ONCE.iter().position(|once| once == name) else { continue };
        if seen & (1 << place) != 0 {
            let detail = format!("The header {name} was sent more than once; send it once.");
            return Err(Refusal::new(Code::DuplicateHeader, detail));
        }
        seen |= 1 << place;
    }
    if request.headers().len() > HEADERS_MAX || header_bytes > HEADER_BYTES_MAX {
        let detail = format!(
            "The request has {} headers of {header_bytes} bytes together; at most {HEADERS_MAX} headers and \
             {HEADER_BYTES_MAX} bytes are read.",
            request.headers().len()
        );
        return Err(Refusal::new(Code::HeadersTooLarge, detail));
    }
    Ok(())
}

/// Refuses a caller who takes neither JSON nor anything that includes it (RFC 9110, section 12.5.1).
pub(super) fn require_json_accepted(headers: &HeaderMap) -> Result<(), Refusal> {
    let ranges = headers.get_all(header::ACCEPT).iter().filter_map(|ranges| ranges.to_str().ok());
    let mut ranges =
        ranges.flat_map(|ranges| ranges.split(',')).filter(|range| !range.trim().is_empty()).peekable();
    // Nothing said is no preference.
    if ranges.peek().is_none() || ranges.any(takes_json) {
        return Ok(());
    }
    Err(Refusal::new(
        Code::NotAcceptable,
        "Answers are application/json; Accept must allow it, or be left out.",
    ))
}

fn takes_json(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let named = parts.next().unwrap_or("");
    let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
    !refused
        && ["*/*", "application/*", "application/json"].iter().any(|json| named.eq_ignore_ascii_case(json))
}
