//! What the airline does behind the counter.

use serde_json::{Value, json};

use crate::kit::bodies::example;
use crate::kit::{App, PlanTerms};

#[tokio::test]
async fn the_admin_api_needs_its_token() {
    let app = App::new().await;
    let refused = app.intruder(None).get("/admin/v1/plans").await.expect_refusal(401, "admin-token-missing");
    assert!(refused.header("www-authenticate").starts_with("Bearer"));
    for wrong in ["", "x", "token-of-a-test-that-nobody-guesse", "token-of-a-test-that-nobody-guessess"] {
        app.intruder(Some(wrong)).get("/admin/v1/plans").await.expect_refusal(401, "admin-token-invalid");
        app.intruder(Some(wrong)).get("/admin/v1/no-such").await.expect_refusal(401, "admin-token-invalid");
    }
    for open in ["/healthz", "/readyz", "/metrics"] {
        app.intruder(None).get(open).await.expect(200);
    }
    app.admin().get("/admin/v1/no-such").await.expect_refusal(404, "not-found");
    app.admin().post("/admin/v1/plans", &json!({})).await.expect_refusal(405, "method-not-allowed");
}

#[tokio::test]
async fn plans_are_set_and_listed() {
    let app = App::new().await;
    let admin = app.admin();
    let body = json!({ "rate": "10", "burst": 20, "quota": "10000/day", "in_flight": 8 });
    let made = admin.put("/admin/v1/plans/gold", &body).await.expect(201).json();
    for (member, value) in body.as_object().unwrap() {
        if member != "rate" {
            assert_eq!(&made[member], value);
        }
    }
    app.advance(std::time::Duration::from_secs(1));
    let changed =
        admin.put("/admin/v1/plans/gold", &json!({ "rate": "0.5", "burst": 1 })).await.expect(200).json();
    assert_eq!((&changed["quota"], &changed["in_flight"]), (&Value::Null, &Value::Null));
    assert_eq!(changed["created_at"], made["created_at"]);
    assert_eq!(admin.get("/admin/v1/plans").await.expect(200).json()["plans"], json!([changed]));
}

#[tokio::test]
async fn what_an_operator_sends_is_checked() {
    let app = App::new().await;
    let admin = app.admin();
    for (what, body) in [
        ("no burst", json!({ "rate": "10" })),
        ("burst of zero", json!({ "rate": "10", "burst": 0 })),
        ("a rate that is none", json!({ "rate": "fast", "burst": 1 })),
        ("a quota that is none", json!({ "rate": "10", "burst": 1, "quota": "10/hour" })),
        ("a member that is none", json!({ "rate": "10", "burst": 1, "bursts": 1 })),
    ] {
        println!("{what}");
        admin.put("/admin/v1/plans/p", &body).await.expect_refusal(422, "invalid-request");
    }
    admin.set_plan("p", &PlanTerms::AMPLE).await;
    let agency = |name: &str, plan: &str| json!({ "name": name, "plan": plan });
    admin.post("/admin/v1/agencies", &agency("A", "none")).await.expect_refusal(404, "not-found");
    admin.post("/admin/v1/agencies", &agency("a/b", "p")).await.expect_refusal(422, "invalid-request");
    admin.post("/admin/v1/agencies", &agency("A", "p")).await.expect(201);
    admin.post("/admin/v1/agencies", &agency("A", "p")).await.expect_refusal(409, "already-exists");
    admin.get("/admin/v1/agencies/B").await.expect_refusal(404, "not-found");
    for body in [
        json!({ "scopes": ["bookings:delete"] }),
        json!({ "scopes": [] }),
        json!({ "allowed_cidrs": ["everywhere"] }),
        json!({ "expires_in_seconds": 0 }),
        json!({ "mode": "dry" }),
    ] {
        admin.post("/admin/v1/agencies/A/keys", &body).await.expect_refusal(422, "invalid-request");
    }
    admin.post("/admin/v1/agencies/B/keys", &json!({})).await.expect_refusal(404, "not-found");
    admin.post("/admin/v1/keys/000000000000/revoke", &json!(null)).await.expect_refusal(404, "not-found");
}

