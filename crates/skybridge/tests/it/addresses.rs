//! Where requests come from, and how many: networks that are blocked, and addresses that send too much.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Method;
use serde_json::{Value, json};
use skybridge_api::problem::ErrorStyle;
use skybridge_api::public::SourceAddress;
use skybridge_desk::Node;
use skybridge_gate::{AddressTerms, Counted, RateRule, ScreenMode};
use skybridge_store::{Attributes, Commit, Key, Listing, MemoryStore, Record, Store as _, Table, Write};

use crate::kit::app::BEGIN;
use crate::kit::{Answer, App};

/// `GET path` from `source`, with the text of a key or none.
async fn ask(app: &App, path: &str, key: Option<&str>, source: &str) -> Answer {
    let caller = key.map_or_else(|| app.anonymous(), |key| app.with_key(key));
    let mut request = caller.request(Method::GET, path).body(Body::empty()).unwrap();
    let source: SocketAddr = format!("{source}:40000").parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(source));
    caller.send(request).await
}

/// Ten requests in any ten seconds.
fn ten() -> AddressTerms {
    AddressTerms {
        rules: vec![RateRule::new(10, Duration::from_secs(10)).unwrap()],
        ..AddressTerms::default()
    }
}

async fn entry(app: &App, network: &str, body: &Value) -> Answer {
    app.admin().put(&format!("/admin/v1/addresses/{}", network.replace('/', "%2F")), body).await
}

const HOME: &str = "192.0.2.7";

#[tokio::test]
async fn who_shows_no_key_is_refused_from_the_first_request_too_many_on() {
    let app = App::watching(ten(), ErrorStyle::Problem).await;
    let good = app.agency("PartnerCo").await.credential().to_owned();
    // What is there, what is not, and what needs a key, all count.
    for _ in 0..4 {
        ask(&app, "/openapi.json", None, HOME).await.expect(200);
    }
    for _ in 0..3 {
        ask(&app, "/no-such", None, HOME).await.expect_refusal(404, "not-found");
        ask(&app, "/v1/usage", None, HOME).await.expect_refusal(401, "key-missing");
    }
    for path in ["/openapi.json", "/no-such", "/v1/usage"] {
        let refused = ask(&app, path, None, HOME).await.expect_refusal(429, "address-rate-limited");
        assert_eq!((refused.header("retry-after"), refused.header("ratelimit")), ("10", ""));
    }
    // A good key passes at any time, as does everybody elsewhere, and health.
    for _ in 0..30 {
        ask(&app, "/v1/usage", Some(&good), HOME).await.expect(200);
    }
    ask(&app, "/openapi.json", None, "192.0.2.8").await.expect(200);
    ask(&app, "/healthz", None, HOME).await.expect(200);
    ask(&app, "/readyz", None, HOME).await.expect(200);

    // Who knocks meanwhile waits no longer for it; who waits just as long as told passes.
    app.advance(Duration::from_millis(8_999));
    let refused = ask(&app, "/openapi.json", None, HOME).await.expect_refusal(429, "address-rate-limited");
    assert_eq!(refused.header("retry-after"), "2", "rounded up, or who waits as long would be refused");
    app.advance(Duration::from_secs(1));
    let refused = ask(&app, "/openapi.json", None, HOME).await.expect_refusal(429, "address-rate-limited");
    assert_eq!(refused.header("retry-after"), "1");
    app.advance(Duration::from_millis(1));
    for _ in 0..10 {
        ask(&app, "/openapi.json", None, HOME).await.expect(200);
    }
    // Again: twice as long.
    let refused = ask(&app, "/openapi.json", None, HOME).await.expect_refusal(429, "address-rate-limited");
    assert_eq!(refused.header("retry-after"), "20");
    app.advance(Duration::from_secs(20));
    ask(&app, "/openapi.json", None, HOME).await.expect(200);
}

