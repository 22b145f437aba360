//! More than can be carried: who is turned away, who is not, and what it costs them.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use axum::body::Body;
use bytes::Bytes;
use http::Method;
use skybridge_desk::{Capacity, Node};
use skybridge_store::MemoryStore;

use crate::kit::{Answer, App, PlanTerms, app::BEGIN, app::Client, bodies::example};

async fn app_that_carries(calls_max: u32) -> App {
    let capacity = Capacity { calls_max, ..Capacity::default() };
    App::of_node(Arc::new(MemoryStore::default()), BEGIN, Node::sole().with_capacity(capacity)).await
}

/// A call that is under way until it is dropped: its body does not end.
async fn under_way<'a>(caller: &Client<'a>) -> Pin<Box<dyn Future<Output = Answer> + 'a>> {
    let endless = Body::from_stream(futures_util::stream::pending::<Result<Bytes, Infallible>>());
    let request = caller.request(Method::POST, "/booking").body(endless).unwrap();
    let caller = caller.clone();
    let mut call: Pin<Box<dyn Future<Output = Answer> + 'a>> =
        Box::pin(async move { caller.send(request).await });
    let begun = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(begun.is_pending(), "answered without a body: {begun:?}");
    call
}

#[tokio::test]
async fn a_crowd_is_turned_away_and_counts_against_nothing() {
    let app = app_that_carries(2).await;
    let terms = PlanTerms { rate: "0.000001", burst: 10, quota: None, in_flight: None };
    let crowd = app.agency_on("Crowd", terms).await;
    let calls = [under_way(&crowd).await, under_way(&crowd).await];

    for _ in 0..20 {
        let refused = crowd.book("k", &example()).await.expect_refusal(503, "overloaded");
        assert_eq!(refused.header("retry-after"), "1");
        assert!(refused.header("ratelimit").starts_with("\"burst\";r=8"), "{refused:?}");
    }
    drop(calls);
    let answer = crowd.book("k", &example()).await.expect(201);
    assert!(answer.header("ratelimit").starts_with("\"burst\";r=7"), "{answer:?}");
}

#[tokio::test]
async fn one_agencys_crowd_does_not_crowd_out_another() {
    let app = app_that_carries(4).await;
    let (crowd, guest) = (app.agency("Crowd").await, app.agency("Guest").await);
    let mut calls = vec![];
    for _ in 0..4 {
        calls.push(under_way(&crowd).await);
    }
    crowd.get("/v1/usage").await.expect_refusal(503, "overloaded");
    guest.book("k", &example()).await.expect(201);
    let _guests = [under_way(&guest).await, under_way(&guest).await];
    guest.get("/v1/usage").await.expect_refusal(503, "overloaded");
}

#[tokio::test]
async fn health_and_operators_are_answered_whatever_the_load() {
    let app = app_that_carries(1).await;
    let crowd = app.agency("Crowd").await;
    let _call = under_way(&crowd).await;
    crowd.get("/v1/usage").await.expect_refusal(503, "overloaded");
    app.anonymous().get("/healthz").await.expect(200);
    app.anonymous().get("/readyz").await.expect(200);
    app.admin().get("/admin/v1/status").await.expect(200);
    app.admin().get("/admin/v1/agencies/Crowd/usage").await.expect(200);
}
