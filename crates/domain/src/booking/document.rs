//! The canonical text of a booking's details: what is stored, compared and sent.

use sha2::{Digest, Sha256};

use super::contact::Contact;
use super::details::Details;
use super::passenger::Passenger;
use super::price::Price;
use super::request::{BookingRequest, RequestRefusal};
use super::segment::Segment;
use super::value::ascii_code;

/// The details of a booking as JSON: compact, members in the order of the contract, optional members absent when
/// they were not given, `segments` and `passengers` always there, nothing escaped that need not be.
///
/// Equal details have equal documents, byte for byte, however a request spelt them. That is what a retry is
/// recognised by ([`fingerprint`](Self::fingerprint)) and why a stored booking can be sent without being parsed
/// ([`members`](Self::members)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document(String);

impl Document {
    /// The document of `details`.
    #[must_use]
    pub(super) fn of(details: &Details) -> Self {
        let mut text = String::with_capacity(1024);
        write_details(details, &mut text);
        Self(text)
    }

    /// Takes a text that a store kept.
    ///
    /// # Errors
    /// When it is not an object that begins as documents do. Whether it is what was stored, byte for byte, is for
    /// [`Booking::verify_history`](super::Booking::verify_history) to see.
    pub fn from_stored(text: String) -> Result<Self, NotADocument> {
        let begins = text.starts_with(r#"{"agency_reference":""#) || text.starts_with(r#"{"segments":["#);
        if begins && text.ends_with('}') { Ok(Self(text)) } else { Err(NotADocument) }
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole text, by value.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// The members without the braces around them, never empty: to be put into a larger object.
    #[must_use]
    pub fn members(&self) -> &str {
        &self.0[1..self.0.len() - 1]
    }

    /// The agency's reference, found without parsing the document: it is its first member, and needs no escapes.
    #[must_use]
    pub fn agency_reference(&self) -> Option<&str> {
        let rest = self.0.strip_prefix(r#"{"agency_reference":""#)?;
        rest.split_once('"').map(|(reference, _)| reference)
    }

    /// SHA-256 of the text. Two requests to the same operation are the same request if their fingerprints are
    /// equal: formatting, order of members and spelling of escapes make no difference.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// Reads the details again.
    ///
    /// # Errors
    /// When the text was damaged, or written by a program with other rules.
    pub fn details(&self) -> Result<Details, RequestRefusal> {
        BookingRequest::read(self.0.as_bytes()).map(|request| request.details)
    }
}

/// A stored text is not the document of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored text is not the document of a booking")]
pub struct NotADocument;

fn write_details(details: &Details, out: &mut String) {
    out.push('{');
    if let Some(reference) = details.agency_reference() {
        write_member("agency_reference", reference.as_str(), out);
        out.push(',');
    }
    out.push_str(r#""segments":["#);
    write_list(details.segments(), out, write_segment);
    out.push_str(r#"],"passengers":["#);
    write_list(details.passengers(), out, write_passenger);
    out.push(']');
    if let Some(contact) = details.contact() {
        write_contact(contact, out);
    }
    if let Some(price) = details.price() {
        write_price(price, out);
    }
    if let Some(remarks) = details.remarks() {
        write_next("remarks", remarks.as_str(), out);
    }
    out.push('}');
}

fn write_list<T>(items: &[T], out: &mut String, write: fn(&T, &mut String)) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(item, out);
    }
}

fn write_segment(segment: &Segment, out: &mut String) {
    out.push('{');
    write_member("carrier", segment.carrier().as_str(), out);
    write_next("flight_number", segment.flight_number().as_str(), out);
    write_next("origin", segment.origin().as_str(), out);
    write_next("destination", segment.destination().as_str(), out);
    write_next("departure_date", ascii_code(&segment.departure_date().to_text()), out);
    if let Some(cabin) = segment.cabin() {
        write_next("cabin", cabin.as_str(), out);
    }
    if let Some(class) = segment.booking_class() {
        write_next("booking_class", class.as_str(), out);
    }
    out.push('}');
}

fn write_passenger(passenger: &Passenger, out: &mut String) {
    out.push('{');
    write_member("type", passenger.kind().as_str(), out);
    if let Some(title) = passenger.title() {
        write_next("title", title.as_str(), out);
    }
    if let Some(name) = passenger.given_name() {
        write_next("given_name", name.as_str(), out);
    }
    write_next("family_name", passenger.family_name().as_str(), out);
    if let Some(born) = passenger.date_of_birth() {
        write_next("date_of_birth", ascii_code(&born.to_text()), out);
    }
    out.push('}');
}

fn write_contact(contact: &Contact, out: &mut String) {
    out.push_str(r#","contact":{"#);
    if let Some(email) = contact.email() {
        write_member("email", email.as_str(), out);
    }
    if let Some(phone) = contact.phone() {
        if contact.email().is_some() {
            out.push(',');
        }
        write_member("phone", phone.as_str(), out);
    }
    out.push('}');
}

fn write_price(price: &Price, out: &mut String) {
    out.push_str(r#","price":{"#);
    write_member("amount", price.amount().as_str(), out);
    write_next("currency", price.currency().as_str(), out);
    out.push('}');
}

fn write_next(name: &str, value: &str, out: &mut String) {
    out.push(',');
    write_member(name, value, out);
}

fn write_member(name: &str, value: &str, out: &mut String) {
    out.push('"');
    out.push_str(name);
    out.push_str(r#"":"#);
    crate::json::write_text(value, out);
}
