//! Signed requests, and what an agency must come with.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use skybridge_api::public::ClientCertificate;
use skybridge_desk::Node;
use skybridge_domain::id::Randomness;
use skybridge_domain::time::Clock as _;
use skybridge_store::MemoryStore;

use crate::kit::app::BEGIN;
use crate::kit::bodies::example;
use crate::kit::signer::{Draft, Private, Signer, pair};
use crate::kit::{Answer, App};

/// PartnerCo, which signs with a key of this algorithm, a minute after the start.
pub(crate) async fn house(algorithm: &str) -> (App, Signer) {
    let app = App::new().await;
    app.agency("PartnerCo").await;
    app.advance(Duration::from_secs(60));
    let signer = signer_for(&app, algorithm, json!({})).await;
    (app, signer)
}

async fn signer_for(app: &App, algorithm: &str, more: Value) -> Signer {
    let (pair, pem) = pair(7);
    let mut body = more;
    body["algorithm"] = json!(algorithm);
    if algorithm == "ed25519" {
        body["public_key"] = json!(pem);
    }
    let made = app.admin().post("/admin/v1/agencies/PartnerCo/signing-keys", &body).await.expect(201).json();
    let key_id = made["key_id"].as_str().unwrap().to_owned();
    match made["secret"].as_str() {
        Some(secret) => Signer::with_secret(&key_id, secret),
        None => Signer { key_id, private: Private::Ed25519(pair) },
    }
}

/// What is answered to this request, signed.
pub(crate) async fn send(app: &App, signer: &Signer, draft: &Draft) -> Answer {
    app.anonymous().send(signer.signed(draft)).await
}

