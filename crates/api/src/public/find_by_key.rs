//! `GET /v1/idempotency/{key}`: did it happen?

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use skybridge_domain::idempotency::IdempotencyKey;

use super::Door;
use crate::openapi::schemas::Booking;
use crate::path::Segment;
use crate::pipeline::Permitted;
use crate::problem::{Code, Refusal};
use crate::{answer, refuse};

/// Show the booking that a key made
///
/// For a caller whose connection was lost before the answer came: 200 with the booking as it stands if the
/// request under this `Idempotency-Key` made one, 404 if it did not.
#[utoipa::path(
    get,
    path = "/v1/idempotency/{key}",
    tag = "Bookings",
    security(("api_key" = ["bookings:read"])),
    params(("key" = String, Path, max_length = 255, min_length = 1,
            description = "The `Idempotency-Key` without quotes, percent-encoded")),
    responses((status = 200, description = "The booking that the key made, as it stands", body = Booking,
               headers(("ETag" = String, description = "The booking's version")))),
)]
pub(super) async fn find_by_key(
    State(door): State<Arc<Door>>,
    permitted: Permitted,
    Segment(key): Segment,
) -> Result<Response, Refusal> {
    let key = IdempotencyKey::new(key)
        .map_err(|error| Refusal::new(Code::IdempotencyKeyInvalid, error.to_string()))?;
    let found = door.desk.find_by_key(permitted.permit(), &key).await.map_err(refuse::store)?;
    let booking = found.ok_or_else(|| Refusal::new(Code::NotFound, "No booking was made under this key."))?;
    Ok(answer::booking(&booking))
}
