//! Who guesses keys is told to wait, and nobody else is.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Method;
use serde_json::json;
use skybridge_domain::time::Clock as _;

use crate::kit::signer::Draft;
use crate::kit::{Answer, App};
use crate::signed::{house, send};

/// `GET /v1/usage` with `key` from `source`.
async fn ask(app: &App, key: &str, source: &str) -> Answer {
    let caller = app.with_key(key);
    let mut request = caller.request(Method::GET, "/v1/usage").body(Body::empty()).unwrap();
    let source: SocketAddr = format!("{source}:40000").parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(source));
    caller.send(request).await
}

/// A key of another installation.
async fn strange_key(name: &str) -> String {
    let elsewhere = App::new().await;
    for other in ["One", "Two", "Three"] {
        if other == name {
            break;
        }
        elsewhere.agency(other).await;
    }
    elsewhere.agency(name).await.credential().to_owned()
}

#[tokio::test]
async fn who_fails_too_often_waits_just_as_long_as_told() {
    let app = App::new().await;
    let good = app.agency("PartnerCo").await.credential().to_owned();
    let wrong = "sbk_live_nonsense";
    for _ in 0..20 {
        ask(&app, wrong, "192.0.2.7").await.expect_refusal(401, "key-malformed");
    }
    let refused = ask(&app, wrong, "192.0.2.7").await.expect_refusal(429, "too-many-failed-attempts");
    assert_eq!(refused.header("retry-after"), "10");
    assert_eq!(refused.header("ratelimit"), "", "it is apart from plans");
    // Being refused so does not move the moment away.
    app.advance(Duration::from_millis(9_999));
    let refused = ask(&app, wrong, "192.0.2.7").await.expect_refusal(429, "too-many-failed-attempts");
    assert_eq!(refused.header("retry-after"), "1");
    app.advance(Duration::from_millis(1));
    // By now three more count as failures; after them the wait is twice as long.
    for _ in 0..3 {
        ask(&app, wrong, "192.0.2.7").await.expect_refusal(401, "key-malformed");
    }
    let refused = ask(&app, wrong, "192.0.2.7").await.expect_refusal(429, "too-many-failed-attempts");
    assert_eq!(refused.header("retry-after"), "20");

    // The agency behind the same address notices nothing, and neither do strangers elsewhere.
    ask(&app, &good, "192.0.2.7").await.expect(200);
    ask(&app, wrong, "192.0.2.8").await.expect_refusal(401, "key-malformed");
    // Carrying no key at all is no attempt.
    let anonymous = app.anonymous();
    for _ in 0..30 {
        anonymous.get("/v1/usage").await.expect_refusal(401, "key-missing");
    }
}

#[tokio::test]
async fn an_address_that_is_forgiven_begins_anew() {
    let app = App::new().await;
    let wrong = "sbk_live_nonsense";
    let forgive = async || {
        let forgive = app.admin().post("/admin/v1/addresses/192.0.2.7/forgive", &json!({})).await.expect(200);
        forgive.json()["forgiven"].clone()
    };
    assert_eq!(forgive().await, false);
    for _ in 0..2 {
        for _ in 0..20 {
            ask(&app, wrong, "192.0.2.7").await.expect_refusal(401, "key-malformed");
        }
        let refused = ask(&app, wrong, "192.0.2.7").await.expect_refusal(429, "too-many-failed-attempts");
        assert_eq!(refused.header("retry-after"), "10");
        assert_eq!(forgive().await, true);
    }
    // Failures alone are something to forgive, too.
    ask(&app, wrong, "192.0.2.7").await.expect_refusal(401, "key-malformed");
    assert_eq!(forgive().await, true);
    assert_eq!(forgive().await, false);
}

#[tokio::test]
async fn an_address_that_tries_one_dead_key_again_and_again_is_under_a_penalty() {
    let app = App::new().await;
    let dead = strange_key("Two").await;
    for _ in 0..20 {
        ask(&app, &dead, "192.0.2.7").await.expect_refusal(401, "key-unknown");
    }
    let refused = ask(&app, &dead, "192.0.2.7").await.expect_refusal(429, "too-many-failed-attempts");
    assert_eq!(refused.header("retry-after"), "10");
    let penalties = app.admin().get("/admin/v1/penalties").await.expect(200);
    assert_eq!(penalties.json()["count"], 1);
}

#[tokio::test]
async fn guesses_at_one_key_from_everywhere_are_counted_together_and_lock_nobody_out() {
    let app = App::new().await;
    let good = app.agency("PartnerCo").await.credential().to_owned();
    let id = &good[9..21];
    let stranger = strange_key("Three").await;
    let guess = guess_at(id);
    for source in 0..20 {
        ask(&app, &guess, &format!("198.51.100.{source}")).await.expect_refusal(401, "key-unknown");
    }
    ask(&app, &guess, "198.51.100.200").await.expect_refusal(429, "too-many-failed-attempts");
    // Another key from that address is another matter, and the right key passes from anywhere.
    ask(&app, &stranger, "198.51.100.200").await.expect_refusal(401, "key-unknown");
    ask(&app, &good, "198.51.100.200").await.expect(200);
    ask(&app, &good, "203.0.113.9").await.expect(200);
}

#[tokio::test]
async fn sixty_four_bits_of_ipv6_are_one_source() {
    let app = App::new().await;
    for host in 0..20 {
        ask(&app, "x", &format!("[2001:db8:0:7::{host:x}]")).await.expect_refusal(401, "key-malformed");
    }
    ask(&app, "x", "[2001:db8:0:7:ffff::1]").await.expect_refusal(429, "too-many-failed-attempts");
    ask(&app, "x", "[2001:db8:0:8::1]").await.expect_refusal(401, "key-malformed");
}

/// A key of the right form with this id and a secret that is not its own.
fn guess_at(id: &str) -> String {
    use skybridge_domain::id::Randomness;
    use skybridge_domain::key::{ApiKey, KeyId, Mode};

    struct WithId(u128);
    impl Randomness for WithId {
        fn fill(&self, bytes: &mut [u8]) {
            match <&mut [u8; 16]>::try_from(&mut *bytes) {
                Ok(bytes) => *bytes = self.0.to_be_bytes(),
                Err(_) => bytes.fill(0x5e),
            }
        }
    }
    // The id is 12 base62 digits of a number below 62^12.
    let digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let number = id
        .chars()
        .fold(0_u128, |number, digit| number * 62 + u128::try_from(digits.find(digit).unwrap()).unwrap());
    let key = ApiKey::generate(Mode::Live, &WithId(number));
    assert_eq!(Some(key.id()), KeyId::parse(id));
    key.reveal().to_owned()
}

#[tokio::test]
async fn a_good_signature_is_not_held_back_for_what_others_send_from_there() {
    let (app, signer) = house("ed25519").await;
    let addresses = app.desk.gate().addresses();
    // Where a request comes from that says nothing of it.
    let source = Ipv4Addr::UNSPECIFIED.into();
    addresses.fail(source, app.clock.now(), app.clock.now()).unwrap();
    let wrong = Draft { created: 1, ..Draft::get("/v1/usage", app.clock.now(), "n0") };
    send(&app, &signer, &wrong).await.expect_refusal(429, "too-many-failed-attempts");
    send(&app, &signer, &Draft::get("/v1/usage", app.clock.now(), "n1")).await.expect(200);
    // Nor for a body of its own that is refused.
    let long = "x".repeat(70_000);
    let refused = send(&app, &signer, &Draft::book("k", &long, app.clock.now(), "n2")).await;
    refused.expect_refusal(413, "body-too-large");
}