fn detail(answer: &Answer) -> String {
    answer.json()["detail"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_signature_is_as_good_as_a_key_and_good_once() {
    for algorithm in ["ed25519", "hmac-sha256"] {
        let (app, signer) = house(algorithm).await;
        let draft = Draft::book("k", &example().to_string(), app.clock.now(), "n1");
        let made = send(&app, &signer, &draft).await.expect(201);
        assert!(!made.header("ratelimit").is_empty());
        // The very same request again is a replay of the signature, whatever its Idempotency-Key says ...
        let refused = send(&app, &signer, &draft).await.expect_refusal(401, "signature-invalid");
        assert!(detail(&refused).contains("taken before"), "{}", detail(&refused));
        // ... and signed anew it is a retry, which makes no second booking.
        let again = send(&app, &signer, &Draft { nonce: "n2".to_owned(), ..draft.clone() }).await.expect(201);
        assert_eq!(again.body, made.body);
        assert_eq!(app.stored_bookings().await, 1);
        let read = Draft::get(&format!("/v1/bookings/{}?", made.booking_id()), app.clock.now(), "n3");
        let read = Draft { target: read.target.trim_end_matches('?').to_owned(), ..read };
        send(&app, &signer, &read).await.expect(200);
        let list = Draft::get("/v1/bookings?limit=5&status=CREATED", app.clock.now(), "n4");
        send(&app, &signer, &list).await.expect(200);
        let named = format!(";alg=\"{algorithm}\"").leak();
        let usage = Draft { more: named, ..Draft::get("/v1/usage", app.clock.now(), "n5") };
        send(&app, &signer, &usage).await.expect(200);
    }
}

#[tokio::test]
async fn whatever_was_altered_on_the_way_is_refused() {
    for algorithm in ["ed25519", "hmac-sha256"] {
        let (app, signer) = house(algorithm).await;
        let now = app.clock.now();
        let body = example().to_string();
        let draft = |nonce: &str| Draft::book("k", &body, now, nonce);
        let other_body = body.replace("199.00", "199.01");
        let with = |draft: &Draft, alter: &dyn Fn(&mut axum::extract::Request)| {
            let mut request = signer.signed(draft);
            alter(&mut request);
            request
        };
        let header = |name: &'static str, value: &'static str| {
            move |request: &mut axum::extract::Request| {
                request.headers_mut().insert(name, value.parse().unwrap());
            }
        };
        let altered = [
            ("method", with(&draft("1"), &|request| *request.method_mut() = http::Method::PUT)),
            ("path", with(&draft("2"), &|request| *request.uri_mut() = "/booking".parse().unwrap())),
            ("query", with(&draft("3"), &|request| *request.uri_mut() = "/v1/bookings?a=b".parse().unwrap())),
            ("host", with(&draft("4"), &header("host", "other.example.com"))),
            ("key", with(&draft("5"), &header("idempotency-key", "other"))),
            ("body", with(&draft("6"), &|request| *request.body_mut() = Body::from(other_body.clone()))),
            ("no body", with(&draft("7"), &|request| *request.body_mut() = Body::empty())),
        ];
        for (what, request) in altered {
            println!("{algorithm}: {what}");
            let answer = app.anonymous().send(request).await;
            if what == "method" {
                answer.expect_refusal(405, "method-not-allowed");
            } else {
                answer.expect_refusal(401, "signature-invalid");
            }
        }
        assert_eq!(app.stored_bookings().await, 0);
        // What the signature itself did not fit spent nothing: the request as it was signed is still good. With an
        // altered body the call was admitted, and that is once.
        send(&app, &signer, &draft("5")).await.expect(201);
        for spent in ["6", "7"] {
            let refused = send(&app, &signer, &draft(spent)).await.expect_refusal(401, "signature-invalid");
            assert!(detail(&refused).contains("taken before"), "{}", detail(&refused));
        }
        // Signed anew it is a retry, which makes no second booking.
        send(&app, &signer, &draft("8")).await.expect(201);
        assert_eq!(app.stored_bookings().await, 1);
    }
}

/// Whoever holds a signature that is not spent must not have many calls admitted with it.
#[tokio::test]
async fn a_signature_is_good_for_one_call_also_while_its_body_does_not_end() {
    let (app, signer) = house("ed25519").await;
    let draft = Draft::book("k", &example().to_string(), app.clock.now(), "n");
    let stuck = || {
        let mut request = signer.signed(&draft);
        let never = futures_util::stream::pending::<Result<bytes::Bytes, std::convert::Infallible>>();
        *request.body_mut() = Body::from_stream(never);
        request
    };
    let (anonymous, first, second) = (app.anonymous(), stuck(), stuck());
    let mut first = std::pin::pin!(anonymous.send(first));
    assert!(first.as_mut().now_or_never().is_none(), "the first waits for its body");
    let refused = anonymous.send(second).now_or_never().expect("the second does not wait for its body");
    let refused = refused.expect_refusal(401, "signature-invalid");
    assert!(detail(&refused).contains("taken before"), "{}", detail(&refused));
    assert!(first.as_mut().now_or_never().is_none());
    // Nor is it good for its own body any more.
    anonymous.send(signer.signed(&draft)).await.expect_refusal(401, "signature-invalid");
}

/// Chance that is none, so that nodes can be told apart.
struct Always(u8);

impl Randomness for Always {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

#[tokio::test]
async fn where_nodes_share_a_store_it_is_good_on_one_of_them_also_then() {
    let here = App::of_node(Arc::new(MemoryStore::default()), BEGIN, Node::server(&Always(1))).await;
    here.agency("PartnerCo").await;
    let signer = signer_for(&here, "ed25519", json!({})).await;
    let there = App::of_node(Arc::clone(&here.store), BEGIN, Node::server(&Always(2))).await;
    let draft = Draft::book("k", &example().to_string(), BEGIN, "n");
    let mut stuck = signer.signed(&draft);
    let never = futures_util::stream::pending::<Result<bytes::Bytes, std::convert::Infallible>>();
    *stuck.body_mut() = Body::from_stream(never);
    let anonymous = here.anonymous();
    let mut stuck = std::pin::pin!(anonymous.send(stuck));
    assert!(stuck.as_mut().now_or_never().is_none(), "the first waits for its body");
    let refused = send(&there, &signer, &draft).await.expect_refusal(401, "signature-invalid");
    assert!(detail(&refused).contains("taken before"), "{}", detail(&refused));
}

#[tokio::test]
async fn what_has_to_be_covered_is_named() {
    let (app, signer) = house("ed25519").await;
    let now = app.clock.now();
    for (number, uncovered) in
        ["@method", "@target-uri", "content-digest", "idempotency-key"].iter().enumerate()
    {
        let draft = Draft::book("k", &example().to_string(), now, &number.to_string());
        let refused = send(&app, &signer, &Draft { uncovered, ..draft }).await;
        let refused = refused.expect_refusal(401, "signature-invalid");
        assert!(detail(&refused).contains(uncovered), "{}", detail(&refused));
        assert!(refused.header("www-authenticate").starts_with("Bearer"));
    }
    let draft = Draft { more: ";alg=\"hmac-sha256\"", ..Draft::get("/v1/usage", now, "a") };
    send(&app, &signer, &draft).await.expect_refusal(401, "signature-invalid");
    let many: String = (0..14).map(|number| format!(";p{number}=1")).collect();
    let draft = Draft { more: many.leak(), ..Draft::get("/v1/usage", now, "many") };
    let refused = send(&app, &signer, &draft).await.expect_refusal(401, "signature-invalid");
    assert!(detail(&refused).contains("no more than 16 are read"), "{}", detail(&refused));
    let mut half = signer.signed(&Draft::get("/v1/usage", now, "b"));
    half.headers_mut().remove("signature");
    app.anonymous().send(half).await.expect_refusal(401, "signature-invalid");
    let both = signer.request(&Draft::get("/v1/usage", now, "c")).header("x-api-key", "sbk_live_x");
    app.anonymous().send(both.body(Body::empty()).unwrap()).await.expect_refusal(400, "duplicate-header");
}

#[tokio::test]
async fn a_signature_holds_within_its_window_to_the_second() {
    let (app, signer) = house("hmac-sha256").await;
    app.advance(Duration::from_secs(600));
    let now = app.clock.now();
    for (number, created, taken) in
        [(0, -300, true), (1, -301, false), (2, 5, true), (3, 6, false), (4, 0, true)]
    {
        let draft = Draft::get("/v1/usage", now, &number.to_string());
        let draft = Draft { created: now.as_secs().checked_add_signed(created).unwrap(), ..draft };
        let answer = send(&app, &signer, &draft).await;
        if taken {
            answer.expect(200);
        } else {
            let refused = answer.expect_refusal(401, "signature-invalid");
            assert!(
                detail(&refused).contains(&now.as_secs().to_string()),
                "our clock is told: {}",
                detail(&refused)
            );
        }
    }
    let expired = Draft { more: ";expires=1", ..Draft::get("/v1/usage", now, "e") };
    send(&app, &signer, &expired).await.expect_refusal(401, "signature-invalid");
    // Until its window has passed a signature stays spent, and from then on it is too old.
    let draft = Draft { created: now.as_secs() + 5, ..Draft::get("/v1/usage", now, "late") };
    send(&app, &signer, &draft).await.expect(200);
    for wait in [300, 5, 1, 1] {
        app.advance(Duration::from_secs(wait));
        send(&app, &signer, &draft).await.expect_refusal(401, "signature-invalid");
    }
}

#[tokio::test]
async fn nothing_that_a_former_run_may_have_taken_is_taken_again() {
    let (app, signer) = house("ed25519").await;
    let now = app.clock.now();
    let used = [0, 3, 5].map(|ahead| {
        let draft = Draft::get("/v1/usage", now, &format!("n{ahead}"));
        Draft { created: now.as_secs() + ahead, ..draft }
    });
    for draft in &used {
        send(&app, &signer, draft).await.expect(200);
    }
    let app = app.after_a_crash().await;
    for _ in 0..4 {
        for draft in &used {
            send(&app, &signer, draft).await.expect_refusal(401, "signature-invalid");
        }
        app.advance(Duration::from_secs(3));
    }
    // Soon after the start what is signed then is taken.
    send(&app, &signer, &Draft::get("/v1/usage", app.clock.now(), "new")).await.expect(200);
}

/// Nobody can know when we started: who signed well is told how long to wait, and that is no failed attempt.
#[tokio::test]
async fn a_start_costs_those_who_sign_some_seconds_and_no_lockout() {
    let (app, signer) = house("ed25519").await;
    app.advance(Duration::from_millis(400));
    let app = app.after_a_crash().await;
    let usage = |app: &App, nonce: u64| Draft::get("/v1/usage", app.clock.now(), &nonce.to_string());
    // Taken is what is signed in the second that begins 5 s after the start, or later.
    for (waited, wait) in [(0, "6"), (399, "6"), (1, "6"), (4_000, "2"), (600, "1"), (599, "1")] {
        app.advance(Duration::from_millis(waited));
        for nonce in 0..30 {
            let refused = send(&app, &signer, &usage(&app, nonce)).await;
            let refused = refused.expect_refusal(401, "signature-invalid");
            assert_eq!(refused.header("retry-after"), wait, "after {waited} more");
        }
    }
    app.advance(Duration::from_millis(1));
    send(&app, &signer, &usage(&app, 1)).await.expect(200);
    // Other failures count as ever: one is refused for its age, and no Retry-After helps.
    let old = Draft { created: 1, ..usage(&app, 2) };
    let refused = send(&app, &signer, &old).await.expect_refusal(401, "signature-invalid");
    assert_eq!(refused.header("retry-after"), "");
    for _ in 1..20 {
        send(&app, &signer, &old).await.expect_refusal(401, "signature-invalid");
    }
    send(&app, &signer, &old).await.expect_refusal(429, "too-many-failed-attempts");
}

#[tokio::test]
async fn a_signing_key_is_a_key_like_others() {
    let (app, signer) = house("ed25519").await;
    let admin = app.admin();
    let usage = |app: &App, nonce: &str| Draft::get("/v1/usage", app.clock.now(), nonce);

    let reader = signer_for(&app, "hmac-sha256", json!({ "scopes": ["bookings:read"] })).await;
    send(&app, &reader, &usage(&app, "1")).await.expect_refusal(403, "scope-missing");
    let elsewhere = signer_for(&app, "hmac-sha256", json!({ "allowed_cidrs": ["203.0.113.0/24"] })).await;
    send(&app, &elsewhere, &usage(&app, "2")).await.expect_refusal(403, "address-not-allowed");
    let brief = signer_for(&app, "ed25519", json!({ "expires_in_seconds": 10 })).await;
    send(&app, &brief, &usage(&app, "3")).await.expect(200);
    app.advance(Duration::from_secs(10));
    let expired = send(&app, &brief, &usage(&app, "4")).await.expect_refusal(401, "signature-invalid");

    // Rotated: both sign, the old one with the end of its grace in every answer.
    let (_, successor) = pair(8);
    let rotate = format!("/admin/v1/signing-keys/{}/rotate", signer.key_id);
    admin.post(&rotate, &json!({ "grace_seconds": 60 })).await.expect_refusal(422, "invalid-request");
    let body = json!({ "grace_seconds": 60, "public_key": successor });
    let rotated = admin.post(&rotate, &body).await.expect(201).json();
    let next = rotated["key_id"].as_str().unwrap().to_owned();
    let next = Signer { key_id: next, private: Private::Ed25519(pair(8).0) };
    let in_grace = send(&app, &signer, &usage(&app, "5")).await.expect(200);
    assert!(in_grace.header("deprecation").starts_with('@') && in_grace.header("sunset").ends_with("GMT"));
    send(&app, &next, &usage(&app, "6")).await.expect(200);

    // Revoked, unknown, of another algorithm, an API key's id: one answer.
    let revoke = format!("/admin/v1/keys/{}/revoke", next.key_id);
    admin.post(&revoke, &json!(null)).await.expect(200);
    let revoked = send(&app, &next, &usage(&app, "7")).await.expect_refusal(401, "signature-invalid");
    let stranger = Signer { key_id: "000000000000".to_owned(), private: Private::Ed25519(pair(7).0) };
    let unknown = send(&app, &stranger, &usage(&app, "8")).await.expect_refusal(401, "signature-invalid");
    let other = Signer { key_id: reader.key_id.clone(), private: Private::Ed25519(pair(7).0) };
    let other = send(&app, &other, &usage(&app, "9")).await.expect_refusal(401, "signature-invalid");
    let api_key = admin.issue_key("PartnerCo", &json!({})).await;
    let of_api_key = Signer { key_id: api_key[9..21].to_owned(), private: Private::Ed25519(pair(7).0) };
    let of_api_key =
        send(&app, &of_api_key, &usage(&app, "a")).await.expect_refusal(401, "signature-invalid");
    let mut details = [&expired, &revoked, &unknown, &other, &of_api_key].map(detail).to_vec();
    details.dedup();
    assert_eq!(details.len(), 1, "{details:?}");

    let listed = admin.get("/admin/v1/agencies/PartnerCo/signing-keys").await.expect(200).json();
    let listed = listed["keys"].as_array().unwrap();
    assert_eq!(listed.len(), 5);
    assert!(listed.iter().all(|key| key["algorithm"].is_string() && key["secret"].is_null()));
    assert!(listed.iter().any(|key| key["last_used_at"].is_string()));
    let keys = admin.get("/admin/v1/agencies/PartnerCo/keys").await.expect(200).json();
    assert!(keys["keys"].as_array().unwrap().iter().all(|key| key["algorithm"].is_null()));
}

#[tokio::test]
async fn an_agency_comes_with_what_it_must_come_with() {
    let (app, signer) = house("ed25519").await;
    let admin = app.admin();
    let key = admin.issue_key("PartnerCo", &json!({})).await;
    let agency = "/admin/v1/agencies/PartnerCo";
    let (own, other) = ([0x5e; 32], [0x5f; 32]);
    let hex = "5e".repeat(32);
    let must = json!({ "requires": "certificate" });
    admin.put(&format!("{agency}/requirement"), &must).await.expect_refusal(409, "invalid-transition");
    let pinned =
        admin.post(&format!("{agency}/certificates"), &json!({ "certificate": hex })).await.expect(200);
    assert_eq!(pinned.json()["certificates"][0]["sha256"], hex);

    let mut nonce = 0;
    for requires in ["none", "signature", "certificate", "both"] {
        let set =
            admin.put(&format!("{agency}/requirement"), &json!({ "requires": requires })).await.expect(200);
        assert_eq!(set.json()["requires"], requires);
        for signed in [false, true] {
            for certificate in [None, Some(own), Some(other)] {
                nonce += 1;
                println!("{requires}: signed {signed}, certificate {certificate:?}");
                let mut request = if signed {
                    signer.signed(&Draft::get("/v1/usage", app.clock.now(), &nonce.to_string()))
                } else {
                    app.with_key(&key).request(http::Method::GET, "/v1/usage").body(Body::empty()).unwrap()
                };
                if let Some(sha_256) = certificate {
                    request.extensions_mut().insert(ClientCertificate(sha_256));
                }
                let answer = app.anonymous().send(request).await;
                if ["signature", "both"].contains(&requires) && !signed {
                    answer.expect_refusal(403, "signature-required");
                } else if ["certificate", "both"].contains(&requires) && certificate != Some(own) {
                    answer.expect_refusal(403, "certificate-required");
                } else {
                    answer.expect(200);
                }
            }
        }
    }
    // The last certificate cannot be taken from an agency that must come with one; another can follow it.
    let unpin = async |sha256: &str| {
        let request = admin.request(http::Method::DELETE, &format!("{agency}/certificates/{sha256}"));
        admin.send(request.body(Body::empty()).unwrap()).await
    };
    unpin(&hex).await.expect_refusal(409, "invalid-transition");
    let next = json!({ "certificate": "5f".repeat(32) });
    admin.post(&format!("{agency}/certificates"), &next).await.expect(200);
    assert_eq!(unpin(&hex).await.expect(200).json()["certificates"].as_array().unwrap().len(), 1);
    let shown = app.after_a_restart().await.admin().get(agency).await.expect(200).json();
    assert_eq!(
        (&shown["requires"], &shown["certificates"][0]["sha256"]),
        (&json!("both"), &json!("5f".repeat(32)))
    );
}
