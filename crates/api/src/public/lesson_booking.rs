//! `POST /booking`: the lesson's own contract.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use skybridge_domain::booking::CreateOperation;

use super::Door;
use super::create_booking::create;
use crate::openapi::schemas::{LessonBooking, NewBooking, Problem};
use crate::pipeline::Permitted;
use crate::problem::Refusal;
use crate::{body, idempotency_key};

/// Create a booking, the short way
///
/// Takes `{"agency":"PartnerCo"}` or any booking. The body is read as JSON whatever its Content-Type says
/// (`curl -d` declares a form), and an empty body is `{}`. With an `Idempotency-Key` it is as exact as
/// `POST /v1/bookings`; without one, each call makes a booking.
#[utoipa::path(
    post,
    path = "/booking",
    tag = "Bookings",
    security(("api_key" = ["bookings:write"])),
    params(
        ("Idempotency-Key" = Option<String>, Header, max_length = 255, min_length = 1,
         description = "Your own name for this request, if it shall be safe to repeat"),
    ),
    request_body(content = NewBooking, content_type = "application/json"),
    responses(
        (status = 201, description = "The booking's id and status", body = LessonBooking, headers(
            ("Location" = String, description = "The booking's address"),
            ("ETag" = String, description = "The booking's version, for `If-Match` and `If-None-Match`"),
            ("Idempotent-Replayed" = Option<String>, description = "`true` if this is the original answer, again"),
        )),
        (status = 415, description = "unsupported-media-type", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "body-too-large", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "invalid-booking, unknown-field, duplicate-member, card-data, idempotency-key-reused",
         body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn lesson_booking(
    State(door): State<Arc<Door>>,
    permitted: Permitted,
    request: Request,
) -> Result<Response, Refusal> {
    let key = idempotency_key::of(request.headers())?;
    body::require_plain(request.headers())?;
    let body = body::read(request, door.body_deadline).await?;
    let body = if body.is_empty() { &b"{}"[..] } else { &body[..] };
    create(&door, &permitted, CreateOperation::Lesson, key, body).await
}
