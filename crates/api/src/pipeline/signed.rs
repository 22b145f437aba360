//! Signed requests on their way through the pipeline: who signed, and later, once the plan has admitted the call, the
//! nonce, which is spent then and not before, and the body that was signed.
//!
//! The cheapest refusal comes first: moments before any cryptography, the signature before the body, and only a
//! signature that fits can make anything be remembered. What is refused before the nonce is spent binds nothing, and
//! the very same request may be sent again within its window.
//!
//! The nonce is spent before a byte of the body is read: a body may take its time and be another than was signed, and
//! whoever got hold of one signature could otherwise have many calls admitted with it at once. So a signature is good
//! for one admitted call, whatever becomes of its body.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::Request;
use http::request::Parts;
use http_body::Body as _;
use skybridge_domain::time::Timestamp;
use skybridge_gate::{Caller, MomentRefusal, Nonce, NonceRefusal, SignedRequest};

use super::credentials::CHALLENGE;
use super::lockout::NotLetIn;
use crate::problem::{Code, Refusal};
use crate::public::Door;
use crate::signature::{self, Addressed, Digests, Fault, Input};
use crate::{body, refuse};

/// What is still to be done for a signed request.
pub(super) struct Signed {
    nonce: Nonce,
    digests: Option<Digests>,
}

/// Who signed `request`.
pub(super) fn signer(
    door: &Door,
    request: &Parts,
    has_body: bool,
    source: IpAddr,
    now: Timestamp,
) -> Result<(Caller, Signed), NotLetIn> {
    let input = Input::read(&request.headers).map_err(refusal)?;
    let not_let_in = |refusal| NotLetIn { refusal, claimed: Some(input.key), counts: true };
    covers_enough(&input, request, has_body).map_err(not_let_in)?;
    let timely = door.nonces.check_moment(input.created, input.expires, now);
    timely.map_err(|refused| NotLetIn {
        // Who signed well cannot know when we started.
        counts: !matches!(refused, MomentRefusal::BeforeMemory { .. }),
        ..not_let_in(untimely(refused, door, now))
    })?;
    let (bases, digests) = signed_texts(door, &input, request).map_err(not_let_in)?;
    let signed = SignedRequest {
        key: input.key,
        algorithm: input.algorithm,
        bases: &bases,
        signature: &input.signature,
    };
    let caller = door.desk.gate().authenticate_signed(&signed, source, now);
    let caller = caller.map_err(|refused| not_let_in(refuse::authentication(refused)))?;
    let nonce = Nonce::new(input.key, &input.nonce, input.created);
    if door.nonces.is_spent(caller.agency(), &nonce) {
        return Err(not_let_in(replayed()));
    }
    Ok((caller, Signed { nonce, digests }))
}

/// Is all covered that has to be?
fn covers_enough(input: &Input, request: &Parts, has_body: bool) -> Result<(), Refusal> {
    let required = [
        ("@method", true),
        ("@target-uri", true),
        ("content-digest", has_body),
        ("idempotency-key", request.headers.contains_key("idempotency-key")),
    ];
    match required.iter().find(|(name, needed)| *needed && !input.covers(name)) {
        None => Ok(()),
        Some((missing, _)) => {
            Err(invalid(format!("The signature does not cover {missing}, and for this request it has to.")))
        }
    }
}

/// What may have been signed, for each address that may have been meant, and the digests of the body.
fn signed_texts(
    door: &Door,
    input: &Input,
    request: &Parts,
) -> Result<(Vec<String>, Option<Digests>), Refusal> {
    let digests = if input.covers("content-digest") { Digests::read(&request.headers) } else { Ok(None) };
    let digests = digests.map_err(refusal)?;
    let addressed = door.public_url.as_ref().map_or(Addressed::ByHost, Addressed::As);
    let origins = addressed.candidates(request);
    let base = |origin| signature::base(&input.components, &input.parameters, request, origin);
    let bases: Vec<String> = origins.iter().map(base).collect::<Result<_, _>>().map_err(refusal)?;
    if bases.is_empty() {
        return Err(invalid(
            "The request has no Host, so it is not known what address was signed.".to_owned(),
        ));
    }
    Ok((bases, digests))
}

