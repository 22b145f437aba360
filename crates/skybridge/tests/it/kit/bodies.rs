//! Bodies to send.

use serde_json::{Value, json};

/// The contract's own example.
pub(crate) fn example() -> Value {
    json!({
        "agency_reference": "PO-12345",
        "segments": [{
            "carrier": "SB", "flight_number": "951", "origin": "CMH", "destination": "JFK",
            "departure_date": "2027-03-14", "cabin": "ECONOMY", "booking_class": "Y",
        }],
        "passengers": [{
            "type": "ADT", "title": "MS", "given_name": "Ana", "family_name": "O'Neill",
            "date_of_birth": "1990-05-01",
        }],
        "contact": { "email": "ops@partner.example", "phone": "+16145550100" },
        "price": { "amount": "199.00", "currency": "USD" },
        "remarks": "wheelchair at gate",
    })
}

/// The example with one member set to `value`.
pub(crate) fn example_with(member: &str, value: Value) -> Value {
    let mut body = example();
    body[member] = value;
    body
}

/// The 2,000 honest bookings.
pub(crate) fn honest() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../domain/tests/data/bookings.jsonl");
    let text = std::fs::read_to_string(path).expect("the honest bookings are in the repository");
    let bodies: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("each line is JSON")["body"].take())
        .collect();
    assert_eq!(bodies.len(), 2000);
    bodies
}
