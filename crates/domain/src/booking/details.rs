//! What an agency writes into a booking, and the rules across its fields.

use super::contact::Contact;
use super::date::Date;
use super::document::Document;
use super::member::{Members, items, text};
use super::note::{AgencyReference, Remarks};
use super::passenger::{Passenger, PassengerRead, PassengerType};
use super::price::Price;
use super::segment::{Segment, SegmentRead};
use crate::fault::{Faults, Path};
use crate::json::Json;

/// The part of a booking that the agency writes. Every field is optional; a booking of nothing is a booking too
/// (the lesson's first one is).
///
/// Comes only from a request that was read whole, so it cannot hold a wrong value: there are never more infants
/// on laps than adults, no segment ends where it began, and nobody was born after the first departure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    agency_reference: Option<AgencyReference>,
    segments: Vec<Segment>,
    passengers: Vec<Passenger>,
    contact: Option<Contact>,
    price: Option<Price>,
    remarks: Option<Remarks>,
}

impl Details {
    /// The most segments of a booking.
    pub const SEGMENTS_MAX: usize = 16;
    /// The most passengers of a booking.
    pub const PASSENGERS_MAX: usize = 9;

    /// Takes the details out of a request's members; `None` after noting a fault.
    pub(super) fn read(members: &mut Members<'_, '_>, faults: &mut Faults) -> Option<Self> {
        let root = Path::Root;
        let mut whole = true;
        let mut details = Self::default();
        if let Some(json) = members.take("agency_reference") {
            details.agency_reference = text(json, &root.member("agency_reference"), faults);
            whole &= details.agency_reference.is_some();
        }
        let segments = members.take("segments").map_or(Some(vec![]), |json| read_segments(json, faults));
        let passengers =
            members.take("passengers").map_or(Some(vec![]), |json| read_passengers(json, faults));
        if let Some(json) = members.take("contact") {
            details.contact = Contact::read(json, &root.member("contact"), faults);
            whole &= details.contact.is_some();
        }
        if let Some(json) = members.take("price") {
            details.price = Price::read(json, &root.member("price"), faults);
            whole &= details.price.is_some();
        }
        if let Some(json) = members.take("remarks") {
            details.remarks = text(json, &root.member("remarks"), faults);
            whole &= details.remarks.is_some();
        }
        let (segments, passengers) = (segments?, passengers?);
        no_more_infants_than_adults(&passengers, faults);
        nobody_unborn(&segments, &passengers, faults);
        details.segments = segments.into_iter().map(|read| read.segment).collect::<Option<_>>()?;
        details.passengers = passengers.into_iter().map(|read| read.passenger).collect::<Option<_>>()?;
        whole.then_some(details)
    }

    /// The canonical text.
    #[must_use]
    pub fn document(&self) -> Document {
        Document::of(self)
    }

    /// The agency's own name for the booking.
    #[must_use]
    pub fn agency_reference(&self) -> Option<&AgencyReference> {
        self.agency_reference.as_ref()
    }

    /// The flights, at most [`Self::SEGMENTS_MAX`].
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Who travels, at most [`Self::PASSENGERS_MAX`].
    #[must_use]
    pub fn passengers(&self) -> &[Passenger] {
        &self.passengers
    }

    /// How the agency is reached about it.
    #[must_use]
    pub fn contact(&self) -> Option<&Contact> {
        self.contact.as_ref()
    }

    /// What it costs.
    #[must_use]
    pub fn price(&self) -> Option<&Price> {
        self.price.as_ref()
    }

    /// What else the airline should know.
    #[must_use]
    pub fn remarks(&self) -> Option<&Remarks> {
        self.remarks.as_ref()
    }
}

fn read_segments(json: &Json<'_>, faults: &mut Faults) -> Option<Vec<SegmentRead>> {
    let at = Path::Root.member("segments");
    let listed = items(json, Details::SEGMENTS_MAX, &at, faults)?;
    Some(
        listed.iter().enumerate().map(|(index, json)| Segment::read(json, &at.item(index), faults)).collect(),
    )
}

fn read_passengers(json: &Json<'_>, faults: &mut Faults) -> Option<Vec<PassengerRead>> {
    let at = Path::Root.member("passengers");
    let listed = items(json, Details::PASSENGERS_MAX, &at, faults)?;
    Some(
        listed
            .iter()
            .enumerate()
            .map(|(index, json)| Passenger::read(json, &at.item(index), faults))
            .collect(),
    )
}

/// Each infant without a seat needs an adult's lap. Judged only when the type of every passenger is known.
fn no_more_infants_than_adults(passengers: &[PassengerRead], faults: &mut Faults) {
    if passengers.iter().any(|passenger| passenger.kind.is_none()) {
        return;
    }
    let count = |kind| passengers.iter().filter(|passenger| passenger.kind == Some(kind)).count();
    let (infants, adults) = (count(PassengerType::InfantOnLap), count(PassengerType::Adult));
    if infants > adults {
        let detail =
            format!("must not have more infants without a seat (INF: {infants}) than adults (ADT: {adults})");
        faults.invalid(&Path::Root.member("passengers"), detail);
    }
}

/// Nobody travels before they are born. The first departure is the earliest of those that could be read.
fn nobody_unborn(segments: &[SegmentRead], passengers: &[PassengerRead], faults: &mut Faults) {
    let Some(first_departure) = segments.iter().filter_map(|segment| segment.departure_date).min() else {
        return;
    };
    let unborn = |born: Date| born > first_departure;
    for (index, passenger) in passengers.iter().enumerate() {
        if passenger.date_of_birth.is_some_and(unborn) {
            let at = Path::Root.member("passengers");
            let at = at.item(index);
            faults.invalid(&at.member("date_of_birth"), "must not be after the first departure");
        }
    }
}
