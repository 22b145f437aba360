//! Who is known, and who is not any more.

use std::time::Duration;

use axum::body::Body;
use http::Method;
use serde_json::json;

use crate::kit::bodies::example;
use crate::kit::{Answer, App};

/// The refusal without what differs from one request to the next.
fn body_without_id(answer: &Answer) -> serde_json::Value {
    let mut body = answer.json();
    body["request_id"].take();
    body
}

#[tokio::test]
async fn a_key_is_taken_in_either_header() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    agency.get("/v1/usage").await.expect(200);
    let bearer = |scheme: &str| format!("{scheme} {}", agency.credential());
    for scheme in ["Bearer", "bearer", "BEARER "] {
        let anyone = app.anonymous();
        let request = anyone.request(Method::GET, "/v1/usage").header("authorization", bearer(scheme));
        anyone.send(request.body(Body::empty()).unwrap()).await.expect(200);
    }
}

#[tokio::test]
async fn no_key_and_a_mistyped_key_are_told_apart() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let refused = app.anonymous().get("/v1/usage").await.expect_refusal(401, "key-missing");
    assert!(refused.header("www-authenticate").starts_with("Bearer"));
    let key = agency.credential();
    let mut mistyped = vec![String::new(), "nonsense".to_owned(), key[1..].to_owned(), format!("{key}x")];
    // One wrong character, wherever it stands.
    for place in (0..key.len()).step_by(7) {
        let mut wrong = key.to_owned().into_bytes();
        wrong[place] = if wrong[place] == b'7' { b'8' } else { b'7' };
        mistyped.push(String::from_utf8(wrong).unwrap());
    }
    for wrong in mistyped {
        let refused = app.with_key(&wrong).get("/v1/usage").await.expect_refusal(401, "key-malformed");
        assert!(refused.header("www-authenticate").starts_with("Bearer"));
        let text = String::from_utf8(refused.body).unwrap();
        assert!(wrong.len() < 9 || !text.contains(&wrong[9..]), "the refusal repeats the key");
    }
}

#[tokio::test]
async fn unknown_revoked_and_expired_keys_get_the_same_answer() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let admin = app.admin();

    // A key of another installation: well-formed, known to nobody here.
    let elsewhere = App::new().await;
    let _ = elsewhere.agency("First").await;
    let stranger = elsewhere.agency("Stranger").await.credential().to_owned();

    let expiring = admin.issue_key("PartnerCo", &json!({ "expires_in_seconds": 60 })).await;
    app.with_key(&expiring).get("/v1/usage").await.expect(200);
    app.advance(Duration::from_secs(60));

    let revoked = agency.credential().to_owned();
    let id = revoked[9..21].to_owned();
    admin.post(&format!("/admin/v1/keys/{id}/revoke"), &json!(null)).await.expect(200);

    let mut bodies = Vec::new();
    for key in [&stranger, &expiring, &revoked] {
        let refused = app.with_key(key).get("/v1/usage").await.expect_refusal(401, "key-unknown");
        bodies.push((body_without_id(&refused), refused.header("www-authenticate").to_owned()));
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
}

#[tokio::test]
async fn a_revoked_key_books_nothing_from_the_next_request_on() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    agency.book("before", &example()).await.expect(201);
    let id = agency.credential()[9..21].to_owned();
    let revoke = format!("/admin/v1/keys/{id}/revoke");
    let first = app.admin().post(&revoke, &json!(null)).await.expect(200);
    assert_eq!(first.json()["status"], "revoked");
    app.advance(Duration::from_secs(5));
    assert_eq!(app.admin().post(&revoke, &json!(null)).await.expect(200).json(), first.json());
    agency.book("after", &example()).await.expect_refusal(401, "key-unknown");
    assert_eq!(app.stored_bookings().await, 1);
}

