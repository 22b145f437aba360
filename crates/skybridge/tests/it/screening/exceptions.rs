//! An agency's exceptions, as an operator grants them.

use std::time::Duration;

use serde_json::json;

use super::ATTACK;
use crate::kit::App;
use crate::kit::bodies::example_with;

const EXCEPTIONS: &str = "/admin/v1/agencies/PartnerCo/screening-exceptions";

/// The families of rules that meet something in [`ATTACK`].
async fn families(app: &App) -> Vec<String> {
    let found = app.findings("limit=1").await;
    let all = found[0]["findings"].as_array().unwrap();
    let mut families: Vec<String> =
        all.iter().map(|one| one["family"].as_str().unwrap().to_owned()).collect();
    families.dedup();
    families
}

#[tokio::test]
async fn what_is_excepted_passes_for_that_agency_until_it_ends() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let other = app.agency("Other").await;
    let body = example_with("remarks", json!(ATTACK));
    agency.book("k", &body).await.expect_refusal(403, "screened");
    let admin = app.admin();
    for family in families(&app).await {
        let wanted = json!({ "rule": family, "expires_in_seconds": 3600, "reason": "books for a school" });
        let excepted = admin.post(EXCEPTIONS, &wanted).await.expect(201).json();
        let granted = excepted["screening_exceptions"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&granted["rule"], &granted["until"]),
            (&json!(family), &json!("2027-01-01T13:00:00.000Z"))
        );
    }
    agency.book("k", &body).await.expect(201);
    other.book("k", &body).await.expect_refusal(403, "screened");

    app.advance(Duration::from_secs(3599));
    agency.book("k2", &body).await.expect(201);
    app.advance(Duration::from_secs(1));
    agency.book("k3", &body).await.expect_refusal(403, "screened");
    agency.book("k2", &body).await.expect(201);
    let listed = admin.get("/admin/v1/screening/exceptions?agency=PartnerCo").await.expect(200).json();
    assert_eq!(listed["exceptions"][0]["holds"], false);
    assert_eq!(listed["exceptions"][0]["reason"], "books for a school");
    let none = admin.get("/admin/v1/screening/exceptions?agency=Other").await.expect(200).json();
    assert_eq!(none["exceptions"], json!([]));
}

#[tokio::test]
async fn an_exception_is_taken_back_and_both_are_in_the_trail() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let body = example_with("remarks", json!(ATTACK));
    agency.book("k", &body).await.expect_refusal(403, "screened");
    let admin = app.admin();
    let families = families(&app).await;
    for family in &families {
        let wanted = json!({ "rule": family, "expires_in_seconds": 3600, "reason": "a try" });
        admin.post(EXCEPTIONS, &wanted).await.expect(201);
    }
    agency.book("k", &body).await.expect(201);
    for family in &families {
        let delete = admin.request(http::Method::DELETE, &format!("{EXCEPTIONS}/{family}"));
        let left = admin.send(delete.body(axum::body::Body::empty()).unwrap()).await.expect(200).json();
        assert!(!left["screening_exceptions"].to_string().contains(family.as_str()));
    }
    agency.book("k2", &body).await.expect_refusal(403, "screened");
    let trail = admin.get("/admin/v1/audit?limit=50").await.expect(200).json();
    let newest = &trail["entries"][0];
    assert_eq!(
        (&newest["action"], &newest["subject"]),
        (&json!("agency.screened-again"), &json!("agency PartnerCo"))
    );
    let granted = trail["entries"].as_array().unwrap().iter();
    let granted: Vec<_> = granted.filter(|one| one["action"] == "agency.screening-excepted").collect();
    assert_eq!(granted.len(), families.len());
    assert!(granted[0]["detail"].as_str().unwrap().ends_with("until 2027-01-01T13:00:00.000Z: a try"));
}

#[tokio::test]
async fn an_exception_needs_a_rule_an_end_and_a_reason() {
    let app = App::new().await;
    app.agency("PartnerCo").await;
    let admin = app.admin();
    let year = 366 * 86_400;
    for wrong in [
        json!({ "rule": "no-such-rule", "expires_in_seconds": 60, "reason": "why" }),
        json!({ "rule": "two words", "expires_in_seconds": 60, "reason": "why" }),
        json!({ "rule": "xss", "expires_in_seconds": 0, "reason": "why" }),
        json!({ "rule": "xss", "expires_in_seconds": year + 1, "reason": "why" }),
        json!({ "rule": "xss", "expires_in_seconds": 60, "reason": "  " }),
        json!({ "rule": "xss", "expires_in_seconds": 60 }),
    ] {
        admin.post(EXCEPTIONS, &wrong).await.expect_refusal(422, "invalid-request");
    }
    let wanted = json!({ "rule": "xss", "expires_in_seconds": 60, "reason": "why" });
    let nobody = admin.post("/admin/v1/agencies/Nobody/screening-exceptions", &wanted).await;
    nobody.expect_refusal(404, "not-found");
    app.intruder(None).post(EXCEPTIONS, &wanted).await.expect_refusal(401, "admin-token-missing");
}