#[tokio::test]
async fn requests_with_a_good_key_and_wrong_keys_do_not_count_there() {
    let app = App::watching(ten(), ErrorStyle::Problem).await;
    let good = app.agency("PartnerCo").await.credential().to_owned();
    for _ in 0..50 {
        ask(&app, "/v1/usage", Some(&good), HOME).await.expect(200);
    }
    // These the lockout counts, which has terms of its own.
    for _ in 0..20 {
        ask(&app, "/v1/usage", Some("sbk_live_x"), HOME).await.expect_refusal(401, "key-malformed");
    }
    let report = app.admin().get(&format!("/admin/v1/addresses/{HOME}")).await.expect(200).json();
    assert_eq!(report["rates"], json!([{ "limit": 10, "window_seconds": 10, "used": 0 }]));
    assert_eq!((&report["listing"], &report["penalty"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn failures_and_rates_lead_to_the_same_penalties() {
    let app = App::watching(ten(), ErrorStyle::Problem).await;
    let good = app.agency("PartnerCo").await.credential().to_owned();
    for _ in 0..20 {
        ask(&app, "/v1/usage", Some("sbk_live_x"), HOME).await.expect_refusal(401, "key-malformed");
    }
    let refused = ask(&app, "/v1/usage", Some("sbk_live_x"), HOME)
        .await
        .expect_refusal(429, "too-many-failed-attempts");
    assert_eq!(refused.header("retry-after"), "10");
    // Whatever strangers want from there is refused meanwhile; a good key is not.
    for path in ["/openapi.json", "/no-such", "/v1/usage"] {
        ask(&app, path, None, HOME).await.expect_refusal(429, "too-many-failed-attempts");
    }
    ask(&app, "/v1/usage", Some(&good), HOME).await.expect(200);
    let penalties = app.admin().get("/admin/v1/penalties").await.expect(200).json();
    assert_eq!(penalties["count"], 1);
    let held = &penalties["penalties"][0];
    assert_eq!(
        (&held["address"], &held["cause"], &held["strikes"]),
        (&json!(HOME), &json!("failures"), &json!(1))
    );

    // The next one is the second, whatever it is for.
    app.advance(Duration::from_secs(10));
    for _ in 0..10 {
        ask(&app, "/openapi.json", None, HOME).await.expect(200);
    }
    let refused = ask(&app, "/openapi.json", None, HOME).await.expect_refusal(429, "address-rate-limited");
    assert_eq!(refused.header("retry-after"), "20");
    // Wrong keys are then refused for the same reason, and not one by one.
    ask(&app, "/v1/usage", Some("sbk_live_x"), HOME).await.expect_refusal(429, "address-rate-limited");

    let forgiven =
        app.admin().post(&format!("/admin/v1/addresses/{HOME}/forgive"), &json!({})).await.expect(200);
    assert_eq!(forgiven.json()["forgiven"], true);
    ask(&app, "/openapi.json", None, HOME).await.expect(200);
}

#[tokio::test]
async fn where_everybody_counts_a_good_key_does_too_but_pays_for_no_failures() {
    let terms = AddressTerms { counted: Counted::Everybody, ..ten() };
    let app = App::watching(terms, ErrorStyle::Problem).await;
    let good = app.agency("PartnerCo").await.credential().to_owned();
    for _ in 0..10 {
        ask(&app, "/v1/usage", Some(&good), HOME).await.expect(200);
    }
    let refused = ask(&app, "/v1/usage", Some(&good), HOME).await.expect_refusal(429, "address-rate-limited");
    assert_eq!(refused.header("retry-after"), "10");
    ask(&app, "/healthz", None, HOME).await.expect(200);

    // Twenty failures, slowly enough for the rule.
    let other = "192.0.2.8";
    for _ in 0..20 {
        ask(&app, "/v1/usage", Some("sbk_live_x"), other).await.expect_refusal(401, "key-malformed");
        app.advance(Duration::from_millis(1_001));
    }
    app.advance(Duration::from_secs(1));
    for _ in 0..7 {
        let answer = ask(&app, "/v1/usage", Some("sbk_live_x"), other).await;
        assert!(matches!(answer.status.as_u16(), 401 | 429));
    }
    app.admin().post(&format!("/admin/v1/addresses/{HOME}/forgive"), &json!({})).await.expect(200);
    let addresses = app.desk.gate().addresses();
    addresses.fail(HOME.parse().unwrap(), app.desk.now(), app.desk.now()).unwrap();
    ask(&app, "/openapi.json", None, HOME).await.expect_refusal(429, "too-many-failed-attempts");
    ask(&app, "/v1/usage", Some(&good), HOME).await.expect(200);
}

#[tokio::test]
async fn modes_decide_whether_anybody_is_refused() {
    for mode in [ScreenMode::Count, ScreenMode::Off] {
        let terms = AddressTerms { lists: mode, rate: mode, ..ten() };
        let app = App::watching(terms, ErrorStyle::Problem).await;
        entry(&app, "192.0.2.0/24", &json!({ "action": "block" })).await.expect(201);
        for _ in 0..40 {
            ask(&app, "/openapi.json", None, HOME).await.expect(200);
        }
        // The lockout is as it is without penalties.
        for _ in 0..20 {
            ask(&app, "/v1/usage", Some("sbk_live_x"), HOME).await.expect_refusal(401, "key-malformed");
        }
        let refused = ask(&app, "/v1/usage", Some("sbk_live_x"), HOME)
            .await
            .expect_refusal(429, "too-many-failed-attempts");
        assert_eq!(refused.header("retry-after"), "3", "{mode:?}");
        ask(&app, "/openapi.json", None, HOME).await.expect(200);
    }
}

#[tokio::test]
async fn a_blocked_network_is_refused_whatever_key_it_shows_until_the_block_ends() {
    let app = App::new().await;
    let good = app.agency("PartnerCo").await.credential().to_owned();
    let body = json!({ "action": "block", "expires_in_seconds": 3600, "reason": "guessing keys" });
    let made = entry(&app, "192.0.2.0/24", &body).await.expect(201).json();
    assert_eq!(
        made,
        json!({
            "network": "192.0.2.0/24", "action": "block", "reason": "guessing keys", "in_force": true,
            "expires_at": "2027-01-01T13:00:00.000Z", "created_at": "2027-01-01T12:00:00.000Z",
            "updated_at": "2027-01-01T12:00:00.000Z",
        })
    );
    for (path, key) in [("/v1/usage", Some(&*good)), ("/v1/usage", None), ("/no-such", None), ("/docs", None)]
    {
        let refused = ask(&app, path, key, HOME).await.expect_refusal(403, "screened");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("2027-01-01T13:00:00.000Z") && !detail.contains("guessing"), "{detail}");
        assert_eq!(refused.header("ratelimit"), "");
    }
    // Also in the clothes of IPv6; and health is answered, as is everybody else.
    ask(&app, "/v1/usage", Some(&good), "[::ffff:192.0.2.7]").await.expect_refusal(403, "screened");
    ask(&app, "/healthz", None, HOME).await.expect(200);
    ask(&app, "/v1/usage", Some(&good), "192.0.3.7").await.expect(200);
    // Part of it is served: the more specific entry counts.
    entry(&app, HOME, &json!({ "action": "allow" })).await.expect(201);
    ask(&app, "/v1/usage", Some(&good), HOME).await.expect(200);
    ask(&app, "/v1/usage", Some(&good), "192.0.2.8").await.expect_refusal(403, "screened");

    app.advance(Duration::from_millis(3_599_999));
    ask(&app, "/v1/usage", Some(&good), "192.0.2.8").await.expect_refusal(403, "screened");
    app.advance(Duration::from_millis(1));
    ask(&app, "/v1/usage", Some(&good), "192.0.2.8").await.expect(200);
    // The entry is still there to be read, and to be put in force again.
    let listed = app.admin().get("/admin/v1/addresses").await.expect(200).json();
    assert_eq!((&listed["networks"][0]["in_force"], &listed["in_files"]), (&json!(false), &json!(0)));
    let again = entry(&app, "192.0.2.0/24", &json!({ "action": "block" })).await.expect(200).json();
    assert_eq!((&again["created_at"], &again["expires_at"]), (&made["created_at"], &Value::Null));
    let refused = ask(&app, "/v1/usage", Some(&good), "192.0.2.8").await.expect_refusal(403, "screened");
    assert!(refused.json()["detail"].as_str().unwrap().contains("until it is lifted"));
    app.admin().delete("/admin/v1/addresses/192.0.2.0%2F24").await.expect(200);
    ask(&app, "/v1/usage", Some(&good), "192.0.2.8").await.expect(200);
}

#[tokio::test]
async fn an_allowed_network_is_never_held_back_for_its_rate() {
    let app = App::watching(ten(), ErrorStyle::Problem).await;
    entry(&app, HOME, &json!({ "action": "allow" })).await.expect(201);
    for _ in 0..40 {
        ask(&app, "/openapi.json", None, HOME).await.expect(200);
    }
    // It guesses no keys for that.
    for _ in 0..20 {
        ask(&app, "/v1/usage", Some("sbk_live_x"), HOME).await.expect_refusal(401, "key-malformed");
    }
    ask(&app, "/v1/usage", Some("sbk_live_x"), HOME).await.expect_refusal(429, "too-many-failed-attempts");
    ask(&app, "/openapi.json", None, HOME).await.expect(200);
}

#[tokio::test]
async fn the_source_is_the_one_that_the_front_door_gives() {
    let app = App::new().await;
    entry(&app, "203.0.113.0/24", &json!({ "action": "block" })).await.expect(201);
    let from = |source: Option<&str>| {
        let mut request = app.anonymous().request(Method::GET, "/openapi.json");
        // Anybody can write this; only the front door knows whose word counts.
        request = request.header("x-forwarded-for", "203.0.113.7");
        let mut request = request.body(Body::empty()).unwrap();
        if let Some(source) = source {
            request.extensions_mut().insert(SourceAddress(source.parse().unwrap()));
        }
        request
    };
    app.anonymous().send(from(None)).await.expect(200);
    app.anonymous().send(from(Some("203.0.113.9"))).await.expect_refusal(403, "screened");
    app.anonymous().send(from(Some("198.51.100.9"))).await.expect(200);
}

#[tokio::test]
async fn every_change_of_the_list_is_checked_and_audited() {
    let app = App::new().await;
    let admin = app.admin();
    let block = json!({ "action": "block" });
    for (network, body) in [
        ("203.0.113.7/24", block.clone()),
        ("example.com", block.clone()),
        ("203.0.113.0/24", json!({ "action": "refuse" })),
        ("203.0.113.0/24", json!({ "action": "block", "expires_in_seconds": 0 })),
        ("203.0.113.0/24", json!({ "action": "block", "reason": "a\nb" })),
        ("203.0.113.0/24", json!({ "action": "block", "why": "because" })),
        ("203.0.113.0/24", json!({})),
        ("0.0.0.0/0", block.clone()),
        ("::/3", block.clone()),
    ] {
        entry(&app, network, &body).await.expect_refusal(422, "invalid-request");
    }
    admin.delete("/admin/v1/addresses/203.0.113.0%2F24").await.expect_refusal(404, "not-found");
    admin.get("/admin/v1/addresses/203.0.113.0%2F24").await.expect_refusal(422, "invalid-request");
    let before = admin.get("/admin/v1/audit").await.expect(200).json();
    assert_eq!(before["entries"], json!([]), "what was refused has changed nothing");

    entry(&app, "203.0.113.0/24", &json!({ "action": "block", "reason": "scraping" })).await.expect(201);
    app.advance(Duration::from_secs(1));
    entry(&app, "203.0.113.0/24", &json!({ "action": "allow", "expires_in_seconds": 60 })).await.expect(200);
    app.advance(Duration::from_secs(1));
    admin.delete("/admin/v1/addresses/203.0.113.0%2F24").await.expect(200);
    app.advance(Duration::from_secs(1));
    admin.delete("/admin/v1/addresses/203.0.113.0%2F24").await.expect_refusal(404, "not-found");
    let everybody = json!({ "action": "block", "deliberately": true });
    entry(&app, "0.0.0.0/0", &everybody).await.expect(201);
    ask(&app, "/docs", None, HOME).await.expect_refusal(403, "screened");

    let trail = admin.get("/admin/v1/audit").await.expect(200).json();
    let told: Vec<(&str, &str)> = trail["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["action"].as_str().unwrap(), entry["detail"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("network.blocked", "block, until it is removed"),
            ("network.unlisted", "was: allow, until 2027-01-01T12:01:01.000Z"),
            ("network.allowed", "allow, until 2027-01-01T12:01:01.000Z"),
            ("network.blocked", "block, until it is removed: scraping"),
        ]
    );
}

#[tokio::test]
async fn what_one_node_blocks_all_nodes_refuse_and_a_restart_too() {
    let store: Arc<MemoryStore> = Arc::default();
    let here = App::of_node(Arc::clone(&store) as _, BEGIN, Node::sole()).await;
    let there = App::of_node(Arc::clone(&store) as _, BEGIN, Node::sole()).await;
    ask(&there, "/docs", None, HOME).await.expect(200);
    entry(&here, HOME, &json!({ "action": "block" })).await.expect(201);
    there.desk.refresh_roster(Duration::ZERO).await.unwrap();
    ask(&there, "/docs", None, HOME).await.expect_refusal(403, "screened");
    let here = here.after_a_crash().await;
    ask(&here, "/docs", None, HOME).await.expect_refusal(403, "screened");

    there.admin().delete(&format!("/admin/v1/addresses/{HOME}")).await.expect(200);
    here.desk.refresh_roster(Duration::ZERO).await.unwrap();
    ask(&here, "/docs", None, HOME).await.expect(200);
    ask(&here.after_a_crash().await, "/docs", None, HOME).await.expect(200);
}

/// Ten thousand networks in a store, the first ten of which are blocked for ten seconds only.
async fn full_list() -> MemoryStore {
    let store = MemoryStore::default();
    for number in 0..10_000 {
        let network = format!("10.{}.{}.0/24", number / 256, number % 256);
        let now = BEGIN.as_millis();
        let mut attributes = Attributes::with_capacity(5).with("network", network.clone());
        attributes.set("action", "block");
        attributes.set("created_at", now);
        attributes.set("updated_at", now);
        if number < 10 {
            attributes.set("expires_at", now + 10_000);
        }
        let key = Key::new(Table::Partners, format!("network#{network}"));
        let listing = Some(Listing { partition: "networks".to_owned(), sort: network });
        let write = Write::create(Record { key, version: 1, listing, attributes });
        store.commit(Commit { writes: vec![write] }).await.unwrap();
    }
    store
}

#[tokio::test]
async fn entries_that_have_ended_make_room() {
    let app = App::over(Arc::new(full_list().await), BEGIN).await;
    let block = json!({ "action": "block" });
    entry(&app, "192.0.2.0/28", &block).await.expect_refusal(409, "invalid-transition");
    entry(&app, "10.0.20.0/24", &block).await.expect(201);
    app.advance(Duration::from_secs(10));
    for number in 1..=10 {
        entry(&app, &format!("192.0.2.{number}"), &block).await.expect(201);
    }
    entry(&app, "192.0.2.11", &block).await.expect_refusal(409, "invalid-transition");
    let listed = app.admin().get("/admin/v1/addresses").await.expect(200).json();
    assert!(!listed.to_string().contains("10.0.9.0/24"));
}

#[tokio::test]
async fn in_the_words_of_api_gateway_too() {
    let app = App::watching(ten(), ErrorStyle::Aws).await;
    for _ in 0..10 {
        ask(&app, "/docs", None, HOME).await.expect(200);
    }
    let refused = ask(&app, "/docs", None, HOME).await.expect(429);
    assert_eq!(refused.body, br#"{"message":"Too Many Requests"}"#);
    assert_eq!(refused.header("x-amzn-errortype"), "TooManyRequestsException");
    assert_eq!(refused.header("retry-after"), "10");
    entry(&app, HOME, &json!({ "action": "block" })).await.expect(201);
    let refused = ask(&app, "/docs", None, HOME).await.expect(403);
    assert_eq!(refused.body, br#"{"message":"Forbidden"}"#);
}
