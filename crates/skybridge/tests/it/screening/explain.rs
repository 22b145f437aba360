//! `screen explain` cannot say anything else than what is enforced: each bound it names is tried, from both sides.

use http::Method;
use serde_json::{Value, json};
use skybridge_api::positive_model;

use crate::kit::App;
use crate::kit::bodies::example;

/// Sets the member at `pointer` of `body`; `*` is the first item of a list.
pub(crate) fn set(body: &mut Value, pointer: &str, value: Value) {
    let pointer = pointer.replace('*', "0");
    *body.pointer_mut(&pointer).unwrap_or_else(|| panic!("the example has {pointer}")) = value;
}

fn fields() -> Vec<Value> {
    let model = positive_model();
    let operations = model["operations"].as_array().unwrap();
    let create = operations.iter().find(|one| one["operation"] == "POST /v1/bookings").unwrap();
    create["body"]["fields"].as_array().unwrap().clone()
}

#[tokio::test]
async fn every_field_is_bound_as_it_is_told() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let fields = fields();
    assert!(fields.len() > 20, "fields were lost: {fields:?}");
    for field in fields {
        let pointer = field["pointer"].as_str().unwrap();
        let mut wrong = vec![json!(7), json!(true)];
        match (&field["type"], pointer) {
            (_, "/agency") => continue,
            (Value::String(kind), _) if kind == "string" => wrong.extend([json!(["x"]), json!("\u{0}")]),
            (Value::String(kind), _) if kind == "array" => {
                let most = usize::try_from(field["maxItems"].as_u64().unwrap()).unwrap();
                wrong.push(json!(vec![json!({}); most + 1]));
            }
            _ => wrong.push(json!({ "unknown": 1 })),
        }
        if let Some(most) = field["maxLength"].as_u64() {
            wrong.push(json!("a".repeat(usize::try_from(most).unwrap() + 1)));
        }
        if let Some(words) = field["enum"].as_array() {
            wrong.push(json!(format!("{}X", words[0].as_str().unwrap())));
        }
        for value in wrong {
            let mut body = example();
            set(&mut body, pointer, value.clone());
            let refused = agency.book("k", &body).await;
            assert_eq!(refused.status, 422, "{pointer} takes {value}");
            let named = refused.pointers();
            assert!(
                named.iter().any(|one| one.starts_with(&pointer.replace('*', "0"))),
                "{pointer}: {named:?}"
            );
        }
        if field["type"] == "string" && field["maxLength"].is_u64() && field["inspected_as"].is_string() {
            let mut body = example();
            let most = usize::try_from(field["maxLength"].as_u64().unwrap()).unwrap();
            let longest = if pointer.ends_with("email") { return_email(most) } else { "a".repeat(most) };
            set(&mut body, pointer, json!(longest));
            agency.book(&format!("longest-{pointer}"), &body).await.expect(201);
        }
    }
}

/// An address of so many characters.
fn return_email(characters: usize) -> String {
    let tail = format!("{}.{}.{}.example", "b".repeat(63), "c".repeat(63), "d".repeat(40));
    format!("{}@{tail}", "a".repeat((characters - tail.len() - 1).min(64)))
}

#[tokio::test]
async fn the_envelope_is_bound_as_it_is_told() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let model = positive_model();
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let (envelope, json_bounds) = (&model["envelope"], &model["json"]);

    let most = number(&envelope["body_bytes_max"]);
    let largest = |bytes: usize| format!("{{\"remarks\":\"a\"}}{}", " ".repeat(bytes - 15));
    agency.book_bytes("fits", largest(most)).await.expect(201);
    agency.book_bytes("k", largest(most + 1)).await.expect_refusal(413, "body-too-large");

    let most = number(&envelope["path_and_query_bytes_max"]);
    let path = |bytes: usize| format!("/v1/bookings?cursor={}", "a".repeat(bytes - 20));
    agency.get(&path(most)).await.expect_refusal(400, "malformed-request");
    agency.get(&path(most + 1)).await.expect_refusal(414, "uri-too-long");

    let most = number(&json_bounds["depth_max"]);
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    agency.book_bytes("k", nested(most)).await.expect_refusal(422, "invalid-booking");
    agency.book_bytes("k", nested(most + 1)).await.expect_refusal(400, "malformed-json");

    for name in envelope["headers_once"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        let mut request = agency.request(Method::GET, "/v1/usage");
        for _ in 0..2 {
            request = request.header(name, "a");
        }
        let answer = agency.send(request.body(axum::body::Body::empty()).unwrap()).await;
        answer.expect_refusal(400, "duplicate-header");
    }
    for name in json_bounds["set_by_server"].as_array().unwrap() {
        let mut body = example();
        body[name.as_str().unwrap()] = json!("x");
        agency.book("k", &body).await.expect_refusal(422, "unknown-field");
    }
    agency.book_bytes("k", r#"{"remarks":"a","remarks":"b"}"#).await.expect_refusal(422, "duplicate-member");
    agency.book_bytes("k", &b"{\"remarks\":\"\xff\"}"[..]).await.expect_refusal(400, "malformed-json");
    agency.book_bytes("k", "\u{feff}{}").await.expect_refusal(400, "malformed-json");
}

#[tokio::test]
async fn the_kind_of_a_body_is_bound_as_it_is_told() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let model = positive_model();
    for operation in model["operations"].as_array().unwrap().iter().filter(|one| one["body"].is_object()) {
        let path = operation["operation"].as_str().unwrap().split_once(' ').unwrap().1;
        let send = |kind: &'static str, body: &'static str| {
            let request = agency.request(Method::POST, path).header("idempotency-key", kind);
            agency.send(request.header("content-type", kind).body(body.into()).unwrap())
        };
        let any = operation["body"]["content_type"] != "application/json";
        let form = send("application/x-www-form-urlencoded", "{}").await;
        assert_eq!(form.status.as_u16(), if any { 201 } else { 415 }, "{path}");
        let empty = send("application/json", "").await;
        let taken = operation["body"]["empty_body"] != "refused";
        assert_eq!(empty.status.as_u16(), if taken { 201 } else { 400 }, "{path}");
    }
}

#[test]
fn it_names_every_operation_with_what_it_needs() {
    let model = positive_model();
    let operations = model["operations"].as_array().unwrap();
    assert_eq!(operations.len(), 15);
    let cancel =
        operations.iter().find(|one| one["operation"] == "POST /v1/bookings/{booking_id}/cancel").unwrap();
    assert_eq!((&cancel["needs"], &cancel["body"]), (&json!("bookings:write"), &Value::Null));
    let list = operations.iter().find(|one| one["operation"] == "GET /v1/bookings").unwrap();
    let cursor = list["parameters"].as_array().unwrap().iter().find(|one| one["name"] == "cursor").unwrap();
    assert_eq!(cursor["inspected_as"], "query");
    let inspected: Vec<_> = fields().into_iter().filter(|one| one["inspected_as"].is_string()).collect();
    assert_eq!(inspected.len(), 5, "the free texts of a booking");
}
