//! No card data is ever stored: not in any free text, not under any setting, not by way of a log.

use http::Method;
use serde_json::json;
use skybridge_api::problem::ErrorStyle;
use skybridge_api::screening::Signatures;

use super::{app_that, text};
use crate::kit::App;
use crate::kit::bodies::{example, example_with};

/// A number from the card schemes' own test pages.
const CARD: &str = "4111 1111 1111 1111";

#[tokio::test]
async fn a_card_number_is_refused_in_every_free_text_and_repeated_nowhere() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let mut body = example();
    body["agency_reference"] = json!(CARD);
    body["passengers"][0]["given_name"] = json!(CARD);
    body["passengers"][0]["family_name"] = json!(format!("Null {CARD}"));
    body["contact"]["email"] = json!("4111111111111111@partner.example");
    body["remarks"] = json!(format!("pay with {CARD}, thanks"));
    for route in ["/booking", "/v1/bookings"] {
        let request = agency.request(Method::POST, route).header("content-type", "application/json");
        let request = request.header("idempotency-key", "k").body(body.to_string().into()).unwrap();
        let refused = agency.send(request).await.expect_refusal(422, "card-data");
        let expected = [
            "/agency_reference",
            "/passengers/0/given_name",
            "/passengers/0/family_name",
            "/contact/email",
            "/remarks",
        ];
        assert_eq!(refused.pointers(), expected, "all of them at once");
        assert!(!text(&refused).contains("1111"), "{}", text(&refused));
    }
    let refused = agency.book(&CARD.replace(' ', "-"), &example()).await.expect_refusal(422, "card-data");
    assert!(text(&refused).contains("the header Idempotency-Key must not hold"), "{}", text(&refused));
    assert!(!text(&refused).contains("1111"));
    let refused = agency.get("/v1/bookings?agency_reference=4111%201111%201111%201111").await;
    assert!(text(&refused.expect_refusal(422, "card-data")).contains("the query's agency_reference"));
    assert_eq!(app.stored_bookings().await, 0);

    // The operator sees where and what kind, and no digit of it.
    let found = app.findings("").await;
    assert_eq!(found.len(), 4);
    assert_eq!(found[2]["findings"].as_array().unwrap().len(), 5);
    assert_eq!(found[2]["findings"][4]["rule"], "card-number");
    assert!(!json!(found).to_string().contains("1111 1111"));
}

#[tokio::test]
async fn no_mode_and_no_exception_lets_card_data_in() {
    for signatures in Signatures::ALL {
        let app = app_that(signatures).await;
        let agency = app.agency("PartnerCo").await;
        let body = example_with("remarks", json!(CARD));
        agency.book("k", &body).await.expect_refusal(422, "card-data");
        let wanted = json!({ "rule": "card-number", "expires_in_seconds": 60, "reason": "no" });
        let refused = app.admin().post("/admin/v1/agencies/PartnerCo/screening-exceptions", &wanted).await;
        refused.expect_refusal(422, "invalid-request");
    }
}

#[tokio::test]
async fn a_security_code_is_refused_too() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let refused = agency.book("k", &example_with("remarks", json!("CVV: 123"))).await;
    let refused = refused.expect_refusal(422, "card-data");
    assert_eq!(refused.json()["errors"][0]["detail"], "must not hold a card's security code");
}

#[tokio::test]
async fn in_the_style_of_api_gateway_the_fields_are_named_too() {
    let app = App::in_style(ErrorStyle::Aws).await;
    let agency = app.agency("PartnerCo").await;
    let refused = agency.book("k", &example_with("remarks", json!(CARD))).await;
    assert_eq!(refused.status, 422);
    assert_eq!(text(&refused), r#"{"message":"/remarks must not hold a card number."}"#);
    let refused = agency.book("k", &example_with("remarks", json!(super::ATTACK))).await;
    assert_eq!((refused.status.as_u16(), text(&refused)), (403, r#"{"message":"Forbidden"}"#.to_owned()));
}

#[tokio::test]
async fn a_card_number_for_a_request_id_is_not_taken_over() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let request = agency.request(Method::GET, "/v1/usage").header("x-request-id", "4111111111111111");
    let answer = agency.send(request.body(axum::body::Body::empty()).unwrap()).await.expect(200);
    assert!(!answer.header("x-request-id").contains("1111"), "{answer:?}");
}
