//! A booking's life, as its agency sees it.

use std::time::Duration;

use axum::body::Body;
use http::{Method, header};
use serde_json::{Value, json};
use skybridge_desk::bookings::check_record;
use skybridge_store::{Key, Table};

use crate::kit::App;
use crate::kit::bodies::{example, example_with};

#[tokio::test]
async fn the_lessons_own_request_makes_a_booking() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    // What `curl -d` sends: a form, it says.
    let request = agency
        .request(Method::POST, "/booking")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(r#"{"agency":"PartnerCo"}"#))
        .unwrap();
    let made = agency.send(request).await.expect(201);
    let body = made.json();
    assert_eq!(body["status"], "CREATED");
    assert_eq!(body.as_object().unwrap().len(), 2, "{body}");

    let shown = agency.get(&format!("/v1/bookings/{}", made.booking_id())).await.expect(200).json();
    assert_eq!((&shown["agency"], &shown["status"]), (&json!("PartnerCo"), &json!("CREATED")));
}

#[tokio::test]
async fn the_lessons_request_takes_an_empty_body_and_any_booking() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let empty = agency.request(Method::POST, "/booking").body(Body::empty()).unwrap();
    let first = agency.send(empty).await.expect(201).booking_id();
    let second = agency.post("/booking", &example()).await.expect(201).booking_id();
    assert_ne!(first, second);
    let shown = agency.get(&format!("/v1/bookings/{second}")).await.expect(200).json();
    assert_eq!(shown["remarks"], "wheelchair at gate");
}

#[tokio::test]
async fn a_booking_comes_back_as_it_was_sent() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let made = agency.book("first", &example()).await.expect(201);
    let booking = made.json();
    let server_owned = json!({
        "booking_id": made.booking_id(),
        "status": "CREATED",
        "agency": "PartnerCo",
        "version": 1,
        "created_at": "2027-01-01T12:00:00.000Z",
        "updated_at": "2027-01-01T12:00:00.000Z",
        "available_actions": ["confirm", "cancel"],
    });
    let mut expected = server_owned;
    expected.as_object_mut().unwrap().extend(example().as_object().unwrap().clone());
    assert_eq!(booking, expected);
    assert_eq!(made.header("location"), format!("/v1/bookings/{}", made.booking_id()));
    assert_eq!(made.header("etag"), "\"1\"");
    assert_eq!(made.header("content-type"), "application/json");

    let shown = agency.get(made.header("location")).await.expect(200);
    assert_eq!(shown.body, made.body);
    assert_eq!(shown.header("etag"), "\"1\"");
}

#[tokio::test]
async fn a_booking_is_confirmed_and_cancelled_once() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let id = agency.book("k", &example()).await.expect(201).booking_id();
    let step = async |step: &str| agency.post(&format!("/v1/bookings/{id}/{step}"), &json!(null)).await;

    app.advance(Duration::from_secs(60));
    let confirmed = step("confirm").await.expect(200);
    assert_eq!(confirmed.header("etag"), "\"2\"");
    let body = confirmed.json();
    assert_eq!((&body["status"], &body["version"]), (&json!("CONFIRMED"), &json!(2)));
    assert_eq!(body["updated_at"], "2027-01-01T12:01:00.000Z");
    assert_eq!(body["available_actions"], json!(["cancel"]));

    app.advance(Duration::from_secs(60));
    assert_eq!(step("confirm").await.expect(200).body, confirmed.body, "repeating it changes nothing");

    let cancelled = step("cancel").await.expect(200);
    assert_eq!(cancelled.json()["status"], "CANCELLED");
    assert_eq!(cancelled.json()["available_actions"], json!([]));
    assert_eq!(step("cancel").await.expect(200).body, cancelled.body);
    step("confirm").await.expect_refusal(409, "invalid-transition");
}

#[tokio::test]
async fn preconditions_are_honoured() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let id = agency.book("k", &example()).await.expect(201).booking_id();
    let confirm = async |tags: &str| {
        let request = agency.request(Method::POST, &format!("/v1/bookings/{id}/confirm"));
        agency.send(request.header("if-match", tags).body(Body::empty()).unwrap()).await
    };
    confirm("\"2\"").await.expect_refusal(412, "version-mismatch");
    confirm("W/\"1\"").await.expect_refusal(412, "version-mismatch");
    for foreign in ["\"01\"", "\"+1\"", "\"a,b\"", "\"\""] {
        confirm(foreign).await.expect_refusal(412, "version-mismatch");
    }
    for nonsense in ["1", "\"1", "\"1\" \"2\"", "\"1\",", "w/\"1\""] {
        confirm(nonsense).await.expect_refusal(400, "malformed-request");
    }
    assert_eq!(confirm("\"7\", \"1\"").await.expect(200).json()["status"], "CONFIRMED");
    // Repeated after a lost answer, with the tag it had then: it happened, and that is what the answer says.
    assert_eq!(confirm("\"1\"").await.expect(200).json()["version"], 2);

    let show = async |tags: &str| {
        let request = agency.request(Method::GET, &format!("/v1/bookings/{id}"));
        agency.send(request.header("if-none-match", tags).body(Body::empty()).unwrap()).await
    };
    let unchanged = show("\"2\"").await.expect(304);
    assert!(unchanged.body.is_empty());
    assert_eq!(unchanged.header("etag"), "\"2\"");
    show("W/\"2\"").await.expect(304);
    show("*").await.expect(304);
    for other in ["\"1\"", "\"02\"", "W/W/\"2\"", "2"] {
        show(other).await.expect(200);
    }
}

