//! `POST /v1/bookings/{booking_id}/confirm`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use skybridge_desk::bookings::Step;

use super::Door;
use super::change_booking::change;
use crate::openapi::schemas::{Booking, Problem};
use crate::path::Segment;
use crate::pipeline::Permitted;
use crate::problem::Refusal;

/// Confirm a booking
///
/// Repeating it is safe: a booking that is confirmed already is answered as it is. With `If-Match: "<version>"`
/// nothing happens unless the booking still has that version.
#[utoipa::path(
    post,
    path = "/v1/bookings/{booking_id}/confirm",
    tag = "Bookings",
    security(("api_key" = ["bookings:write"])),
    params(
        ("booking_id" = String, Path, format = "uuid", description = "The booking's id"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` that the booking must still have"),
    ),
    responses(
        (status = 200, description = "The booking, now CONFIRMED", body = Booking,
         headers(("ETag" = String, description = "The booking's version"))),
        (status = 409, description = "invalid-transition", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "version-mismatch", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(super) async fn confirm_booking(
    State(door): State<Arc<Door>>,
    permitted: Permitted,
    Segment(booking_id): Segment,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    change(&door, &permitted, &booking_id, &headers, Step::Confirm).await
}
