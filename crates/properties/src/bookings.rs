//! Bodies of bookings.

use skybridge_domain::booking::{AgencyReference, BookingRequest, Document};

/// The most that a booking holds of each, as the contract has it.
const SEGMENTS_MAX: usize = 16;
const PASSENGERS_MAX: usize = 9;
const REMARKS_CHARS_MAX: usize = 2000;

/// A body that is read is within the contract's bounds; its document, read again, is the same document, byte for byte,
/// and is what a store would take back. A body that is not read has a reason.
pub(crate) fn booking(body: &[u8]) {
    let request = match BookingRequest::read(body) {
        Ok(request) => request,
        Err(refusal) => {
            assert!(!format!("{refusal:?}").is_empty());
            return;
        }
    };
    let details = &request.details;
    assert!(details.segments().len() <= SEGMENTS_MAX);
    assert!(details.passengers().len() <= PASSENGERS_MAX);
    assert!(details.remarks().is_none_or(|text| text.as_str().chars().count() <= REMARKS_CHARS_MAX));

    let document = details.document();
    let again = document.details().expect("a document can be read");
    assert_eq!(&again, details);
    assert_eq!(again.document(), document);
    assert_eq!(again.document().fingerprint(), document.fingerprint());
    assert_eq!(document.agency_reference(), details.agency_reference().map(AgencyReference::as_str));

    let json: serde_json::Value = serde_json::from_str(document.as_str()).expect("a document is JSON");
    let members = format!("{{{}}}", document.members());
    assert_eq!(serde_json::from_str::<serde_json::Value>(&members).expect("so are its members"), json);
    assert_eq!(Document::from_stored(document.as_str().to_owned()), Ok(document));
}
