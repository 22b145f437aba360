//! `GET /v1/bookings/{booking_id}/history`: what happened to a booking, provably.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use skybridge_domain::event::WireEvent;

use super::Door;
use crate::openapi::schemas::History;
use crate::path::Segment;
use crate::pipeline::Permitted;
use crate::problem::Refusal;
use crate::{answer, refuse};

/// Show a booking's history
///
/// The booking's events, oldest first. Each carries the hash of the one before, so that a changed, missing or
/// inserted event shows; `docs/api-design.md` says how the hash is made.
#[utoipa::path(
    get,
    path = "/v1/bookings/{booking_id}/history",
    tag = "Bookings",
    security(("api_key" = ["bookings:read"])),
    params(("booking_id" = String, Path, format = "uuid", description = "The booking's id")),
    responses((status = 200, description = "The events, oldest first", body = History)),
)]
pub(super) async fn booking_history(
    State(door): State<Arc<Door>>,
    permitted: Permitted,
    Segment(booking_id): Segment,
) -> Result<Response, Refusal> {
    let id = refuse::unless_booking_id(&booking_id)?;
    let booking = door.desk.find_booking(permitted.permit(), id).await.map_err(refuse::store)?;
    let booking = booking.ok_or_else(refuse::no_such_booking)?;
    let events = booking.events().iter().map(|event| event.on_wire(booking.id())).collect();
    Ok(answer::document(StatusCode::OK, &HistoryDocument { events }))
}

#[derive(Serialize)]
struct HistoryDocument<'a> {
    events: Vec<WireEvent<'a>>,
}
