//! `errors = "aws"`: agencies that come from API Gateway are refused in its words.

use std::time::Duration;

use axum::body::Body;
use http::Method;
use serde_json::json;
use skybridge_api::problem::ErrorStyle;

use crate::kit::bodies::example;
use crate::kit::{Answer, App};

/// Status, error type and message; and what every refusal has.
#[track_caller]
fn told(answer: &Answer) -> (u16, String, String) {
    assert_eq!(answer.header("content-type"), "application/json", "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.header("x-request-id").is_empty());
    assert_eq!(answer.header("x-amzn-requestid"), answer.header("x-request-id"));
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
    let message = body["message"].as_str().unwrap().to_owned();
    (answer.status.as_u16(), answer.header("x-amzn-errortype").to_owned(), message)
}

fn forbidden() -> (u16, String, String) {
    (403, "ForbiddenException".to_owned(), "Forbidden".to_owned())
}

#[tokio::test]
async fn keys_that_are_not_taken_are_forbidden() {
    let app = App::in_style(ErrorStyle::Aws).await;
    let agency = app.agency("PartnerCo").await;
    let good = agency.credential();
    let unknown = good.replacen("sbk_live", "sbk_test", 1);
    for key in ["typo", unknown.as_str()] {
        let answer = app.with_key(key).get("/v1/usage").await;
        assert_eq!((told(&answer), answer.header("www-authenticate")), (forbidden(), ""), "{key}");
    }
    assert_eq!(told(&app.anonymous().get("/v1/usage").await), forbidden());
    let reader = app.admin().issue_key("PartnerCo", &json!({ "scopes": ["bookings:read"] })).await;
    assert_eq!(told(&app.with_key(&reader).get("/v1/usage").await), forbidden(), "a scope is missing");
    assert_eq!(told(&agency.book("k", &json!({ "agency": "Other" })).await), forbidden());
    app.admin().post("/admin/v1/agencies/PartnerCo/suspend", &json!({})).await.expect(200);
    assert_eq!(told(&agency.get("/v1/usage").await), forbidden(), "suspended");
}

#[tokio::test]
async fn limits_are_told_in_its_words_and_with_our_headers() {
    let app = App::in_style(ErrorStyle::Aws).await;
    let plan = json!({ "rate": "0.1", "burst": 1, "quota": "2/day" });
    let agency = app.agency_on_plan("PartnerCo", &plan).await;
    let first = agency.get("/v1/usage").await.expect(200);
    assert_eq!(first.header("x-amzn-requestid"), first.header("x-request-id"), "on every answer");
    let refused = agency.get("/v1/usage").await;
    let expected = |error_type: &str, message: &str| (429, error_type.to_owned(), message.to_owned());
    assert_eq!(told(&refused), expected("TooManyRequestsException", "Too Many Requests"));
    assert_eq!((refused.header("retry-after"), refused.header("ratelimit")), ("10", r#""burst";r=0;t=10"#));
    app.advance(Duration::from_secs(10));
    agency.get("/v1/usage").await.expect(200);
    let refused = agency.get("/v1/usage").await;
    assert_eq!(told(&refused), expected("LimitExceededException", "Limit Exceeded"));
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 10);
}

#[tokio::test]
async fn what_it_has_no_words_for_keeps_its_status_and_says_what_happened() {
    let app = App::in_style(ErrorStyle::Aws).await;
    let agency = app.agency("PartnerCo").await;
    let nothing = told(&agency.get("/v1/bookings/unknown").await);
    assert_eq!(nothing, (404, String::new(), "There is no such booking.".to_owned()));
    let wrong_method = agency.request(Method::DELETE, "/v1/usage").body(Body::empty()).unwrap();
    let wrong_method = agency.send(wrong_method).await;
    assert_eq!((told(&wrong_method).0, wrong_method.header("allow")), (405, "GET, HEAD"));
    let (status, _, message) = told(&agency.book("k", &json!({ "remarks": 1, "contact": 2 })).await);
    assert_eq!(status, 422);
    assert!(message.contains("/remarks ") && message.contains("/contact "), "all faults at once: {message}");
    agency.book("k", &example()).await.expect(201);
    // The operators' own listener speaks as ever.
    app.admin().get("/admin/v1/agencies/Nobody").await.expect_refusal(404, "not-found");
}