#[tokio::test]
async fn a_rotated_key_holds_until_its_grace_ends_and_shares_the_limits() {
    let app = App::new().await;
    let terms = crate::kit::PlanTerms { rate: "0.000001", burst: 5, quota: None, in_flight: None };
    let old = app.agency_on("PartnerCo", terms).await;
    let id = old.credential()[9..21].to_owned();
    let rotate = format!("/admin/v1/keys/{id}/rotate");
    let rotated = app.admin().post(&rotate, &json!({ "grace_seconds": 3600 })).await.expect(201).json();
    assert_eq!(rotated["replaces"]["key_id"], id);
    assert_eq!(rotated["replaces"]["expires_at"], "2027-01-01T13:00:00.000Z");
    let new = app.with_key(rotated["key"].as_str().unwrap());

    for caller in [&old, &new, &old, &new, &old] {
        caller.get("/v1/usage").await.expect(200);
    }
    new.get("/v1/usage").await.expect_refusal(429, "rate-limited");

    app.advance(Duration::from_secs(3600));
    old.get("/v1/usage").await.expect_refusal(401, "key-unknown");
    new.get("/v1/usage").await.expect_refusal(429, "rate-limited");
    app.admin().post(&rotate, &json!({ "grace_seconds": 1 })).await.expect_refusal(409, "invalid-transition");
}

#[tokio::test]
async fn every_answer_to_a_rotated_key_says_until_when_it_works() {
    let app = App::new().await;
    let terms = crate::kit::PlanTerms { rate: "0.000001", burst: 4, quota: None, in_flight: None };
    let old = app.agency_on("PartnerCo", terms).await;
    let dates = |answer: &Answer| [answer.header("deprecation"), answer.header("sunset")].map(str::to_owned);
    assert_eq!(dates(&old.get("/v1/usage").await.expect(200)), ["", ""]);
    app.advance(Duration::from_millis(1500));
    let rotate = format!("/admin/v1/keys/{}/rotate", &old.credential()[9..21]);
    let rotated = app.admin().post(&rotate, &json!({ "grace_seconds": 86_400 })).await.expect(201).json();
    let new = app.with_key(rotated["key"].as_str().unwrap());
    // 12:00:01.5 on 2027-01-01, and a day later.
    let grace = ["@1798804801", "Sat, 02 Jan 2027 12:00:01 GMT"];
    assert_eq!(dates(&old.get("/v1/usage").await.expect(200)), grace);
    assert_eq!(dates(&old.get("/v1/bookings/x").await.expect_refusal(404, "not-found")), grace);
    assert_eq!(dates(&new.get("/v1/usage").await.expect(200)), ["", ""]);
    assert_eq!(dates(&old.get("/v1/usage").await.expect_refusal(429, "rate-limited")), grace);
    // As a store's record, across a restart too.
    let (key, app) = (old.credential().to_owned(), app.after_a_restart().await);
    assert_eq!(dates(&app.with_key(&key).get("/v1/usage").await.expect_refusal(429, "rate-limited")), grace);
}

#[tokio::test]
async fn when_a_key_was_last_used_is_known_without_a_write_per_call() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let last_used = async |app: &App| {
        let listed = app.admin().get("/admin/v1/agencies/PartnerCo/keys").await.expect(200).json();
        listed["keys"][0]["last_used_at"].clone()
    };
    let record = skybridge_store::Key::new(skybridge_store::Table::Limits, "last-uses#PartnerCo");
    let version = async |app: &App| app.store.get(&record).await.unwrap().map(|record| record.version);
    let minute = Duration::from_secs(60);
    assert_eq!(last_used(&app).await, json!(null));
    agency.get("/v1/usage").await.expect(200);
    assert_eq!(last_used(&app).await, "2027-01-01T12:00:00.000Z");
    assert_eq!(version(&app).await, None);
    app.desk.record_last_uses(minute).await.unwrap();
    assert_eq!(version(&app).await, Some(1));

    // Many calls, many looks, and one write.
    for _ in 0..59 {
        app.advance(Duration::from_secs(1));
        agency.get("/v1/usage").await.expect(200);
        app.desk.record_last_uses(minute).await.unwrap();
    }
    assert_eq!((version(&app).await, last_used(&app).await), (Some(1), json!("2027-01-01T12:00:59.000Z")));
    app.advance(Duration::from_secs(1));
    agency.get("/v1/usage").await.expect(200);
    app.desk.record_last_uses(minute).await.unwrap();
    app.desk.record_last_uses(minute).await.unwrap();
    assert_eq!(version(&app).await, Some(2));

    // A failed attempt is no use; what was used until a revocation is told after it, and after a crash.
    app.advance(Duration::from_secs(7));
    agency.get("/v1/usage").await.expect(200);
    let id = agency.credential()[9..21].to_owned();
    let revoked = app.admin().post(&format!("/admin/v1/keys/{id}/revoke"), &json!(null)).await.expect(200);
    assert_eq!(revoked.json()["last_used_at"], "2027-01-01T12:01:07.000Z");
    app.advance(minute);
    agency.get("/v1/usage").await.expect_refusal(401, "key-unknown");
    app.desk.record_last_uses(minute).await.unwrap();
    let app = app.after_a_crash().await;
    assert_eq!(last_used(&app).await, "2027-01-01T12:01:07.000Z");
}