#[tokio::test]
async fn a_keys_secret_is_shown_once() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let listed = app.admin().get("/admin/v1/agencies/PartnerCo/keys").await.expect(200);
    assert_eq!(listed.json()["keys"][0]["key_id"], agency.credential()[9..21]);
    let text = String::from_utf8(listed.body).unwrap();
    assert!(!text.contains(&agency.credential()[22..65]));
    assert!(!text.contains("hash"));
}

#[tokio::test]
async fn every_change_leaves_its_entry() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let admin = app.admin();
    let id = agency.credential()[9..21].to_owned();
    for path in ["suspend", "suspend", "resume"] {
        app.advance(std::time::Duration::from_millis(1));
        admin.post(&format!("/admin/v1/agencies/PartnerCo/{path}"), &json!(null)).await.expect(200);
    }
    app.advance(std::time::Duration::from_millis(1));
    let request = admin.request(http::Method::POST, &format!("/admin/v1/keys/{id}/revoke"));
    let request = request.header("x-skybridge-operator", "night-shift").body(axum::body::Body::empty());
    admin.send(request.unwrap()).await.expect(200);

    let page = admin.get("/admin/v1/audit?limit=3").await.expect(200).json();
    let mut entries = page["entries"].as_array().unwrap().clone();
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = admin.get(&format!("/admin/v1/audit?cursor={cursor}")).await.expect(200).json();
    entries.extend(rest["entries"].as_array().unwrap().iter().cloned());
    assert_eq!(rest["next_cursor"], Value::Null);

    let mut actions: Vec<_> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions[..3], ["key.revoked", "agency.resumed", "agency.suspended"]);
    actions[3..].sort_unstable();
    // Suspending a suspended agency changed nothing, and left no entry.
    assert_eq!(actions[3..], ["agency.created", "key.created", "plan.created"]);
    assert_eq!(entries[0]["actor"], "night-shift");
    assert_eq!(entries[0]["subject"], format!("key {id}"));
    assert_eq!(entries[0]["at"], "2027-01-01T12:00:00.004Z");
    assert_eq!(entries[1]["actor"], "operator");
    let text = page.to_string() + &rest.to_string();
    assert!(!text.contains(&agency.credential()[22..65]), "the trail holds a secret");
}

#[tokio::test]
async fn the_airline_sees_all_bookings() {
    let app = App::new().await;
    let mut expected = Vec::new();
    for name in ["Alpha", "Beta", "Gamma"] {
        let agency = app.agency(name).await;
        let mut theirs = Vec::new();
        for number in 0..3 {
            app.advance(std::time::Duration::from_millis(1));
            theirs.push(agency.book(&format!("k{number}"), &example()).await.expect(201).booking_id());
        }
        theirs.reverse();
        expected.extend(theirs);
    }
    for limit in [1, 2, 3, 4, 9, 100] {
        let mut found = Vec::new();
        let mut path = format!("/admin/v1/bookings?limit={limit}");
        loop {
            let page = app.admin().get(&path).await.expect(200).json();
            let ids = page["bookings"].as_array().unwrap().iter();
            found.extend(ids.map(|booking| booking["booking_id"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/admin/v1/bookings?limit={limit}&cursor={cursor}");
        }
        assert_eq!(found, expected, "in pages of {limit}");
    }
    let beta = app.admin().get("/admin/v1/bookings?agency=Beta").await.expect(200).json();
    assert_eq!(beta["bookings"].as_array().unwrap().len(), 3);
    let one = app.admin().get(&format!("/admin/v1/bookings/{}", expected[0])).await.expect(200).json();
    assert_eq!(one["agency"], "Alpha");
}
