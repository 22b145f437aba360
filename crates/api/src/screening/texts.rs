//! Which texts are inspected, and under which name each is known.
//!
//! What a request says is either of a closed form (codes, dates, amounts, telephone numbers, ids: their patterns leave
//! no room for anything else) or a free text. The free ones stand here, once: operations hand over what this table
//! names, the positive model prints it, and a test of the boundary puts attacks into every field to see that none was
//! forgotten.

use skybridge_domain::booking::Details;
use skybridge_domain::idempotency::IdempotencyKey;
use skybridge_screen::{CARD_DIGITS_MIN, Field, Pointer, Text};

/// A free text of some request: where it stands, and what it is to the engine.
pub(crate) struct FreeText {
    /// A JSON pointer with `*` for the items of a list, or the name of a header or of a query member.
    pub(crate) name: &'static str,
    pub(crate) field: Field,
}

impl FreeText {
    const fn of(name: &'static str, field: Field) -> Self {
        Self { name, field }
    }

    fn with<'a>(&self, value: &'a str) -> Text<'a> {
        Text { field: self.field, pointer: Pointer::Of(self.name), value }
    }
}

/// Those of a booking.
pub(crate) const BODY_TEXTS: [FreeText; 5] = [
    FreeText::of("/agency_reference", Field::AgencyReference),
    FreeText::of("/passengers/*/given_name", Field::GivenName),
    FreeText::of("/passengers/*/family_name", Field::FamilyName),
    FreeText::of("/contact/email", Field::Email),
    FreeText::of("/remarks", Field::Remarks),
];

/// The one header that is kept with a booking.
pub(crate) const KEY_TEXT: FreeText = FreeText::of("Idempotency-Key", Field::IdempotencyKey);

/// The keys that are of a closed form.
pub(crate) const KEY_INSPECTED_UNLESS: &str = "a UUID with fewer than 13 digits in a row";

/// Those of a query that reach the store.
pub(crate) const QUERY_TEXTS: [FreeText; 2] =
    [FreeText::of("agency_reference", Field::Query), FreeText::of("cursor", Field::Query)];

/// The free texts of a booking and of the key that names it.
pub(crate) fn of_booking<'a>(
    details: &'a Details,
    key: Option<&'a IdempotencyKey>,
) -> impl Iterator<Item = Text<'a>> + Clone {
    let [reference, given_name, family_name, email, remarks] = &BODY_TEXTS;
    let own = details.agency_reference().map(|own| reference.with(own.as_str()));
    let passengers = details.passengers().iter().enumerate().flat_map(move |(index, passenger)| {
        let of_passenger = |of: &FreeText, member, value: &'a str| {
            let pointer = Pointer::Item { list: "passengers", index, member };
            Text { field: of.field, pointer, value }
        };
        let given = passenger.given_name().map(|name| of_passenger(given_name, "given_name", name.as_str()));
        let family = of_passenger(family_name, "family_name", passenger.family_name().as_str());
        given.into_iter().chain([family])
    });
    let address = details.contact().and_then(|contact| contact.email()).map(|all| email.with(all.as_str()));
    let remark = details.remarks().map(|all| remarks.with(all.as_str()));
    let key = key.map(IdempotencyKey::as_str).filter(|key| !is_uuid(key)).map(|key| KEY_TEXT.with(key));
    own.into_iter().chain(passengers).chain(address).chain(remark).chain(key)
}

/// Whether a key is a UUID (RFC 9562), as nearly all are: a closed form like a date's. One with as many digits in a row as
/// the number of a card may have is read like any other text.
fn is_uuid(key: &str) -> bool {
    let mut digits = 0;
    key.len() == 36
        && key.bytes().enumerate().all(|(at, byte)| match (at, byte) {
            (8 | 13 | 18 | 23, byte) => byte == b'-',
            (_, b'0'..=b'9') => {
                digits += 1;
                digits < CARD_DIGITS_MIN
            }
            (_, byte) => {
                digits = 0;
                byte.is_ascii_hexdigit()
            }
        })
}

/// The free texts of a query that chooses among bookings.
pub(crate) fn of_query<'a>(
    agency_reference: Option<&'a str>,
    cursor: Option<&'a str>,
) -> impl Iterator<Item = Text<'a>> + Clone {
    let values = QUERY_TEXTS.iter().zip([agency_reference, cursor]);
    values.filter_map(|(of, value)| Some(of.with(value?)))
}

#[cfg(test)]
mod tests {
    use skybridge_domain::booking::BookingRequest;

    use super::*;

    #[test]
    fn of_keys_all_but_uuids_are_free_texts() {
        let details = Details::default();
        let is_read = |key: &str| of_booking(&details, Some(&IdempotencyKey::new(key).unwrap())).count() == 1;
        for uuid in ["8e03978e-40d5-43dd-bc93-6894a57f9324", "8E03978E-40D5-43DD-BC93-6894A57F9324"] {
            assert!(!is_read(uuid), "{uuid}");
        }
        for other in [
            "8e03978e-40d5-43dd-bc93-6894a57f932",
            "8e03978e-40d5-43dd-bc93-6894a57f93245",
            "8e03978e-40d5-43dd-bc93_6894a57f9324",
            "8e03978e-40d5-43dd-bc93-6894a57f932'",
            "8e03978e40d5-43dd-bc93-6894a57f93244",
            "41111111-1111-1111-bc93-6894a57f9324",
            "8e03978e-40d5-43dd-bc41-111111111111",
        ] {
            assert!(is_read(other), "{other}");
        }
    }

    #[test]
    fn every_passenger_has_its_pointers() {
        let passengers =
            [r#"{"type":"ADT","given_name":"Ana","family_name":"Null"}"#; Details::PASSENGERS_MAX];
        let body = format!(
            r#"{{"agency_reference":"PO-1","passengers":[{}],"contact":{{"email":"a@b.example"}},"remarks":"r"}}"#,
            passengers.join(",")
        );
        let request = BookingRequest::read(body.as_bytes()).unwrap();
        let key = IdempotencyKey::new("k").unwrap();
        let found: Vec<_> =
            of_booking(&request.details, Some(&key)).map(|text| text.pointer.to_string()).collect();
        assert_eq!(found.len(), 1 + 2 * Details::PASSENGERS_MAX + 3);
        assert_eq!(
            found[..3],
            ["/agency_reference", "/passengers/0/given_name", "/passengers/0/family_name"]
        );
        assert_eq!(
            found[18..],
            ["/passengers/8/family_name", "/contact/email", "/remarks", "Idempotency-Key"]
        );
    }
}
