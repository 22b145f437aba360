//! One key, one booking: retries, twins, and questions afterwards.

use std::time::Duration;

use axum::body::Body;
use http::{Method, header};
use serde_json::json;

use crate::kit::bodies::{example, example_with};
use crate::kit::{Answer, App};

#[tokio::test]
async fn a_retry_gets_the_original_answer_for_the_life_of_the_booking() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let first = agency.book("retry-me", &example()).await.expect(201);
    assert_eq!(first.header("idempotent-replayed"), "");
    let id = first.booking_id();

    for step in ["", "confirm", "cancel"] {
        app.advance(Duration::from_secs(86_400 * 400));
        if !step.is_empty() {
            agency.post(&format!("/v1/bookings/{id}/{step}"), &json!(null)).await.expect(200);
        }
        let again = agency.book("retry-me", &example()).await.expect(201);
        assert_eq!(again.body, first.body);
        assert_eq!(again.header("idempotent-replayed"), "true");
        for header in ["location", "etag", "content-type"] {
            assert_eq!(again.header(header), first.header(header));
        }
    }
    assert_eq!(app.stored_bookings().await, 1);
}

#[tokio::test]
async fn a_retry_survives_a_restart() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let first = agency.book("k", &example()).await.expect(201);
    let key = agency.credential().to_owned();
    let app = app.after_a_crash().await;
    let again = app.with_key(&key).book("k", &example()).await.expect(201);
    assert_eq!((again.body, again.headers["idempotent-replayed"].as_bytes()), (first.body, &b"true"[..]));
    assert_eq!(app.stored_bookings().await, 1);
}

#[tokio::test]
async fn how_a_retry_is_written_does_not_matter() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let first = agency.book("k", &example()).await.expect(201);
    let mut reordered = example();
    reordered["agency"] = json!("PartnerCo");
    let pretty = serde_json::to_string_pretty(&reordered).unwrap().replace("O'Neill", "O\\u0027Neill");
    let again = agency.book_bytes("\"k\"", pretty).await.expect(201);
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("idempotent-replayed"), "true");
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let first = agency.book("k", &example()).await.expect(201);
    let other = example_with("remarks", json!("wheelchair at the gate"));
    agency.book("k", &other).await.expect_refusal(422, "idempotency-key-reused");
    // The other operation answers otherwise, so it is another request too.
    let lesson = agency.request(Method::POST, "/booking").header("idempotency-key", "k");
    let lesson = lesson.body(Body::from(example().to_string())).unwrap();
    agency.send(lesson).await.expect_refusal(422, "idempotency-key-reused");
    assert_eq!(agency.book("k", &example()).await.expect(201).body, first.body);
    assert_eq!(app.stored_bookings().await, 1);
}

#[tokio::test]
async fn the_lessons_request_is_replayed_as_its_own_answer() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let book = async || {
        let request = agency.request(Method::POST, "/booking").header("idempotency-key", "lesson");
        agency.send(request.body(Body::from(r#"{"agency":"PartnerCo"}"#)).unwrap()).await.expect(201)
    };
    let (first, again) = (book().await, book().await);
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("idempotent-replayed"), "true");
}

#[tokio::test]
async fn refused_requests_bind_nothing() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    agency.book("k", &example_with("price", json!({ "amount": "1", "currency": "USD" }))).await.expect(422);
    agency.get("/v1/idempotency/k").await.expect_refusal(404, "not-found");
    agency.book("k", &example()).await.expect(201);
}

#[tokio::test]
async fn keys_of_different_agencies_and_modes_never_meet() {
    let app = App::new().await;
    let one = app.agency("One").await;
    let two = app.agency("Two").await;
    let sandbox = app.with_key(&app.admin().issue_key("One", &json!({ "mode": "test" })).await);
    let mut ids = Vec::new();
    for caller in [&one, &two, &sandbox] {
        let made = caller.book("same", &example()).await.expect(201);
        assert_eq!(made.header("idempotent-replayed"), "");
        ids.push(made.booking_id());
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
    sandbox.get(&format!("/v1/bookings/{}", ids[0])).await.expect_refusal(404, "not-found");
    one.get(&format!("/v1/bookings/{}", ids[2])).await.expect_refusal(404, "not-found");
}

#[tokio::test]
async fn did_it_happen_always_has_an_answer() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    agency.get("/v1/idempotency/a%20b").await.expect_refusal(404, "not-found");
    let made = agency.book("a b", &example()).await.expect(201);
    let found = agency.get("/v1/idempotency/a%20b").await.expect(200);
    assert_eq!(found.body, made.body);
    agency.post(&format!("/v1/bookings/{}/confirm", made.booking_id()), &json!(null)).await.expect(200);
    assert_eq!(agency.get("/v1/idempotency/a%20b").await.expect(200).json()["status"], "CONFIRMED");

    let other = app.agency("Other").await;
    other.get("/v1/idempotency/a%20b").await.expect_refusal(404, "not-found");
    agency.get("/v1/idempotency/%C3%A9").await.expect_refusal(400, "idempotency-key-invalid");
}

#[tokio::test]
async fn the_key_is_needed_and_must_be_one() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    agency.post("/v1/bookings", &example()).await.expect_refusal(400, "idempotency-key-missing");
    for key in ["\"\"", "", "\"open", &"k".repeat(256)] {
        agency.book(key, &example()).await.expect_refusal(400, "idempotency-key-invalid");
    }
    let twice = agency
        .request(Method::POST, "/v1/bookings")
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", "one")
        .header("idempotency-key", "one");
    let twice = twice.body(Body::from(example().to_string())).unwrap();
    agency.send(twice).await.expect_refusal(400, "duplicate-header");
    assert_eq!(app.stored_bookings().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_twins_make_one_booking_and_get_equal_answers() {
    let app = std::sync::Arc::new(App::new().await);
    let key = app.agency("PartnerCo").await.credential().to_owned();
    let mut twins = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (app, key) = (std::sync::Arc::clone(&app), key.clone());
        twins.spawn(async move { app.with_key(&key).book("twin", &example()).await });
    }
    let answers: Vec<Answer> = twins.join_all().await;
    let fresh = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_empty()).count();
    assert_eq!(fresh, 1, "one of them made it");
    for answer in answers {
        assert_eq!(answer.clone().expect(201).body, app.with_key(&key).book("twin", &example()).await.body);
    }
    assert_eq!(app.stored_bookings().await, 1);
}
