//! The way of one request through the public door, as one function.
//!
//! Each stage stands where it stands for a reason, the cheapest refusal first: nothing is looked up before the
//! envelope is sound, nothing touches storage before a key's checksum holds, and no body is read before the
//! plan has a place for the call. Whatever a stage refuses ends up in one place, where the refusal is written,
//! named, logged and counted.

mod addresses;
mod credentials;
mod entrance;
mod envelope;
mod exchange;
mod lockout;
mod provenance;
mod request_id;
mod signed;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt;
use http::request::Parts;
use skybridge_desk::AdmissionError;
use skybridge_domain::certificate::Fingerprint;
use skybridge_domain::operation::Operation;
use skybridge_gate::{Caller, Permit, pace_headers};

use credentials::Identified;
pub use credentials::VouchedKey;
pub(crate) use credentials::{CHALLENGE, bearer_token};
pub(crate) use entrance::Entrances;
pub(crate) use envelope::{HEADER_BYTES_MAX, HEADERS_MAX, HEADERS_ONCE, URI_BYTES_MAX};
pub(crate) use exchange::Exchange;
use exchange::take_refusal;
pub(crate) use lockout::Doorkeeper;
pub use provenance::{ClientCertificate, SourceAddress};
pub use request_id::{GatewayRequestId, RequestIds};

use crate::problem::Refusal;
use crate::public::Door;
use crate::refuse;
use entrance::Access;

/// Every request of the public listener comes through here, also those that no route serves.
pub(crate) async fn pipeline(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    // The request gets its id, its source address and its moment, which every later stage shares.
    let mut exchange = Exchange::begin(&door.request_ids, door.desk.now(), &request);
    let outcome = pass(&door, &mut exchange, request, next).await;
    let time = door.desk.now().since(exchange.begun_at());
    door.tally.count(&outcome, time);
    // What was found in its texts, if anything was, is counted, labels its line of the log, and is kept for operators.
    exchange.note_findings(&door.screening, &outcome);
    // Problem mapping, log, and the headers that every answer carries.
    exchange.finish(outcome, time, door.errors)
}

/// The stages, in order. The first that refuses ends the way.
async fn pass(
    door: &Arc<Door>,
    exchange: &mut Exchange,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    // Is the address one that nobody is served at? Before anything else is looked at, and whatever key comes with it.
    let (source, now) = (exchange.source(), exchange.begun_at());
    let visit = door.doorkeeper.turnstile().look(door.desk.gate().addresses(), &request, source, now)?;

    // Sizes and headers that may stand once: costs nothing, and nobody needs to be known for it. Then: is there such an
    // operation, and who may call it? The answer comes from the very document that describes the API, so that what is
    // documented is what is enforced.
    let access = envelope::check(&request).and_then(|()| door.entrances.find(&request));
    match access.map_err(|refusal| door.doorkeeper.turn_away(refusal, &visit))? {
        // Strangers are counted by their addresses.
        Access::Open => door.doorkeeper.let_stranger_in(&visit)?,
        Access::Key(scope, operation) => {
            envelope::require_json_accepted(request.headers())
                .map_err(|refusal| door.doorkeeper.turn_away(refusal, &visit))?;
            // Who is calling? Told from the key or the signature alone; storage is not asked.
            let identified;
            (request, identified) = credentials::identify(door, request, source, now);
            // Who fails too often, or comes too often without a key, is told to wait; a good key never comes here.
            let answer = |not_let_in| door.doorkeeper.answer(not_let_in, &visit);
            let Identified { caller, signed } = identified.map_err(answer)?;
            exchange.note_caller(&caller);
            // Is that enough for this agency?
            let certificate =
                request.extensions().get().map(|ClientCertificate(sha_256)| Fingerprint::new(*sha_256));
            let met = caller.meets(signed.is_some(), certificate.as_ref()).map_err(refuse::unmet);
            let permit = match met.and_then(|()| caller.require(*scope).map_err(refuse::scope)) {
                // May they call now? One atomic decision over rate, burst, quota and calls in flight.
                Ok(()) => admit(door, exchange, &caller, operation).await,
                Err(refusal) => Err(refusal),
            };
            // Every answer to a known caller says how its plan stands, also one that came before the decision.
            if !exchange.knows_limits() {
                let pace = door.desk.gate().pace(&caller, operation, exchange.begun_at());
                exchange.note_limits(&pace_headers(&pace, None));
            }
            let permit = permit?;
            // Is the signature not a replay, and the body the signed one?
            if let Some(signed) = signed {
                let settled = signed.settle(door, &caller, request, now).await;
                request = settled.map_err(|refusal| door.doorkeeper.answer_signer(refusal, &visit))?;
            }
            request.extensions_mut().insert(Permitted(Arc::new(permit)));
        }
    }

    // The operation: schema, use case, answer. Its permit is given back when the answer is made.
    run(next, request).await
}

/// Asks for the call, and notes how the plan stood in the very step of the decision.
async fn admit(
    door: &Door,
    exchange: &mut Exchange,
    caller: &Caller,
    operation: &Operation,
) -> Result<Permit, Refusal> {
    match door.desk.admit(caller, operation).await {
        Ok(permit) => {
            exchange.note_limits(&pace_headers(permit.pace(), None));
            door.tally.admitted();
            Ok(permit)
        }
        Err(AdmissionError::Refused(refused)) => {
            exchange.note_limits(&pace_headers(&refused.pace, Some(&refused.refusal)));
            door.tally.throttled(caller.agency(), &refused.refusal);
            Err(refuse::throttle(&refused))
        }
        Err(AdmissionError::Overloaded(overloaded)) => Err(refuse::overload(overloaded)),
        Err(AdmissionError::Store(error)) => Err(refuse::store(error)),
    }
}

/// Runs the operation. One that panics is a defect, which costs this request its answer and no other.
pub(crate) async fn run(next: Next, request: Request) -> Result<Response, Refusal> {
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => take_refusal(response),
        // Its message may quote what a passenger wrote; the program's panic hook has logged the place.
        Err(_panic) => Err(Refusal::internal("the operation panicked")),
    }
}

/// The right to be served, as a handler takes it. Only the pipeline puts it there.
#[derive(Clone)]
pub(crate) struct Permitted(Arc<Permit>);

impl Permitted {
    /// Who was let in.
    pub(crate) fn caller(&self) -> &Caller {
        self.0.caller()
    }

    /// The proof, as the desk wants to see it.
    pub(crate) fn permit(&self) -> &Permit {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Permitted {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        parts
            .extensions
            .remove::<Self>()
            .ok_or_else(|| Refusal::internal("an operation that needs a key is not declared to need one"))
    }
}
