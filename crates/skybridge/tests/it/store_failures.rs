//! What callers see of a store that fails, and that a retry settles what is open.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::Method;
use serde_json::json;

use crate::kit::app::BEGIN;
use crate::kit::bodies::example;
use crate::kit::faulty::{Fault, FaultyStore};
use crate::kit::{Answer, App};

async fn app() -> (App, Arc<FaultyStore>) {
    let store = Arc::new(FaultyStore::default());
    (App::over(Arc::clone(&store) as _, BEGIN).await, store)
}

/// A refusal that is worth a retry, and that tells nothing of what happened inside.
#[track_caller]
fn expect_retry(answer: Answer, code: &str) -> String {
    let refused = answer.expect_refusal(503, code);
    assert_eq!(refused.header("retry-after"), "1");
    let detail = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(!detail.contains("10.0.0.7"), "{detail}");
    detail
}

#[tokio::test]
async fn a_full_queue_and_a_store_that_is_away_are_told_apart() {
    let (app, store) = app().await;
    let agency = app.agency("PartnerCo").await;
    store.set(Some(Fault::QueueFull));
    let detail = expect_retry(agency.book("k", &example()).await, "overloaded");
    assert!(detail.contains("Nothing was done"), "{detail}");
    store.set(Some(Fault::Away));
    let detail = expect_retry(agency.book("k", &example()).await, "store-unavailable");
    assert!(detail.contains("Nothing was done"), "{detail}");
    for path in ["/v1/bookings", "/v1/idempotency/k"] {
        expect_retry(agency.get(path).await, "store-unavailable");
    }
    store.set(None);
    assert_eq!(app.stored_bookings().await, 0);
    let made = agency.book("k", &example()).await.expect(201);
    assert_eq!(made.header("idempotent-replayed"), "");
}

#[tokio::test]
async fn a_retry_settles_what_a_lost_answer_left_open() {
    for (fault, happened) in [(Fault::AnswerLost, true), (Fault::CommitLost, false)] {
        let (app, store) = app().await;
        let agency = app.agency("PartnerCo").await;
        store.set(Some(fault));
        let detail = expect_retry(agency.book("k", &example()).await, "store-unavailable");
        assert!(detail.contains("same Idempotency-Key"), "{detail}");
        store.set(None);
        let asked = agency.get("/v1/idempotency/k").await;
        assert_eq!(asked.status, if happened { 200 } else { 404 });
        let retried = agency.book("k", &example()).await.expect(201);
        assert_eq!(retried.header("idempotent-replayed"), if happened { "true" } else { "" });
        assert_eq!(app.stored_bookings().await, 1);
    }
}

#[tokio::test]
async fn a_step_whose_answer_was_lost_is_settled_by_repeating_it() {
    let (app, store) = app().await;
    let agency = app.agency("PartnerCo").await;
    let id = agency.book("k", &example()).await.expect(201).booking_id();
    let confirm = format!("/v1/bookings/{id}/confirm");
    store.set(Some(Fault::AnswerLost));
    expect_retry(agency.post(&confirm, &json!(null)).await, "store-unavailable");
    store.set(None);
    let repeated = agency.post(&confirm, &json!(null)).await.expect(200).json();
    assert_eq!((&repeated["status"], &repeated["version"]), (&json!("CONFIRMED"), &json!(2)));
}

#[tokio::test]
async fn a_defect_costs_one_answer() {
    let (app, store) = app().await;
    let agency = app.agency("PartnerCo").await;
    store.set(Some(Fault::Defect));
    let refused = agency.get("/v1/idempotency/k").await.expect_refusal(500, "internal");
    assert!(!refused.header("ratelimit").is_empty());
    assert!(!String::from_utf8(refused.body).unwrap().contains("the defect"));
    agency.get("/v1/usage").await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_not_waited_for_longer_than_said() {
    let (app, _store) = app().await;
    let agency = app.agency("PartnerCo").await;
    let stuck = futures_util::stream::pending::<Result<bytes::Bytes, std::convert::Infallible>>();
    let request = agency.request(Method::POST, "/booking").body(Body::from_stream(stuck)).unwrap();
    let begun = tokio::time::Instant::now();
    let refused = agency.send(request).await.expect_refusal(408, "request-timeout");
    assert_eq!(refused.header("connection"), "close");
    assert_eq!(begun.elapsed(), Duration::from_secs(30));
}
