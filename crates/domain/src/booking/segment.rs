//! A segment: one flight of a booking.

use super::date::Date;
use super::flight::{AirportCode, BookingClass, Cabin, CarrierCode, FlightNumber};
use super::member::{Members, Shape};
use crate::fault::{Faults, Path};
use crate::json::Json;

/// One flight of a booking, on one day, between two different airports.
///
/// Carrier, number, airports and day are required, since a flight is nothing without one of them; cabin and
/// booking class are optional, because an agency may leave them to the airline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    carrier: CarrierCode,
    flight_number: FlightNumber,
    origin: AirportCode,
    destination: AirportCode,
    departure_date: Date,
    cabin: Option<Cabin>,
    booking_class: Option<BookingClass>,
}

/// What was read of a segment: the rules across fields need its day even when the rest of it is wrong.
pub(super) struct SegmentRead {
    pub(super) departure_date: Option<Date>,
    pub(super) segment: Option<Segment>,
}

impl Segment {
    const SHAPE: Shape = Shape::of(
        "a segment",
        &["carrier", "flight_number", "origin", "destination", "departure_date", "cabin", "booking_class"],
    );

    pub(super) fn read(json: &Json<'_>, at: &Path<'_>, faults: &mut Faults) -> SegmentRead {
        let Some(mut members) = Members::of(json, at, faults) else {
            return SegmentRead { departure_date: None, segment: None };
        };
        let carrier = members.required("carrier", faults);
        let flight_number = members.required("flight_number", faults);
        let origin = members.required("origin", faults);
        let destination = members.required("destination", faults);
        let departure_date = members.required("departure_date", faults);
        let cabin = members.optional("cabin", faults);
        let booking_class = members.optional("booking_class", faults);
        members.finish(&Self::SHAPE, faults);
        let destination = destination.filter(|_| {
            let same = origin.is_some() && origin == destination;
            if same {
                faults.invalid(&at.member("destination"), "must be another airport than the origin");
            }
            !same
        });
        let whole = || {
            Some(Self {
                carrier: carrier?,
                flight_number: flight_number?,
                origin: origin?,
                destination: destination?,
                departure_date: departure_date?,
                cabin: cabin?,
                booking_class: booking_class?,
            })
        };
        SegmentRead { departure_date, segment: whole() }
    }

    /// The airline.
    #[must_use]
    pub fn carrier(&self) -> CarrierCode {
        self.carrier
    }

    /// The flight's number.
    #[must_use]
    pub fn flight_number(&self) -> &FlightNumber {
        &self.flight_number
    }

    /// Where it departs.
    #[must_use]
    pub fn origin(&self) -> AirportCode {
        self.origin
    }

    /// Where it arrives; never the origin.
    #[must_use]
    pub fn destination(&self) -> AirportCode {
        self.destination
    }

    /// The local day on which it departs.
    #[must_use]
    pub fn departure_date(&self) -> Date {
        self.departure_date
    }

    /// The cabin, if one was asked for.
    #[must_use]
    pub fn cabin(&self) -> Option<Cabin> {
        self.cabin
    }

    /// The booking class, if one was asked for.
    #[must_use]
    pub fn booking_class(&self) -> Option<BookingClass> {
        self.booking_class
    }
}