impl Signed {
    /// Spends the nonce, then reads the body and compares it with what was signed, and gives the request back, body
    /// included. To be called once the call is admitted.
    pub(super) async fn settle(
        self,
        door: &Door,
        caller: &Caller,
        request: Request,
        now: Timestamp,
    ) -> Result<Request, Refusal> {
        self.spend(door, caller, now).await?;
        let (parts, unread) = request.into_parts();
        let whole = if unread.is_end_stream() {
            bytes::Bytes::new()
        } else {
            body::collect(&parts.headers, unread, door.body_deadline).await?
        };
        if self.digests.is_some_and(|digests| !digests.are_of(&whole)) {
            return Err(invalid("The body is not the one that Content-Digest was made of.".to_owned()));
        }
        Ok(Request::from_parts(parts, Body::from(whole)))
    }

    /// Here in memory, and where nodes share a store, there too.
    async fn spend(&self, door: &Door, caller: &Caller, now: Timestamp) -> Result<(), Refusal> {
        match door.nonces.spend(caller.agency(), &self.nonce, now) {
            Ok(()) => {}
            Err(NonceRefusal::Replayed) => return Err(replayed()),
            Err(NonceRefusal::NoRoom { retry_at }) => return Err(no_room(retry_at, now)),
        }
        let age_max = door.nonces.terms().age_max.as_secs();
        match door.desk.spend_nonce(caller, &self.nonce, age_max).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(replayed()),
            Err(error) => Err(refuse::store(error)),
        }
    }
}

fn untimely(refused: MomentRefusal, door: &Door, now: Timestamp) -> Refusal {
    let refusal = invalid(why_untimely(refused, door, now));
    let MomentRefusal::BeforeMemory { from } = refused else { return refusal };
    let wait = Timestamp::from_nanos(from.saturating_mul(1_000_000_000)).since(now);
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    refusal.retry_after(seconds.max(1))
}

fn why_untimely(refused: MomentRefusal, door: &Door, now: Timestamp) -> String {
    let terms = door.nonces.terms();
    let clock = format!("our clock says {} ({now})", now.as_secs());
    match refused {
        MomentRefusal::TooOld => format!(
            "The signature is older than {} s by its parameter created; {clock}. Sign each attempt anew.",
            terms.age_max.as_secs()
        ),
        MomentRefusal::Ahead => format!(
            "The signature was created more than {} s from now; {clock}. Set the signer's clock.",
            terms.ahead_max.as_secs()
        ),
        MomentRefusal::Expired => format!("The signature has expired by its own parameter expires; {clock}."),
        MomentRefusal::BeforeMemory { from } => format!(
            "This server remembers signatures created at {from} or later, since it has just started, and refuses older \
             ones, which may be replays; {clock}. Sign the request anew, at that time or later."
        ),
    }
}

fn replayed() -> Refusal {
    invalid(
        "This signature was taken before; its nonce is spent. Sign each attempt anew, with a nonce of its own; the \
         Idempotency-Key makes sure that a retry makes no second booking."
            .to_owned(),
    )
}

fn no_room(retry_at: Timestamp, now: Timestamp) -> Refusal {
    Refusal::new(
        Code::Overloaded,
        "More signed requests came from this agency than are remembered, so replays could not be told from new ones.",
    )
    .retry_after(retry_at.since(now).as_secs() + 1)
}

fn refusal(fault: Fault) -> Refusal {
    Refusal::new(Code::SignatureInvalid, fault.0).with_header(http::header::WWW_AUTHENTICATE, CHALLENGE)
}

fn invalid(detail: String) -> Refusal {
    refusal(Fault(detail.into()))
}