#[tokio::test]
async fn a_sandbox_key_and_a_live_one_never_see_each_others_bookings() {
    let app = App::new().await;
    let live = app.agency("PartnerCo").await;
    let sandbox = app.admin().issue_key("PartnerCo", &json!({ "mode": "test" })).await;
    assert!(sandbox.starts_with("sbk_test_"));
    let sandbox = app.with_key(&sandbox);
    for (mine, other) in [(&live, &sandbox), (&sandbox, &live)] {
        let made = mine.book("same key", &example()).await.expect(201).booking_id();
        for path in ["", "/history"] {
            mine.get(&format!("/v1/bookings/{made}{path}")).await.expect(200);
            other.get(&format!("/v1/bookings/{made}{path}")).await.expect_refusal(404, "not-found");
        }
        for step in ["confirm", "cancel"] {
            let path = format!("/v1/bookings/{made}/{step}");
            other.post(&path, &json!({})).await.expect_refusal(404, "not-found");
        }
        let listed = mine.get("/v1/bookings").await.expect(200).json();
        assert_eq!(listed["bookings"].as_array().unwrap().len(), 1);
        assert_eq!(listed["bookings"][0]["booking_id"], made);
        let named = mine.get("/v1/idempotency/same%20key").await.expect(200).booking_id();
        assert_eq!(named, made);
    }
    let by_mode = async |mode: &str| {
        let path = format!("/admin/v1/bookings?agency=PartnerCo&mode={mode}");
        app.admin().get(&path).await.expect(200).json()["bookings"].as_array().unwrap().len()
    };
    assert_eq!((by_mode("live").await, by_mode("test").await), (1, 1));
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_from_where_it_may() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let made = agency.book("k", &example()).await.expect(201).booking_id();
    let reader = app.admin().issue_key("PartnerCo", &json!({ "scopes": ["bookings:read"] })).await;
    let reader = app.with_key(&reader);
    reader.get(&format!("/v1/bookings/{made}")).await.expect(200);
    let refused = reader.book("k2", &example()).await.expect_refusal(403, "scope-missing");
    assert!(refused.json()["detail"].as_str().unwrap().contains("bookings:write"));
    assert!(!refused.header("ratelimit").is_empty(), "the caller is known, so it is told its limits");
    reader.get("/v1/usage").await.expect_refusal(403, "scope-missing");

    // Requests of this kit come from 192.0.2.1.
    let inside = app.admin().issue_key("PartnerCo", &json!({ "allowed_cidrs": ["192.0.2.0/24"] })).await;
    app.with_key(&inside).get("/v1/usage").await.expect(200);
    let outside = app.admin().issue_key("PartnerCo", &json!({ "allowed_cidrs": ["198.51.100.0/24"] })).await;
    app.with_key(&outside).get("/v1/usage").await.expect_refusal(403, "address-not-allowed");
}

#[tokio::test]
async fn a_suspended_agency_waits_until_it_is_resumed() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let admin = app.admin();
    let step =
        async |step: &str| admin.post(&format!("/admin/v1/agencies/PartnerCo/{step}"), &json!(null)).await;
    assert_eq!(step("suspend").await.expect(200).json()["status"], "SUSPENDED");
    agency.get("/v1/usage").await.expect_refusal(403, "agency-suspended");
    assert_eq!(step("resume").await.expect(200).json()["status"], "ACTIVE");
    agency.get("/v1/usage").await.expect(200);
}

#[tokio::test]
async fn the_store_holds_no_secret() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    agency.book("k", &example()).await.expect(201);
    let secret = &agency.credential()[22..65];
    for table in skybridge_store::Table::ALL {
        for partition in ["plans", "agencies", "keys", "audit", "limits", "PartnerCo#live"] {
            let query = skybridge_store::Query {
                table,
                partition: partition.to_owned(),
                from: None,
                to: None,
                order: skybridge_store::Order::Ascending,
                limit: 1000,
                after: None,
            };
            let page = app.store.query(&query).await.unwrap();
            assert!(!format!("{:?}", page.records).contains(secret), "{table} {partition}");
        }
    }
}
