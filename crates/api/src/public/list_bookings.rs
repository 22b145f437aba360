//! `GET /v1/bookings`: the agency's own bookings, newest first.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use skybridge_desk::bookings::{BookingFilter, ListBookings};
use skybridge_domain::booking::{AgencyReference, Status};

use super::Door;
use crate::openapi::schemas::BookingList;
use crate::pipeline::Permitted;
use crate::problem::Refusal;
use crate::query::QueryMembers;
use crate::{answer, refuse, screening};

/// List bookings
///
/// The agency's own bookings, newest first. Follow `next_cursor` until it is `null`. With a filter a page may
/// hold fewer bookings than `limit`, even none, and still have a `next_cursor`: a page looks at a bounded
/// number of bookings.
#[utoipa::path(
    get,
    path = "/v1/bookings",
    tag = "Bookings",
    security(("api_key" = ["bookings:read"])),
    params(
        ("status" = Option<crate::openapi::schemas::Status>, Query, description = "Only bookings that have this status now"),
        ("agency_reference" = Option<String>, Query, min_length = 1, max_length = 64,
         description = "Only bookings with just this reference"),
        ("created_from" = Option<String>, Query, format = DateTime, description = "Only bookings made at this moment or later (RFC 3339)"),
        ("created_to" = Option<String>, Query, format = DateTime, description = "Only bookings made before this moment (RFC 3339)"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "How many bookings a page may hold; 20 if not given"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "A page of bookings", body = BookingList)),
)]
pub(super) async fn list_bookings(
    State(door): State<Arc<Door>>,
    permitted: Permitted,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let mut members = QueryMembers::read(query.as_deref())?;
    let list = ListBookings {
        filter: filter(&mut members)?,
        limit: members.limit(20, 100)?,
        cursor: members.take("cursor"),
    };
    members.finish()?;
    let (reference, cursor) = (list.filter.agency_reference.as_deref(), list.cursor.as_deref());
    let found = door.screening.look_at_query(reference, cursor, permitted.caller(), door.desk.now())?;
    let page = door.desk.list_bookings(permitted.permit(), &list).await.map_err(refuse::listing)?;
    let mut answer = answer::booking_list(&page.bookings, page.next_cursor.as_deref());
    screening::attach(&mut answer, found);
    Ok(answer)
}

/// The members that choose among bookings, here and in the admin API.
pub(crate) fn filter(members: &mut QueryMembers) -> Result<BookingFilter, Refusal> {
    Ok(BookingFilter {
        status: members.parsed("status", "one of CREATED, CONFIRMED, CANCELLED", Status::parse)?,
        agency_reference: members.parsed(
            "agency_reference",
            "a reference of 1 to 64 characters, as a booking may have one",
            |text| AgencyReference::new(text).is_ok().then(|| text.to_owned()),
        )?,
        created_from: members.timestamp("created_from")?,
        created_to: members.timestamp("created_to")?,
    })
}
