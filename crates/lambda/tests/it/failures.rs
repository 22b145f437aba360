//! Events that are none of ours, and a store that is away.

use std::fs::File;
use std::process::Stdio;

use serde_json::{Value, json};
use skybridge_lambda_local::Outcome;

use crate::kit::door::sample;
use crate::kit::{Answer, Call, Door, House};

#[tokio::test]
async fn an_event_that_is_none_of_ours_is_refused_and_the_next_is_answered() {
    let house = House::open().await;
    let mut function = house.function().await;
    let mut broken_base64 = sample("apigw_v2_proxy_request");
    broken_base64["isBase64Encoded"] = json!(true);
    let mut bad_header = sample("apigw_v2_proxy_request");
    bad_header["headers"]["a b"] = json!("c");
    let mut bad_method = sample("apigw_no_host");
    bad_method["httpMethod"] = json!("");
    for (event, message) in [
        (sample("alb_request").to_string(), "an Application Load Balancer's"),
        (sample("example-sqs-event").to_string(), "none of them"),
        (sample("vpc_lattice_v2_request").to_string(), "none of them"),
        ("{}".to_owned(), "none of them"),
        (broken_base64.to_string(), "says that its body is in base64, and it is not"),
        (bad_header.to_string(), "the event's headers cannot stand in an HTTP request"),
        (bad_method.to_string(), "the event's method cannot stand in an HTTP request"),
        ("{\"rawPath\"".to_owned(), ""),
    ] {
        let Outcome::Failed(error) = function.invoke(event).await.unwrap() else { panic!("it was answered") };
        let error: Value = serde_json::from_slice(&error).unwrap();
        assert!(error["errorMessage"].as_str().unwrap().contains(message), "{error}");
        if !message.is_empty() {
            assert_eq!(error["errorType"], "UnreadableEvent");
        }
    }
    let healthy = Door::FunctionUrl.event(&Call::new("GET", "/healthz"));
    assert_eq!(Answer::of(function.invoke(healthy).await.unwrap()).status, 200);
}

#[tokio::test]
async fn a_store_that_is_away_is_a_refusal_and_a_line_in_the_log() {
    let house = House::open().await;
    let log = tempfile::NamedTempFile::new().unwrap();
    let stderr = File::create(log.path()).unwrap();
    let mut function = house.function_with(|command| command.stderr(Stdio::from(stderr))).await;
    let call = house.call("POST", "/booking").body("{}");
    assert_eq!(Answer::of(function.invoke(Door::FunctionUrl.event(&call)).await.unwrap()).status, 201);

    drop(house.dynamo);
    let refused = Answer::of(function.invoke(Door::FunctionUrl.event(&call)).await.unwrap());
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (503, "store-unavailable"));
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    assert!(refused.headers.contains_key("retry-after"));
    // What needs no store is there all the same.
    let healthy = Door::FunctionUrl.event(&Call::new("GET", "/healthz"));
    assert_eq!(Answer::of(function.invoke(healthy).await.unwrap()).status, 200);

    let lines = std::fs::read_to_string(log.path()).unwrap();
    let line = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let line = line.into_iter().find(|line| line["message"] == "refused").expect("the refusal is logged");
    assert_eq!((&line["level"], &line["code"]), (&json!("ERROR"), &json!("store-unavailable")));
    assert_eq!(line["request_id"], "trip-7");
    assert_eq!(line["span"]["aws_request_id"], "8476a536-e9f4-11e8-9739-000000000002");
    assert!(!lines.contains(house.key.reveal()) && !lines.contains(&house.key.reveal()[22..65]));
}
