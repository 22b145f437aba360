//! `POST /v1/bookings`: makes a booking, exactly once per `Idempotency-Key`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use skybridge_desk::bookings::{Creation, CreationRequest};
use skybridge_domain::booking::{BookingRequest, CreateOperation};
use skybridge_domain::idempotency::IdempotencyKey;

use super::Door;
use crate::openapi::schemas::{Booking, NewBooking, Problem};
use crate::pipeline::Permitted;
use crate::problem::{Code, Refusal};
use crate::{answer, body, idempotency_key, refuse, screening};

/// Create a booking
///
/// Makes a booking in status CREATED. The `Idempotency-Key` names it for life: the same request under the same
/// key gets the original answer, byte for byte, with `Idempotent-Replayed: true`; another request under that
/// key is refused. A request that was refused binds nothing, so the key may be used again.
#[utoipa::path(
    post,
    path = "/v1/bookings",
    tag = "Bookings",
    security(("api_key" = ["bookings:write"])),
    params(
        ("Idempotency-Key" = String, Header, max_length = 255, min_length = 1,
         description = "Your own name for this request: 1 to 255 printable ASCII characters, best a fresh UUID; \
                        as a structured-field string (`\"…\"`) or bare.", example = "8e03978e-40d5-43dd-bc93-6894a57f9324"),
    ),
    request_body(content = NewBooking, content_type = "application/json"),
    responses(
        (status = 201, description = "The booking, as it was created", body = Booking, headers(
            ("Location" = String, description = "The booking's address"),
            ("ETag" = String, description = "The booking's version, for `If-Match` and `If-None-Match`"),
            ("Idempotent-Replayed" = Option<String>, description = "`true` if this is the original answer, again"),
        )),
        (status = 413, description = "body-too-large", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "unsupported-media-type", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid-booking, unknown-field, duplicate-member, card-data, idempotency-key-reused",
         body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn create_booking(
    State(door): State<Arc<Door>>,
    permitted: Permitted,
    request: Request,
) -> Result<Response, Refusal> {
    let key = idempotency_key::of(request.headers())?.ok_or_else(|| {
        Refusal::new(
            Code::IdempotencyKeyMissing,
            "Send the header Idempotency-Key, best a fresh UUID for each booking, and the same one when you retry.",
        )
    })?;
    body::require_json(request.headers())?;
    let body = body::read(request, door.body_deadline).await?;
    create(&door, &permitted, CreateOperation::Create, Some(key), &body).await
}

/// What both ways of creating share: read the body, check whose it is, make the booking, answer.
pub(super) async fn create(
    door: &Door,
    permitted: &Permitted,
    operation: CreateOperation,
    key: Option<IdempotencyKey>,
    body: &[u8],
) -> Result<Response, Refusal> {
    let request = BookingRequest::read(body).map_err(refuse::booking_request)?;
    refuse::other_agency(request.agency.as_deref(), permitted.caller().agency())?;
    let creation = CreationRequest { operation, idempotency_key: key, document: request.details.document() };
    let (caller, now) = (permitted.caller(), door.desk.now());
    let looked =
        door.screening.look_at_booking(&request.details, creation.idempotency_key.as_ref(), caller, now);
    let found = match looked {
        Ok(found) => found,
        Err(refusal) => return replay_or(refusal, door, permitted, &creation).await,
    };
    let creation = door.desk.create_booking(permitted.permit(), creation).await.map_err(refuse::creation)?;
    let mut answer = match creation {
        Creation::Created(booking) => answer::created(&booking, false),
        Creation::Replayed(booking) => answer::created(&booking, true),
    }?;
    screening::attach(&mut answer, found);
    Ok(answer)
}

/// The original answer, if this very request was taken before there was a reason to refuse it; otherwise the refusal.
async fn replay_or(
    refusal: Refusal,
    door: &Door,
    permitted: &Permitted,
    creation: &CreationRequest,
) -> Result<Response, Refusal> {
    match door.desk.booking_made_by(permitted.permit(), creation).await.map_err(refuse::store)? {
        Some(booking) => answer::created(&booking, true),
        None => Err(refusal),
    }
}
