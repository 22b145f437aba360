//! Every honest booking of the data set is accepted, and comes back as it was sent.

use serde_json::Value;
use skybridge_domain::booking::BookingRequest;

const BOOKINGS: &str = include_str!("data/bookings.jsonl");

#[test]
fn every_honest_booking_is_accepted_and_comes_back_equal() {
    let mut count = 0;
    for line in BOOKINGS.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let body = line["body"].to_string();
        let request =
            BookingRequest::read(body.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal:?}: {body}"));
        let document = request.details.document();
        let back: Value = serde_json::from_str(document.as_str()).unwrap();
        assert_eq!(back, line["body"]);
        assert_eq!(document.details().unwrap(), request.details);
        assert_eq!(document.agency_reference(), line["body"]["agency_reference"].as_str());
        count += 1;
    }
    assert_eq!(count, 2_000);
}
