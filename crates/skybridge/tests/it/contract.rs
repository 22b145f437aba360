//! The contract as documents: OpenAPI, error pages, documentation, health.

use std::collections::BTreeSet;

use axum::body::Body;
use http::Method;
use serde_json::json;
use skybridge_api::problem::Code;
use skybridge_api::public;

use crate::kit::bodies::example;
use crate::kit::{App, PlanTerms};

/// The document in the repository is the one that the program serves. `UPDATE_OPENAPI=1 cargo test` writes it anew.
#[tokio::test]
async fn the_openapi_document_is_the_one_in_the_repository() {
    let app = App::new().await;
    let served = app.anonymous().get("/openapi.json").await.expect(200).json();
    let text = serde_json::to_string_pretty(&served).unwrap() + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    #[expect(clippy::disallowed_methods, reason = "the switch that writes the document anew")]
    if std::env::var("UPDATE_OPENAPI").is_ok() {
        std::fs::write(path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(path).expect("docs/openapi.json is in the repository");
    assert!(
        kept == text,
        "docs/openapi.json is not what is served; UPDATE_OPENAPI=1 cargo test writes it anew"
    );
}

#[tokio::test]
async fn the_openapi_document_names_the_routes_of_the_contract() {
    let document = serde_json::to_value(public::openapi()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            operations.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let expected = [
        "POST /booking",
        "POST /v1/bookings",
        "GET /v1/bookings",
        "GET /v1/bookings/{booking_id}",
        "POST /v1/bookings/{booking_id}/confirm",
        "POST /v1/bookings/{booking_id}/cancel",
        "GET /v1/bookings/{booking_id}/history",
        "GET /v1/idempotency/{key}",
        "GET /v1/usage",
        "GET /healthz",
        "GET /readyz",
        "GET /openapi.json",
        "GET /docs",
        "GET /docs/redoc.js",
        "GET /errors/{code}",
    ];
    assert_eq!(operations, expected.map(str::to_owned).into());
}

#[tokio::test]
async fn every_operation_for_agencies_needs_a_key() {
    let app = App::new().await;
    let document = serde_json::to_value(public::openapi()).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let path = path.replace("{booking_id}", "x").replace("{key}", "x").replace("{code}", "not-found");
            let anyone = app.anonymous();
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let request = anyone.request(method, &path).body(Body::empty()).unwrap();
            let answer = anyone.send(request).await;
            if operation["security"].is_null() {
                assert_eq!(answer.status, 200, "{path}");
            } else {
                answer.expect_refusal(401, "key-missing");
            }
        }
    }
}

/// Whatever an answer carries beyond what every HTTP answer has, the document declares for that operation and status.
#[tokio::test]
async fn answers_carry_the_headers_that_the_document_declares() {
    let app = App::new().await;
    let document = serde_json::to_value(public::openapi()).unwrap();
    let terms = PlanTerms { rate: "0.000001", burst: 12, quota: None, in_flight: None };
    let agency = app.agency_on("PartnerCo", terms).await;
    let booking = agency.book("k", &example()).await;
    let one = format!("/v1/bookings/{}", booking.booking_id());
    let show = |tag: &str| {
        agency.request(Method::GET, &one).header("if-none-match", tag).body(Body::empty()).unwrap()
    };
    let mut answers = vec![
        ("post", "/v1/bookings", booking),
        ("post", "/v1/bookings", agency.book("k", &example()).await),
        ("post", "/v1/bookings", agency.book("k", &json!({})).await),
        ("post", "/v1/bookings", agency.post("/v1/bookings", &json!({})).await),
        ("post", "/booking", agency.post("/booking", &json!({})).await),
        ("post", "/booking", agency.post("/booking", &json!({ "agency": "Other" })).await),
        ("get", "/v1/bookings/{booking_id}", agency.get(&one).await),
        ("get", "/v1/bookings/{booking_id}", agency.send(show("\"1\"")).await),
        ("get", "/v1/bookings/{booking_id}", agency.get("/v1/bookings/x").await),
        ("get", "/v1/bookings", agency.get("/v1/bookings").await),
        ("get", "/v1/usage", agency.get("/v1/usage").await),
        ("get", "/v1/usage", app.anonymous().get("/v1/usage").await),
        ("get", "/healthz", app.anonymous().get("/healthz").await),
    ];
    while answers.last().unwrap().2.status != 429 {
        answers.push(("get", "/v1/usage", agency.get("/v1/usage").await));
    }
    app.draining.begin();
    answers.push(("get", "/readyz", app.anonymous().get("/readyz").await));

    let everywhere = ["content-type", "content-length", "cache-control"];
    for (method, path, answer) in answers {
        let declared = &document["paths"][path][method]["responses"][answer.status.as_str()];
        assert!(!declared.is_null(), "{method} {path} answers {}, which is not declared", answer.status);
        let names =
            declared["headers"].as_object().into_iter().flatten().map(|(name, _)| name.to_ascii_lowercase());
        let mut declared: BTreeSet<String> = names.collect();
        let mut sent: BTreeSet<String> = answer.headers.keys().map(ToString::to_string).collect();
        sent.retain(|name| !everywhere.contains(&name.as_str()));
        // Sent only with a replay, and only while a rotated key is in its grace.
        for conditional in ["idempotent-replayed", "deprecation", "sunset"] {
            declared.remove(conditional);
            sent.remove(conditional);
        }
        // With 401 only for what was signed before a start.
        if answer.status == 401 {
            declared.remove("retry-after");
        }
        assert_eq!(sent, declared, "{method} {path} {}", answer.status);
    }
}

#[tokio::test]
async fn every_code_has_its_page_and_every_page_its_code() {
    let app = App::new().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
    let pages: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.strip_suffix(".md").expect("only pages stand there").to_owned())
        .collect();
    let codes: BTreeSet<String> = Code::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    assert_eq!(pages, codes);
    for code in Code::ALL {
        let heading = format!("# {} ({})", code.title(), code.status().as_u16());
        assert_eq!(code.page().lines().next(), Some(heading.as_str()), "{}", code.as_str());
        let page = app.anonymous().get(&format!("/errors/{}", code.as_str())).await.expect(200);
        assert!(page.header("content-type").starts_with("text/html"));
        let text = String::from_utf8(page.body).unwrap();
        assert!(text.contains("<h2>What to do</h2>"), "{}", code.as_str());
    }
}

#[tokio::test]
async fn the_documentation_loads_nothing_from_elsewhere() {
    let app = App::new().await;
    let page = app.anonymous().get("/docs").await.expect(200);
    let text = String::from_utf8(page.body.clone()).unwrap();
    assert!(!text.contains("//"), "the page names another host: {text}");
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    let script = app.anonymous().get("/docs/redoc.js").await.expect(200);
    assert_eq!(script.header("content-encoding"), "gzip");
    assert_eq!(script.body[..2], [0x1f, 0x8b]);
}

#[tokio::test]
async fn health_is_told_and_draining_too() {
    let app = App::new().await;
    assert_eq!(app.anonymous().get("/healthz").await.expect(200).json()["status"], "ok");
    assert_eq!(app.anonymous().get("/readyz").await.expect(200).json()["status"], "ready");
    app.draining.begin();
    let refused = app.anonymous().get("/readyz").await.expect_refusal(503, "draining");
    assert_eq!(refused.header("retry-after"), "1");
    app.anonymous().get("/healthz").await.expect(200);
}