#[tokio::test]
async fn the_history_is_a_chain() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let id = agency.book("k", &example()).await.expect(201).booking_id();
    for step in ["confirm", "cancel"] {
        agency.post(&format!("/v1/bookings/{id}/{step}"), &json!(null)).await.expect(200);
    }
    let history = agency.get(&format!("/v1/bookings/{id}/history")).await.expect(200).json();
    let events = history["events"].as_array().unwrap();
    let types: Vec<_> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["booking.created", "booking.confirmed", "booking.cancelled"]);
    let mut before = json!("0".repeat(64));
    for (event, sequence) in events.iter().zip(1..) {
        assert_eq!(event["sequence"], sequence);
        assert_eq!(event["booking_id"], id);
        assert_eq!(event["previous_hash"], before);
        before = event["hash"].clone();
    }
}

#[tokio::test]
async fn a_list_is_newest_first_and_goes_on_where_it_ended() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let mut made = Vec::new();
    for number in 0..7 {
        app.advance(Duration::from_millis(1));
        let body = example_with("agency_reference", json!(format!("R-{}", number % 2)));
        made.push(agency.book(&format!("k{number}"), &body).await.expect(201).booking_id());
    }
    made.reverse();
    assert_eq!(listed(&agency.get("/v1/bookings").await.expect(200).json()), made);

    let mut pages = Vec::new();
    let mut path = "/v1/bookings?limit=3".to_owned();
    loop {
        let page = agency.get(&path).await.expect(200).json();
        pages.push(listed(&page));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/bookings?limit=3&cursor={cursor}");
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    assert_eq!(pages.concat(), made);

    // Filters, alone and together with pages.
    let even: Vec<_> = made.iter().step_by(2).cloned().collect();
    let found = agency.get("/v1/bookings?agency_reference=R-0").await.expect(200).json();
    assert_eq!(listed(&found), even);
    let first = agency.get("/v1/bookings?agency_reference=R-0&limit=2").await.expect(200).json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let path = format!("/v1/bookings?agency_reference=R-0&limit=2&cursor={cursor}");
    let second = agency.get(&path).await.expect(200).json();
    assert_eq!([listed(&first), listed(&second)].concat(), even);
    assert_eq!(second["next_cursor"], Value::Null);

    agency.post(&format!("/v1/bookings/{}/confirm", made[4]), &json!(null)).await.expect(200);
    let confirmed = agency.get("/v1/bookings?status=CONFIRMED").await.expect(200).json();
    assert_eq!(listed(&confirmed), made[4..5]);

    let range = "/v1/bookings?created_from=2027-01-01T12:00:00.003Z&created_to=2027-01-01T12:00:00.005Z";
    assert_eq!(listed(&agency.get(range).await.expect(200).json()), made[3..5]);
    let between = "/v1/bookings?created_from=2027-01-01T12:00:00.0025Z&created_to=2027-01-01T12:00:00.0041Z";
    assert_eq!(listed(&agency.get(between).await.expect(200).json()), made[3..5]);
}

#[tokio::test]
async fn a_list_refuses_what_it_does_not_understand() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    for query in [
        "limit=0",
        "limit=101",
        "limit=x",
        "status=LOST",
        "created_from=yesterday",
        "cursor=nonsense",
        "statuss=CREATED",
        "limit=1&limit=2",
    ] {
        agency.get(&format!("/v1/bookings?{query}")).await.expect_refusal(400, "malformed-request");
    }
}

fn listed(page: &Value) -> Vec<String> {
    let bookings = page["bookings"].as_array().unwrap();
    bookings.iter().map(|booking| booking["booking_id"].as_str().unwrap().to_owned()).collect()
}

/// What `verify` asks of every record: a booking that was altered behind the program's back is found out.
#[tokio::test]
async fn an_altered_record_is_noticed() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let id = agency.book("k", &example()).await.expect(201).booking_id();
    let confirm = format!("/v1/bookings/{id}/confirm");
    agency.post(&confirm, &json!(null)).await.expect(200);
    let record = app.store.get(&Key::new(Table::Bookings, id.as_str())).await.unwrap().unwrap();
    check_record(&record).unwrap();

    let mut dearer = record.clone();
    let details = record.attributes.text("details").unwrap().replace("199.00", "299.00");
    dearer.attributes.set("details", details);
    check_record(&dearer).unwrap_err();

    let mut later = record.clone();
    let Some(skybridge_store::Value::L(mut events)) = record.attributes.get("events").cloned() else {
        panic!("a booking keeps its events");
    };
    let skybridge_store::Value::M(confirmed) = &mut events[1] else { panic!("an event is a map") };
    confirmed.set("at", confirmed.number("at").unwrap() + 1);
    later.attributes.set("events", events);
    check_record(&later).unwrap_err();

    let mut unconfirmed = record;
    unconfirmed.attributes.set("status", "CREATED");
    check_record(&unconfirmed).unwrap_err();
}
