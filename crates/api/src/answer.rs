//! How a booking looks on the wire.
//!
//! The members that the agency wrote are kept as the canonical text they were stored in, so an answer is that
//! text behind the members that the server owns: nothing is parsed or formatted a second time.
//!
//! **The rendering of a creation is a format with a number** ([`Origin::ANSWER_FORMAT`], stored with each
//! booking): a replay years later, by a later program, gives the original answer byte for byte. To change the
//! rendering, add a number and keep the old one.

use std::io::Write;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http::header::{self, HeaderName, HeaderValue};
use serde::Serialize;
use skybridge_domain::booking::{Booking, BookingView, CreateOperation, Origin};

use crate::problem::Refusal;

/// Says that the answer was given before, to the same request.
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The answer to a creation: 201 with the booking as it was created.
pub(crate) fn created(booking: &Booking, replayed: bool) -> Result<Response, Refusal> {
    let origin = booking.origin();
    if origin.answer_format != Origin::ANSWER_FORMAT {
        return Err(Refusal::internal(format!("creation format {} is not known", origin.answer_format)));
    }
    let as_created = booking.as_created();
    let body = match origin.operation {
        CreateOperation::Lesson => lesson_body(&as_created),
        CreateOperation::Create => body(&as_created),
    };
    let mut answer = json(StatusCode::CREATED, body);
    let headers = answer.headers_mut();
    let location = format!("/v1/bookings/{}", booking.id());
    headers.insert(header::LOCATION, HeaderValue::try_from(location).expect("an id is a header value"));
    headers.insert(header::ETAG, etag(as_created.version));
    if replayed {
        headers.insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(answer)
}

/// The booking as it stands: 200 with its version as the entity tag.
pub(crate) fn booking(booking: &Booking) -> Response {
    let mut answer = json(StatusCode::OK, body(&booking.view()));
    answer.headers_mut().insert(header::ETAG, etag(booking.version()));
    answer
}

/// Bookings in a row, and where the list goes on.
pub(crate) fn booking_list(bookings: &[Booking], next_cursor: Option<&str>) -> Response {
    let mut text = Vec::with_capacity(64 + bookings.len() * 1024);
    text.extend_from_slice(b"{\"bookings\":[");
    for (place, booking) in bookings.iter().enumerate() {
        if place > 0 {
            text.push(b',');
        }
        write_booking(&mut text, &booking.view());
    }
    text.extend_from_slice(b"],\"next_cursor\":");
    serde_json::to_writer(&mut text, &next_cursor).expect("text is JSON");
    text.push(b'}');
    json(StatusCode::OK, text)
}

/// Any other answer: `value` as JSON.
pub(crate) fn document(status: StatusCode, value: &impl Serialize) -> Response {
    json(status, serde_json::to_vec(value).expect("our documents are JSON"))
}

/// The entity tag of a version: the number, quoted.
pub(crate) fn etag(version: u64) -> HeaderValue {
    HeaderValue::try_from(format!("\"{version}\"")).expect("a quoted number is a header value")
}

fn json(status: StatusCode, body: impl Into<Bytes>) -> Response {
    let mut answer = Response::new(Body::from(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// The lesson's own answer: two members.
fn lesson_body(booking: &BookingView<'_>) -> Vec<u8> {
    format!("{{\"booking_id\":\"{}\",\"status\":\"{}\"}}", booking.booking_id, booking.status).into_bytes()
}

fn body(booking: &BookingView<'_>) -> Vec<u8> {
    let mut text = Vec::with_capacity(320 + booking.document.members().len());
    write_booking(&mut text, booking);
    text
}

/// Format 1: the server's members in the order of the contract, then the agency's.
fn write_booking(text: &mut Vec<u8>, booking: &BookingView<'_>) {
    // An agency's name holds no character that JSON escapes, so nothing here needs more than its Display.
    write!(
        text,
        "{{\"booking_id\":\"{}\",\"status\":\"{}\",\"agency\":\"{}\",\"version\":{},\"created_at\":\"{}\",\
         \"updated_at\":\"{}\",\"available_actions\":[",
        booking.booking_id,
        booking.status,
        booking.agency,
        booking.version,
        booking.created_at,
        booking.updated_at,
    )
    .expect("writing to memory does not fail");
    for (place, action) in booking.available_actions.iter().enumerate() {
        let comma = if place > 0 { "," } else { "" };
        write!(text, "{comma}\"{}\"", action.as_str()).expect("writing to memory does not fail");
    }
    text.extend_from_slice(b"],");
    text.extend_from_slice(booking.document.members().as_bytes());
    text.push(b'}');
}
