//! What a gateway says besides the request, and what a client might say in its place.

use serde_json::{Value, json};
use skybridge_desk::audit::Operator;
use skybridge_desk::partners::{KeyRequest, NetworkOrder};
use skybridge_domain::key::{Mode, Scopes};
use skybridge_domain::network::{ListAction, Network};

use crate::kit::door::sample;
use crate::kit::{Answer, Call, Door, House, agency};

#[tokio::test]
async fn a_doubled_header_is_refused_wherever_the_event_tells_of_it() {
    let house = House::open().await;
    let mut function = house.function().await;
    let doubled = house
        .call("POST", "/v1/bookings")
        .header("content-type", "application/json")
        .header("idempotency-key", "a")
        .header("idempotency-key", "b")
        .body("{}");
    let expected = house.serve(&doubled).await;
    assert_eq!(expected.code(), "duplicate-header");
    for door in Door::ALL.into_iter().filter(|door| door.tells_doubled_headers()) {
        assert_eq!(Answer::of(function.invoke(door.event(&doubled)).await.unwrap()), expected, "{door:?}");
    }
}

#[tokio::test]
async fn the_request_is_named_by_the_caller_or_else_by_the_gateway() {
    let house = House::open().await;
    let mut function = house.function().await;
    let named = Call::new("GET", "/healthz");
    let unnamed = named.clone().without_header("x-request-id");
    let badly_named = unnamed.clone().header("x-request-id", "trip 7");
    for (door, gateways) in [
        (Door::FunctionUrl, "MIZRNhJtIAMEMDw"),
        (Door::RestApi { stage: "prod", base: "" }, "deef4878-7910-11e6-8f14-25afc3e9ae33"),
    ] {
        for (call, name) in [(&named, "trip-7"), (&unnamed, gateways), (&badly_named, gateways)] {
            let answer = Answer::of(function.invoke(door.event(call)).await.unwrap());
            assert_eq!(answer.headers["x-request-id"], name);
        }
    }
}

#[tokio::test]
async fn an_address_is_the_gateways_to_say_and_not_the_clients() {
    let house = House::open().await;
    let mut function = house.function().await;
    let request = KeyRequest {
        mode: Mode::Live,
        name: None,
        scopes: Scopes::ALL,
        allowed_cidrs: vec!["192.0.2.0/24".parse().unwrap()],
        expires_in: None,
    };
    let bound = house.desk.issue_key(&Operator::program(), &agency(), request).await.unwrap().text;
    let call = Call::new("GET", "/v1/usage").header("x-api-key", bound.reveal());
    let elsewhere = Call { source: "198.51.100.1".parse().unwrap(), ..call.clone() };
    let pretending = elsewhere
        .clone()
        .header("x-forwarded-for", "192.0.2.7")
        .header("forwarded", "for=192.0.2.7")
        .header("x-real-ip", "192.0.2.7");
    for door in Door::ALL {
        assert_eq!(Answer::of(function.invoke(door.event(&call)).await.unwrap()).status, 200, "{door:?}");
        for call in [&elsewhere, &pretending] {
            let refused = Answer::of(function.invoke(door.event(call)).await.unwrap());
            assert_eq!(refused.code(), "address-not-allowed", "{door:?}");
        }
    }
    // The console's tests have no address; a bound key is not taken from nowhere.
    let mut event: Value = serde_json::from_str(&Door::RestApiBase64.event(&call)).unwrap();
    event["requestContext"]["identity"]["sourceIp"] = json!("test-invoke-source-ip");
    let refused = Answer::of(function.invoke(event.to_string()).await.unwrap());
    assert_eq!(refused.code(), "address-not-allowed");
}

#[tokio::test]
async fn a_network_that_is_blocked_on_the_server_is_so_for_the_function() {
    let house = House::open().await;
    let order = NetworkOrder {
        network: Network::parse("198.51.100.0/24").unwrap(),
        action: ListAction::Block,
        reason: None,
        expires_at: None,
        deliberately: false,
    };
    house.desk.list_network(&Operator::program(), &order).await.unwrap();
    let mut function = house.function().await;
    let call = house.call("GET", "/v1/usage");
    let blocked = Call { source: "198.51.100.1".parse().unwrap(), ..call.clone() }
        .header("x-forwarded-for", "192.0.2.7");
    for door in Door::ALL {
        assert_eq!(Answer::of(function.invoke(door.event(&call)).await.unwrap()).status, 200, "{door:?}");
        let refused = Answer::of(function.invoke(door.event(&blocked)).await.unwrap());
        assert_eq!(refused, house.serve(&blocked).await, "{door:?}");
        assert_eq!((refused.status.as_u16(), refused.code()), (403, "screened".to_owned()), "{door:?}");
    }
    // The list is one for all; what is done about it, each function is told.
    let counting = house.function_with(|command| command.env("SKYBRIDGE_SCREENING_ADDRESSES_LISTS", "count"));
    let mut function = counting.await;
    assert_eq!(Answer::of(function.invoke(Door::FunctionUrl.event(&blocked)).await.unwrap()).status, 200);
}

#[tokio::test]
async fn samples_as_they_are_get_the_answer_that_their_request_gets() {
    let house = House::open().await;
    let mut function = house.function().await;
    for (name, method, target) in [
        ("apigw_v2_proxy_request_minimal", "GET", "/"),
        ("apigw_v2_sam_local", "GET", "/hello"),
        ("apigw_v2_proxy_request", "POST", "/my/path"),
        ("apigw_request_path_with_space", "POST", "/my/path-with%20space"),
        ("lambda_function_url_request", "GET", "/my/path"),
        ("apigw_no_host", "GET", "/hello"),
        ("example-apigw-console-test-request", "POST", "/myPath"),
        ("example-apigw-sam-rest-request", "GET", "/test"),
        ("example-apigw-sam-http-request", "GET", "/dump"),
        ("example-apigw-v2-request-jwt-authorizer", "GET", "/my/path"),
        ("example-apigw-v2-request-multi-value-parameters", "GET", "/my/path"),
    ] {
        let answer = Answer::of(function.invoke(sample(name).to_string()).await.unwrap());
        let expected = house.serve(&Call::new(method, target)).await;
        assert_eq!((answer.status, answer.code()), (expected.status, expected.code()), "{name}");
        assert_eq!(answer.json()["detail"], expected.json()["detail"], "{name}");
    }
}
