//! `GET /admin/v1/bookings`, `GET /admin/v1/bookings/{booking_id}`: all agencies' bookings, for the airline.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use skybridge_desk::bookings::ListBookings;
use skybridge_domain::key::Mode;

use super::Office;
use super::request::agency_name;
use crate::path::Segment;
use crate::problem::Refusal;
use crate::public::list_bookings::filter;
use crate::query::QueryMembers;
use crate::{answer, refuse};

/// One agency's bookings newest first, or all agencies' in order of their names.
pub(super) async fn list_bookings(
    State(office): State<Arc<Office>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let mut members = QueryMembers::read(query.as_deref())?;
    let agency = members.take("agency").map(|name| agency_name(&name)).transpose()?;
    let mode = members.parsed("mode", "live or test", Mode::parse)?.unwrap_or(Mode::Live);
    let list = ListBookings {
        filter: filter(&mut members)?,
        limit: members.limit(20, 100)?,
        cursor: members.take("cursor"),
    };
    members.finish()?;
    let page = match &agency {
        Some(agency) => office.desk.list_of(agency, mode, &list).await,
        None => office.desk.list_all(mode, &list).await,
    }
    .map_err(refuse::listing)?;
    Ok(answer::booking_list(&page.bookings, page.next_cursor.as_deref()))
}

pub(super) async fn show_booking(
    State(office): State<Arc<Office>>,
    Segment(booking_id): Segment,
) -> Result<Response, Refusal> {
    let id = refuse::unless_booking_id(&booking_id)?;
    let booking = office.desk.any_booking(id).await.map_err(refuse::store)?;
    Ok(answer::booking(&booking.ok_or_else(refuse::no_such_booking)?))
}
