//! `GET /v1/bookings/{booking_id}`: one booking as it stands.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};

use super::Door;
use crate::openapi::schemas::Booking;
use crate::path::Segment;
use crate::pipeline::Permitted;
use crate::problem::Refusal;
use crate::{answer, precondition, refuse};

/// Show a booking
///
/// With `If-None-Match: "<version>"` the answer is 304 without a body while the booking has that version.
/// A booking of another agency is answered like an id that does not exist.
#[utoipa::path(
    get,
    path = "/v1/bookings/{booking_id}",
    tag = "Bookings",
    security(("api_key" = ["bookings:read"])),
    params(
        ("booking_id" = String, Path, format = "uuid", description = "The booking's id"),
        ("If-None-Match" = Option<String>, Header, description = "The `ETag` of an earlier answer"),
    ),
    responses(
        (status = 200, description = "The booking", body = Booking,
         headers(("ETag" = String, description = "The booking's version"))),
        (status = 304, description = "The booking still has the version that `If-None-Match` names",
         headers(("ETag" = String, description = "The booking's version"))),
    ),
)]
pub(super) async fn get_booking(
    State(door): State<Arc<Door>>,
    permitted: Permitted,
    Segment(booking_id): Segment,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let id = refuse::unless_booking_id(&booking_id)?;
    let booking = door.desk.find_booking(permitted.permit(), id).await.map_err(refuse::store)?;
    let booking = booking.ok_or_else(refuse::no_such_booking)?;
    let mut answer = answer::booking(&booking);
    if precondition::none_match(&headers, booking.version()) {
        *answer.status_mut() = StatusCode::NOT_MODIFIED;
        *answer.body_mut() = axum::body::Body::empty();
        answer.headers_mut().remove(header::CONTENT_TYPE);
    }
    Ok(answer)
}
