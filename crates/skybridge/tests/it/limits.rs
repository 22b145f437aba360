//! Plans hold: to the last call, at the same moment, and across restarts.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use serde_json::json;

use crate::kit::app::BEGIN;
use crate::kit::bodies::example;
use crate::kit::faulty::{Fault, FaultyStore};
use crate::kit::{App, PlanTerms};

const NEGLIGIBLE: &str = "0.000001";

/// Sends `calls` requests of the key at once; gives how many were admitted. Refused ones must be refused as `code`.
async fn admitted_at_once(app: &Arc<App>, key: &str, calls: usize, code: &'static str) -> usize {
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..calls {
        let (app, key) = (Arc::clone(app), key.to_owned());
        requests.spawn(async move {
            let answer = app.with_key(&key).get("/v1/usage").await;
            if answer.status == 200 {
                1
            } else {
                usize::from(answer.expect_refusal(429, code).body.is_empty())
            }
        });
    }
    requests.join_all().await.into_iter().sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_thousand_at_once_on_a_burst_of_a_hundred() {
    let app = Arc::new(App::new().await);
    let terms = PlanTerms { rate: NEGLIGIBLE, burst: 100, quota: None, in_flight: None };
    let key = app.agency_on("PartnerCo", terms).await.credential().to_owned();
    assert_eq!(admitted_at_once(&app, &key, 2000, "rate-limited").await, 100);
    let app = Arc::into_inner(app).unwrap();

    // A restart in order grants nothing more, and neither does a crash.
    let app = Arc::new(app.after_a_restart().await);
    assert_eq!(admitted_at_once(&app, &key, 200, "rate-limited").await, 0);
    let app = Arc::new(Arc::into_inner(app).unwrap().after_a_crash().await);
    assert_eq!(admitted_at_once(&app, &key, 200, "rate-limited").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_burst_half_used_is_half_left_after_a_restart() {
    let app = App::new().await;
    let terms = PlanTerms { rate: NEGLIGIBLE, burst: 100, quota: None, in_flight: None };
    let key = app.agency_on("PartnerCo", terms).await.credential().to_owned();
    let mut app = Arc::new(app);
    assert_eq!(admitted_at_once(&app, &key, 40, "rate-limited").await, 40);
    // At a negligible rate a lease is a single call, so a crash forfeits nothing either.
    app = Arc::new(Arc::into_inner(app).unwrap().after_a_crash().await);
    assert_eq!(admitted_at_once(&app, &key, 30, "rate-limited").await, 30);
    app = Arc::new(Arc::into_inner(app).unwrap().after_a_restart().await);
    assert_eq!(admitted_at_once(&app, &key, 2000, "rate-limited").await, 30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_quota_is_used_to_the_last_call_across_restarts() {
    let terms = PlanTerms { rate: "1000000", burst: 1_000_000, quota: Some("1000/day"), in_flight: None };
    let app = App::new().await;
    let key = app.agency_on("PartnerCo", terms).await.credential().to_owned();
    let app = Arc::new(app);
    assert_eq!(admitted_at_once(&app, &key, 600, "quota-exceeded").await, 600);
    let app = Arc::new(Arc::into_inner(app).unwrap().after_a_restart().await);
    assert_eq!(admitted_at_once(&app, &key, 2000, "quota-exceeded").await, 400);
    let app = Arc::new(Arc::into_inner(app).unwrap().after_a_restart().await);
    assert_eq!(admitted_at_once(&app, &key, 100, "quota-exceeded").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crash_never_grants_quota_and_forfeits_a_hundredth_at_most() {
    let terms = PlanTerms { rate: "1000000", burst: 1_000_000, quota: Some("1000/day"), in_flight: None };
    let app = App::new().await;
    let key = app.agency_on("PartnerCo", terms).await.credential().to_owned();
    let app = Arc::new(app);
    assert_eq!(admitted_at_once(&app, &key, 600, "quota-exceeded").await, 600);
    let app = Arc::new(Arc::into_inner(app).unwrap().after_a_crash().await);
    let left = admitted_at_once(&app, &key, 2000, "quota-exceeded").await;
    assert!((390..=400).contains(&left), "{left} of 400 were left");
}

#[tokio::test]
async fn the_body_of_a_throttled_call_is_not_read() {
    let app = App::new().await;
    let terms = PlanTerms { rate: NEGLIGIBLE, burst: 1, quota: None, in_flight: None };
    let agency = app.agency_on("PartnerCo", terms).await;
    for (status, is_read) in [(201, true), (429, false)] {
        let read = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&read);
        let body = futures_util::stream::once(async move {
            noted.store(true, Ordering::SeqCst);
            Ok::<_, Infallible>(example().to_string())
        });
        let answer = agency.book_bytes("k", Body::from_stream(body)).await;
        assert_eq!((answer.status.as_u16(), read.load(Ordering::SeqCst)), (status, is_read), "{answer:?}");
    }
}

#[tokio::test]
async fn whoever_waits_as_long_as_told_is_admitted() {
    let app = App::new().await;
    let terms = PlanTerms { rate: "0.3", burst: 2, quota: Some("4/day"), in_flight: None };
    let agency = app.agency_on("PartnerCo", terms).await;
    for _ in 0..2 {
        agency.get("/v1/usage").await.expect(200);
    }
    for _ in 0..2 {
        let refused = agency.get("/v1/usage").await.expect_refusal(429, "rate-limited");
        let seconds: u64 = refused.header("retry-after").parse().unwrap();
        app.advance(Duration::from_secs(seconds));
        agency.get("/v1/usage").await.expect(200);
    }
    let refused = agency.get("/v1/usage").await.expect_refusal(429, "quota-exceeded");
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    app.advance(Duration::from_secs(seconds - 1));
    agency.get("/v1/usage").await.expect_refusal(429, "quota-exceeded");
    app.advance(Duration::from_secs(1));
    agency.get("/v1/usage").await.expect(200);
}

#[tokio::test]
async fn the_limits_are_on_every_answer_to_a_known_caller() {
    let app = App::new().await;
    let terms = PlanTerms { rate: "50", burst: 100, quota: Some("100000/day"), in_flight: Some(50) };
    let agency = app.agency_on("PartnerCo", terms).await;
    let answers = [
        agency.book("k", &example()).await,
        agency.book("k", &example()).await,
        agency.get("/v1/bookings/unknown").await,
        agency.book("k", &json!({ "remarks": 1 })).await,
        agency.get("/v1/bookings?limit=0").await,
    ];
    for (answer, left) in answers.iter().zip((95..=99).rev()) {
        assert_eq!(answer.header("ratelimit-policy"), r#""burst";q=100;w=2, "day";q=100000;w=86400"#);
        assert_eq!(answer.header("ratelimit"), format!("\"burst\";r={left};t=1"), "{answer:?}");
    }
    assert_eq!(app.anonymous().get("/healthz").await.header("ratelimit"), "");
    assert_eq!(app.anonymous().get("/v1/usage").await.header("ratelimit"), "");
}

#[tokio::test]
async fn refused_calls_count_against_nothing() {
    let app = App::new().await;
    let terms = PlanTerms { rate: "1", burst: 1, quota: Some("10/day"), in_flight: None };
    let agency = app.agency_on("PartnerCo", terms).await;
    agency.get("/v1/usage").await.expect(200);
    for _ in 0..50 {
        agency.get("/v1/usage").await.expect_refusal(429, "rate-limited");
    }
    app.advance(Duration::from_secs(1));
    let usage = agency.get("/v1/usage").await.expect(200).json();
    let day = &usage["policies"][1];
    assert_eq!((&day["name"], &day["used"], &day["remaining"]), (&json!("day"), &json!(2), &json!(8)));
    assert_eq!(day["resets_at"], "2027-01-02T00:00:00.000Z");
    assert_eq!(usage["in_flight"], json!({ "limit": null, "current": 1 }));
}

#[tokio::test]
async fn a_place_in_flight_is_given_back_with_the_answer() {
    let app = App::new().await;
    let terms = PlanTerms { in_flight: Some(1), ..PlanTerms::AMPLE };
    let agency = app.agency_on("PartnerCo", terms).await;
    for number in 0..3 {
        agency.book(&format!("k{number}"), &example()).await.expect(201);
        agency.book("refused", &json!({ "x": 1 })).await.expect_refusal(422, "unknown-field");
    }
    // A body that does not end holds its place for as long as it is waited for.
    let stuck = futures_util::stream::pending::<Result<bytes::Bytes, Infallible>>();
    let stuck = Body::from_stream(stuck);
    let stuck = agency.request(http::Method::POST, "/booking").body(stuck).unwrap();
    let waiting = agency.clone();
    tokio::pin! { let stuck = async move { waiting.send(stuck).await }; }
    tokio::select! {
        biased;
        answer = &mut stuck => panic!("answered without a body: {answer:?}"),
        () = std::future::ready(()) => {}
    }
    let refused = agency.get("/v1/usage").await.expect_refusal(429, "too-many-in-flight");
    assert_eq!(refused.header("retry-after"), "1");
}

#[tokio::test]
async fn a_changed_plan_holds_at_once_and_gives_nothing_back() {
    let app = App::new().await;
    let terms = PlanTerms { rate: NEGLIGIBLE, burst: 10, quota: Some("100/day"), in_flight: None };
    let agency = app.agency_on("PartnerCo", terms).await;
    for _ in 0..10 {
        agency.get("/v1/usage").await.expect(200);
    }
    agency.get("/v1/usage").await.expect_refusal(429, "rate-limited");
    let wider = PlanTerms { rate: NEGLIGIBLE, burst: 12, quota: Some("100/day"), in_flight: None };
    app.admin().set_plan("plan of PartnerCo", &wider).await;
    for _ in 0..2 {
        agency.get("/v1/usage").await.expect(200);
    }
    agency.get("/v1/usage").await.expect_refusal(429, "rate-limited");
    let usage = app.admin().get("/admin/v1/agencies/PartnerCo/usage").await.expect(200).json();
    assert_eq!(usage["policies"][1]["used"], 12);
}

/// A place in flight is held for as long as a call is carried out, and not a moment longer, however it ends.
#[tokio::test]
async fn a_place_in_flight_is_given_back_by_a_defect_and_by_a_caller_that_goes_away() {
    let store = Arc::new(FaultyStore::default());
    let app = App::over(Arc::clone(&store) as _, BEGIN).await;
    let terms = PlanTerms { in_flight: Some(1), ..PlanTerms::AMPLE };
    let agency = app.agency_on("PartnerCo", terms).await;
    for _ in 0..3 {
        store.set(Some(Fault::Defect));
        agency.get("/v1/idempotency/k").await.expect_refusal(500, "internal");
        store.set(None);
        agency.get("/v1/usage").await.expect(200);
    }
    for _ in 0..3 {
        let stuck = futures_util::stream::pending::<Result<bytes::Bytes, Infallible>>();
        let stuck = Body::from_stream(stuck);
        let stuck = agency.request(http::Method::POST, "/booking").body(stuck).unwrap();
        {
            let waiting = agency.clone();
            tokio::pin! { let stuck = async move { waiting.send(stuck).await }; }
            tokio::select! {
                biased;
                answer = &mut stuck => panic!("answered without a body: {answer:?}"),
                () = std::future::ready(()) => {}
            }
            agency.get("/v1/usage").await.expect_refusal(429, "too-many-in-flight");
        }
        // The connection is closed, and the call with it.
        agency.get("/v1/usage").await.expect(200);
    }
}

/// A node whose clock was ahead by minutes writes down what it saw; until then nothing is refilled, and `doctor` says so.
#[tokio::test]
async fn limits_that_a_clock_ahead_has_written_are_told() {
    let app = App::new().await;
    let terms = PlanTerms { rate: "1", burst: 2, quota: None, in_flight: None };
    let key = app.agency_on("PartnerCo", terms).await.credential().to_owned();
    let ahead = async |app: &App| {
        app.admin().get("/admin/v1/status").await.expect(200).json()["limits_ahead_seconds"].clone()
    };
    assert_eq!(ahead(&app).await, 0);
    app.with_key(&key).get("/v1/usage").await.expect(200);
    app.set_back(Duration::from_secs(600));
    assert_eq!(ahead(&app).await, 600);
    app.advance(Duration::from_secs(590));
    assert_eq!(ahead(&app).await, 10);
}
