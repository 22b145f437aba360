//! Attack values in every place where a caller can write: refused, or inert.
//!
//! Inert means: kept as the text that it is, byte for byte, and given back as a string of a JSON document that no browser
//! takes for anything else; wherever it is shown. Whatever becomes of it, it is never a failure of ours.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};
use skybridge_api::positive_model;

use super::explain::set;
use crate::kit::app::Client;
use crate::kit::bodies::example;
use crate::kit::{Answer, App};

/// Each value once.
fn attacks() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../screen/tests/data/attacks.jsonl");
    let text = std::fs::read_to_string(path).expect("the attack values are in the repository");
    let payload =
        |line: &str| serde_json::from_str::<Value>(line).unwrap()["payload"].as_str().unwrap().to_owned();
    let mut values: Vec<String> = text.lines().map(payload).collect();
    values.sort();
    values.dedup();
    assert!(values.len() > 1000, "values were lost");
    values
}

/// Every text that a booking can hold, by its pointer.
fn writable() -> Vec<String> {
    let model = positive_model();
    let operations = model["operations"].as_array().unwrap();
    let create = operations.iter().find(|one| one["operation"] == "POST /v1/bookings").unwrap();
    let fields = create["body"]["fields"].as_array().unwrap().iter();
    fields
        .filter(|one| one["type"] == "string")
        .map(|one| one["pointer"].as_str().unwrap().to_owned())
        .collect()
}

/// Is it a refusal of the caller's text, and nothing worse?
#[track_caller]
fn assert_refused(answer: &Answer, codes: &[&str]) {
    let code = answer.json()["code"].as_str().unwrap().to_owned();
    assert!(codes.contains(&code.as_str()), "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

/// Is the booking shown as it was sent, as JSON and nothing else?
async fn assert_inert(agency: &Client<'_>, made: &Answer, sent: &Value) {
    let shown = agency.get(&format!("/v1/bookings/{}", made.booking_id())).await.expect(200);
    assert_eq!(shown.body, made.body);
    for answer in [made, &shown] {
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        crate::honest_bookings::assert_same(&answer.json(), sent);
    }
}

#[tokio::test]
async fn in_every_field_they_are_refused_or_inert() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let (attacks, fields) = (attacks(), writable());
    let mut taken: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, pointer) in fields.iter().enumerate() {
        for (number, attack) in attacks.iter().enumerate() {
            let mut body = example();
            if pointer == "/agency" {
                body["agency"] = json!(attack);
            } else {
                set(&mut body, pointer, json!(attack));
            }
            let answer = agency.book(&format!("{place}-{number}"), &body).await;
            if answer.status == 201 {
                *taken.entry(pointer).or_default() += 1;
                assert_inert(&agency, &answer, &body).await;
            } else {
                assert_refused(&answer, &["invalid-booking", "screened", "card-data", "agency-mismatch"]);
            }
        }
    }
    println!("of {} values were taken: {taken:?}", attacks.len());
    // Of closed forms nothing that is not one passes; what does is a word like any other (`var`, `News`).
    let closed = |pointer: &&String| !["/agency_reference", "/remarks"].contains(&pointer.as_str());
    for pointer in fields.iter().filter(closed).filter(|one| !one.contains("name") && !one.contains("email"))
    {
        let most = attacks.len() / 20;
        assert!(taken.get(pointer.as_str()).is_none_or(|taken| *taken <= most), "{pointer}: {taken:?}");
    }
    let remarks = taken.get("/remarks").copied().unwrap_or_default();
    assert!(remarks * 5 <= attacks.len(), "{remarks} of {} attacks in remarks were taken", attacks.len());
}

#[tokio::test]
async fn in_headers_and_queries_they_are_refused_or_inert() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    for (number, attack) in attacks().iter().enumerate() {
        let encoded: String = attack.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for path in [
            format!("/v1/bookings?agency_reference={encoded}"),
            format!("/v1/bookings?cursor={encoded}"),
            format!("/v1/bookings?status={encoded}"),
            format!("/v1/bookings?{encoded}=1"),
            format!("/v1/bookings/{encoded}"),
            format!("/v1/idempotency/{encoded}"),
        ] {
            let answer = agency.get(&path).await;
            if answer.status == 200 {
                assert_eq!(answer.header("content-type"), "application/json");
                assert_eq!(answer.json()["bookings"], json!([]), "{path}");
            } else {
                let codes = [
                    "malformed-request",
                    "screened",
                    "card-data",
                    "not-found",
                    "idempotency-key-invalid",
                    "uri-too-long",
                ];
                assert_refused(&answer, &codes);
            }
        }
        for name in ["idempotency-key", "x-request-id", "if-match", "user-agent"] {
            let body = json!({ "remarks": number.to_string() });
            let request = agency.request(Method::POST, "/booking").header(name, attack.as_bytes());
            // What cannot stand in a header at all never comes this far.
            let Ok(request) = request.body(body.to_string().into()) else { continue };
            let answer = agency.send(request).await;
            if answer.status == 201 {
                assert_inert(&agency, &agency.get(answer.header("location")).await, &body).await;
            } else {
                let codes = ["idempotency-key-invalid", "screened", "card-data", "idempotency-key-reused"];
                assert_refused(&answer, &codes);
            }
        }
    }
}

#[tokio::test]
async fn no_page_shows_what_a_caller_wrote() {
    let app = App::new().await;
    let script = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    for path in [format!("/errors/{script}"), format!("/docs?x={script}"), format!("/{script}")] {
        let answer = app.anonymous().get(&path).await;
        assert!(!String::from_utf8_lossy(&answer.body).contains("<script>alert"), "{path}");
    }
    let page = app.anonymous().get("/docs").await.expect(200);
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
}
