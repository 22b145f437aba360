//! What all steps of a booking's life share: find it, check `If-Match`, take the step, answer.

use axum::response::Response;
use http::HeaderMap;
use skybridge_desk::bookings::Step;

use super::Door;
use crate::pipeline::Permitted;
use crate::precondition::Expected;
use crate::problem::Refusal;
use crate::{answer, refuse};

/// Takes `step` on the caller's booking `booking_id`.
pub(super) async fn change(
    door: &Door,
    permitted: &Permitted,
    booking_id: &str,
    headers: &HeaderMap,
    step: Step,
) -> Result<Response, Refusal> {
    let id = refuse::unless_booking_id(booking_id)?;
    let expected = Expected::of(headers)?;
    let changed =
        door.desk.change_booking(permitted.permit(), id, step, |version| expected.accepts(version)).await;
    Ok(answer::booking(&changed.map_err(refuse::change)?))
}
