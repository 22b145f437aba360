//! The shapes of bodies, as JSON Schema (2020-12). Every bound and pattern is the one that the domain's type
//! enforces, taken from its constant: the document cannot promise something else than the code keeps.

use serde_json::{Value, json};
use skybridge_domain::agency::AgencyName;
use skybridge_domain::booking::{
    AgencyReference, AirportCode, Amount, BookingClass, Cabin, CarrierCode, Currency, Date, Details, Email,
    FlightNumber, PassengerType, PersonName, PhoneNumber, Remarks, Status as BookingStatus, Title,
};
use utoipa::openapi::{Ref, RefOr, Schema};

use crate::problem::Code;

/// Declares the named schemas, each with the function that describes it: those that operations refer to, with a marker
/// type for each, and the parts that only other schemas refer to.
///
/// The descriptions are not handed to utoipa, which would ask for all of them again for each body of each operation;
/// they are put into the finished document once. A function on Lambda makes the document at every start.
macro_rules! schemas {
    (
        $($(#[$doc:meta])* $name:ident => $describe:path;)*
        $($part:literal => $describe_part:path;)*
    ) => {
        $(
            $(#[$doc])*
            pub(crate) struct $name;

            impl utoipa::PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    Ref::from_schema_name(stringify!($name)).into()
                }
            }

            impl utoipa::ToSchema for $name {}
        )*

        /// Every schema, by its name.
        pub(super) fn all() -> Value {
            json!({ $(stringify!($name): $describe(),)* $($part: $describe_part(),)* })
        }
    };
}

schemas! {
    /// A booking as an agency writes it.
    NewBooking => new_booking;
    /// A booking as it stands.
    Booking => booking;
    /// The lesson's answer.
    LessonBooking => lesson_booking;
    /// A page of bookings.
    BookingList => booking_list;
    /// Where a booking is in its life.
    Status => status;
    /// A booking's events.
    History => history;
    /// What is left of a plan.
    Usage => usage;
    /// A refusal.
    Problem => problem;
    /// Is it well?
    Health => health;

    "Segment" => segment;
    "Passenger" => passenger;
    "Contact" => contact;
    "Price" => price;
    "Event" => event;
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn pattern(pattern: &str, description: &str) -> Value {
    json!({ "type": "string", "pattern": pattern, "description": description })
}

fn moment(description: &str) -> Value {
    json!({ "type": "string", "format": "date-time", "description": description })
}

/// The members that an agency writes, in the order of the contract.
fn written_members() -> Value {
    json!({
        "agency_reference": {
            "type": "string", "minLength": 1, "maxLength": AgencyReference::CHARS_MAX,
            "pattern": AgencyReference::PATTERN, "description": "The agency's own name for the booking",
        },
        "segments": {
            "type": "array", "maxItems": Details::SEGMENTS_MAX, "items": reference("Segment"),
        },
        "passengers": {
            "type": "array", "maxItems": Details::PASSENGERS_MAX, "items": reference("Passenger"),
            "description": "At most as many INF as ADT",
        },
        "contact": reference("Contact"),
        "price": reference("Price"),
        "remarks": {
            "type": "string", "maxLength": Remarks::CHARS_MAX, "pattern": Remarks::PATTERN,
            "description": "Free text; no control characters but line feed, carriage return and tab",
        },
    })
}

fn new_booking() -> Value {
    let mut properties = json!({
        "agency": { "type": "string", "description": "May repeat the caller's own name" },
    });
    merge(&mut properties, written_members());
    json!({
        "type": "object", "additionalProperties": false, "properties": properties,
        "examples": [example()],
    })
}

fn booking() -> Value {
    let mut properties = json!({
        "booking_id": { "type": "string", "format": "uuid" },
        "status": reference("Status"),
        "agency": { "type": "string", "maxLength": AgencyName::CHARS_MAX, "pattern": AgencyName::PATTERN },
        "version": { "type": "integer", "minimum": 1, "description": "Counts the changes; also the ETag" },
        "created_at": moment("When it was made"),
        "updated_at": moment("When it last changed"),
        "available_actions": {
            "type": "array", "items": { "type": "string", "enum": ["confirm", "cancel"] },
            "description": "What can be done with it now",
        },
    });
    let required = [
        "booking_id",
        "status",
        "agency",
        "version",
        "created_at",
        "updated_at",
        "available_actions",
        "segments",
        "passengers",
    ];
    merge(&mut properties, written_members());
    json!({ "type": "object", "properties": properties, "required": required })
}

fn lesson_booking() -> Value {
    json!({
        "type": "object", "required": ["booking_id", "status"],
        "properties": { "booking_id": { "type": "string", "format": "uuid" }, "status": { "type": "string", "enum": ["CREATED"] } },
    })
}

fn booking_list() -> Value {
    json!({
        "type": "object", "required": ["bookings", "next_cursor"],
        "properties": {
            "bookings": { "type": "array", "items": reference("Booking") },
            "next_cursor": { "type": ["string", "null"], "description": "Give it as `cursor`; null on the last page" },
        },
    })
}

fn status() -> Value {
    json!({ "type": "string", "enum": BookingStatus::ALL.map(BookingStatus::as_str) })
}

fn segment() -> Value {
    json!({
        "type": "object", "additionalProperties": false,
        "required": ["carrier", "flight_number", "origin", "destination", "departure_date"],
        "properties": {
            "carrier": pattern(CarrierCode::PATTERN, "IATA airline designator"),
            "flight_number": pattern(FlightNumber::PATTERN, "Flight number, with its operational suffix if any"),
            "origin": pattern(AirportCode::PATTERN, "IATA location identifier"),
            "destination": pattern(AirportCode::PATTERN, "IATA location identifier, another than the origin"),
            "departure_date": { "type": "string", "format": "date", "pattern": Date::PATTERN, "description": "Local date at the origin" },
            "cabin": { "type": "string", "enum": Cabin::ALL.map(|cabin| cabin.as_str()) },
            "booking_class": pattern(BookingClass::PATTERN, "Reservation booking designator"),
        },
    })
}

fn passenger() -> Value {
    json!({
        "type": "object", "additionalProperties": false, "required": ["type", "family_name"],
        "properties": {
            "type": {
                "type": "string", "enum": PassengerType::ALL.map(|kind| kind.as_str()),
                "description": "IATA passenger type: adult, child, infant without a seat, infant with a seat",
            },
            "title": { "type": "string", "maxLength": Title::CHARS_MAX, "pattern": Title::PATTERN },
            "given_name": { "type": "string", "maxLength": PersonName::CHARS_MAX, "pattern": PersonName::PATTERN },
            "family_name": { "type": "string", "maxLength": PersonName::CHARS_MAX, "pattern": PersonName::PATTERN },
            "date_of_birth": { "type": "string", "format": "date", "pattern": Date::PATTERN },
        },
    })
}

fn contact() -> Value {
    json!({
        "type": "object", "additionalProperties": false, "minProperties": 1,
        "properties": {
            "email": { "type": "string", "format": "email", "maxLength": Email::BYTES_MAX },
            "phone": pattern(PhoneNumber::PATTERN, "E.164"),
        },
    })
}

fn price() -> Value {
    json!({
        "type": "object", "additionalProperties": false, "required": ["amount", "currency"],
        "properties": {
            "amount": pattern(Amount::PATTERN, "A decimal with as many places as the currency has"),
            "currency": pattern(Currency::PATTERN, "ISO 4217"),
        },
    })
}

fn history() -> Value {
    json!({
        "type": "object", "required": ["events"],
        "properties": { "events": { "type": "array", "items": reference("Event") } },
    })
}

fn event() -> Value {
    let hash = |description: &str| pattern("^[0-9a-f]{64}$", description);
    json!({
        "type": "object",
        "required": ["event_id", "booking_id", "sequence", "type", "occurred_at", "actor", "data", "previous_hash", "hash"],
        "properties": {
            "event_id": { "type": "string", "description": "The booking's id, a full stop, the sequence" },
            "booking_id": { "type": "string", "format": "uuid" },
            "sequence": { "type": "integer", "minimum": 1 },
            "type": { "type": "string", "enum": ["booking.created", "booking.confirmed", "booking.cancelled"] },
            "occurred_at": moment("When it happened"),
            "actor": { "type": "string", "description": "Who did it: `key:` and a key's id" },
            "data": { "type": "object" },
            "previous_hash": hash("The hash of the event before; zeros for the first"),
            "hash": hash("SHA-256 over everything else in the event"),
        },
    })
}

fn usage() -> Value {
    json!({
        "type": "object", "required": ["agency", "plan", "policies", "in_flight", "routes"],
        "properties": {
            "agency": { "type": "string" },
            "plan": { "type": "string" },
            "policies": { "type": "array", "items": policy(&json!({
                "type": "string", "enum": ["burst", "day", "week", "month"],
            })) },
            "in_flight": {
                "type": "object", "required": ["limit", "current"],
                "properties": {
                    "limit": { "type": ["integer", "null"], "description": "null: no limit" },
                    "current": { "type": "integer", "minimum": 0 },
                },
            },
            "routes": {
                "type": "array", "description": "Routes that the plan has rules for; a call of any other counts as 1",
                "items": {
                    "type": "object", "required": ["route", "cost", "policy"],
                    "properties": {
                        "route": { "type": "string", "examples": ["POST /v1/bookings"] },
                        "cost": {
                            "type": "integer", "minimum": 1,
                            "description": "How many calls one counts as, against all limits but that in flight",
                        },
                        "policy": { "anyOf": [policy(&json!({ "type": "string" })), { "type": "null" }] },
                    },
                },
            },
        },
    })
}

fn policy(name: &Value) -> Value {
    json!({
        "type": "object",
        "required": ["name", "limit", "used", "remaining", "window_seconds", "resets_at"],
        "properties": {
            "name": name,
            "limit": { "type": "integer", "minimum": 0 },
            "used": { "type": "integer", "minimum": 0 },
            "remaining": { "type": "integer", "minimum": 0 },
            "window_seconds": { "type": "integer", "minimum": 1 },
            "resets_at": moment("When it is whole again"),
        },
    })
}

fn problem() -> Value {
    let codes: Vec<_> =
        Code::ALL.iter().filter(|code| !code.of_admin_api()).map(|code| code.as_str()).collect();
    json!({
        "type": "object", "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "description": "A page about the code, served here" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string", "description": "Why in this case, and what to do" },
            "code": { "type": "string", "enum": codes },
            "request_id": { "type": "string" },
            "errors": { "type": "array", "items": {
                "type": "object", "required": ["pointer", "detail"],
                "properties": {
                    "pointer": { "type": "string", "format": "json-pointer" },
                    "detail": { "type": "string" },
                },
            } },
        },
    })
}

fn health() -> Value {
    json!({ "type": "object", "required": ["status"], "properties": { "status": { "type": "string", "enum": ["ok", "ready"] } } })
}

/// A booking that can be sent as it is.
fn example() -> Value {
    json!({
        "agency_reference": "PO-12345",
        "segments": [{
            "carrier": "SB", "flight_number": "951", "origin": "CMH", "destination": "JFK",
            "departure_date": "2027-03-14", "cabin": "ECONOMY", "booking_class": "Y",
        }],
        "passengers": [{
            "type": "ADT", "title": "MS", "given_name": "Ana", "family_name": "O'Neill", "date_of_birth": "1990-05-01",
        }],
        "contact": { "email": "ops@partner.example", "phone": "+16145550100" },
        "price": { "amount": "199.00", "currency": "USD" },
        "remarks": "wheelchair at gate",
    })
}

fn merge(into: &mut Value, more: Value) {
    let (Value::Object(into), Value::Object(more)) = (into, more) else {
        unreachable!("members are merged into members")
    };
    into.extend(more);
}
