//! Where a request carries its key.

use std::net::IpAddr;

use axum::extract::Request;
use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};
use http_body::Body as _;
use skybridge_domain::key::{KeyId, Mode, PresentedKey};
use skybridge_domain::time::Timestamp;
use skybridge_gate::{Caller, Gate};

use super::lockout::NotLetIn;
use super::signed::{self, Signed};
use crate::problem::{Code, Refusal};
use crate::public::Door;
use crate::refuse;
use crate::signature::Input;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The challenge of every 401: how to present a key (RFC 9110, section 11.6.1).
pub(crate) const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"skybridge\"");

/// A key whose text a gateway in front of us has checked. A front door that trusts its gateway puts it into the
/// request's extensions, where no caller can put anything: extensions are of this process, never of the wire. The
/// request then counts as the holder's, and whatever key its headers carry is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VouchedKey {
    id: KeyId,
    mode: Mode,
}

impl VouchedKey {
    /// Takes the key's text as the gateway has checked it; none, if it is not a key of ours. The secret in it is
    /// not kept.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let PresentedKey { id, mode, .. } = PresentedKey::parse(text).ok()?;
        Some(Self { id, mode })
    }
}

/// Who calls, and how that is known.
pub(super) struct Identified {
    pub(super) caller: Caller,
    /// What is still to be done, if the request is signed.
    pub(super) signed: Option<Signed>,
}

/// Who calls, by a signature, by the gateway's word, or by the key that the headers carry. A signature counts before
/// the gateway's word, which then says only that the gateway let the request pass.
pub(super) fn identify(
    door: &Door,
    request: Request,
    source: IpAddr,
    now: Timestamp,
) -> (Request, Result<Identified, NotLetIn>) {
    if !Input::is_in(request.headers()) {
        let caller = caller(door.desk.gate(), &request, source, now);
        return (request, caller.map(|caller| Identified { caller, signed: None }));
    }
    let vouched = request.extensions().get::<VouchedKey>().is_some();
    let (parts, body) = request.into_parts();
    let keyed = parts.headers.contains_key(X_API_KEY) || parts.headers.contains_key(header::AUTHORIZATION);
    let identified = if keyed && !vouched {
        Err(NotLetIn::from(Refusal::new(
            Code::DuplicateHeader,
            "The request is signed and carries a key as well; send one of them, for both say who calls.",
        )))
    } else {
        signed::signer(door, &parts, !body.is_end_stream(), source, now)
            .map(|(caller, signed)| Identified { caller, signed: Some(signed) })
    };
    (Request::from_parts(parts, body), identified)
}

/// Who calls, by a key.
fn caller(gate: &Gate, request: &Request, source: IpAddr, now: Timestamp) -> Result<Caller, NotLetIn> {
    let not_let_in =
        |refused, claimed| NotLetIn { refusal: refuse::authentication(refused), claimed, counts: true };
    if let Some(VouchedKey { id, mode }) = request.extensions().get::<VouchedKey>() {
        let caller = gate.authenticate_vouched(*id, *mode, source, now);
        return caller.map_err(|refused| not_let_in(refused, Some(*id)));
    }
    let text = presented_key(request.headers())?;
    // The checksum refuses a typing error before anything is looked up.
    gate.authenticate(text, source, now)
        .map_err(|refused| not_let_in(refused, PresentedKey::parse(text).ok().map(|key| key.id)))
}

/// The text of the key in `x-api-key` (API Gateway's own header) or `Authorization: Bearer`.
fn presented_key(headers: &HeaderMap) -> Result<&str, Refusal> {
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
