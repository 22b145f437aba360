//! Keys: those that are made and revoked elsewhere, and those that a gateway has checked.

use serde_json::{Value, json};
use skybridge_desk::audit::Operator;
use skybridge_lambda_local::LocalLambda;

use crate::kit::{Answer, Call, Door, House};

const REST: Door = Door::RestApi { stage: "prod", base: "" };

async fn ask(function: &mut LocalLambda, event: &str) -> Answer {
    Answer::of(function.invoke(event.to_owned()).await.unwrap())
}

/// Asks until the answer has this status; a test that never sees it ends by the runner's limit.
async fn ask_until(function: &mut LocalLambda, event: &str, status: u16) -> Answer {
    loop {
        let answer = ask(function, event).await;
        if answer.status == status {
            return answer;
        }
    }
}

#[tokio::test]
async fn a_key_made_or_revoked_on_the_server_is_so_for_the_running_function() {
    let house = House::open().await;
    let mut function = house.function().await;
    let healthy = Door::FunctionUrl.event(&Call::new("GET", "/healthz"));
    assert_eq!(ask(&mut function, &healthy).await.status, 200);

    let key = house.issue_key().await;
    let call = Call::new("GET", "/v1/usage").header("x-api-key", key.reveal());
    let event = Door::FunctionUrl.event(&call);
    ask_until(&mut function, &event, 200).await;

    house.desk.revoke_key(&Operator::program(), key.id()).await.unwrap();
    let refused = ask_until(&mut function, &event, 401).await;
    assert_eq!(refused, house.serve(&call).await);
}

/// The event of a REST API whose method requires a key, for a call that brings none itself.
fn vouched(call: &Call, key: &str) -> String {
    let mut event: Value = serde_json::from_str(&REST.event(call)).unwrap();
    event["requestContext"]["identity"]["apiKey"] = json!(key);
    event["requestContext"]["identity"]["apiKeyId"] = json!("h4p0rzc6b2");
    event.to_string()
}

async fn trusting(house: &House) -> LocalLambda {
    house
        .function_with(|command| {
            command.env("SKYBRIDGE_LAMBDA_TRUST_GATEWAY_KEYS", "true").env_remove("SKYBRIDGE_PEPPER")
        })
        .await
}

#[tokio::test]
async fn a_key_that_the_gateway_checked_needs_no_pepper_here() {
    let house = House::open().await;
    let mut function = trusting(&house).await;
    let call = Call::new("POST", "/booking").header("idempotency-key", "k").body("{}");
    let made = ask(&mut function, &vouched(&call, house.key.reveal())).await;
    assert_eq!(made.status, 201);
    // It is the holder's booking, as the server knows it.
    let id = made.json()["booking_id"].as_str().unwrap().to_owned();
    assert_eq!(house.serve(&house.call("GET", &format!("/v1/bookings/{id}"))).await.status, 200);
}

#[tokio::test]
async fn a_checked_key_that_does_not_hold_is_refused_like_any_other() {
    let house = House::open().await;
    let revoked = house.issue_key().await;
    house.desk.revoke_key(&Operator::program(), revoked.id()).await.unwrap();
    let mut function = trusting(&house).await;
    let call = Call::new("GET", "/v1/usage");
    let expected = house.serve(&call.clone().header("x-api-key", revoked.reveal())).await;
    assert_eq!(expected.code(), "key-unknown");
    let unknown = "sbk_live_000000000000_0000000000000000000000000000000000000000000";
    let unknown = format!("{unknown}_{}", checksum(unknown));
    for key in [revoked.reveal(), &unknown] {
        assert_eq!(ask(&mut function, &vouched(&call, key)).await, expected);
    }
}

#[tokio::test]
async fn only_the_gateway_can_vouch_for_a_key() {
    let house = House::open().await;
    let mut function = trusting(&house).await;
    let key = house.key.reveal();
    let call = Call::new("GET", "/v1/usage");
    let missing = house.serve(&call).await;
    assert_eq!(missing.code(), "key-missing");

    // No header says it, whatever it is called, and no body.
    let pretending = ["vouched-key", "VouchedKey", "apiKey", "x-apigateway-api-key", "identity"]
        .into_iter()
        .fold(call.clone(), |call, name| call.header(name, key))
        .body(json!({ "requestContext": { "identity": { "apiKey": key, "apiKeyId": "i" } } }).to_string());
    // Of another gateway the same words mean nothing: only a REST API checks keys.
    let mut elsewhere: Value = serde_json::from_str(&Door::FunctionUrl.event(&call)).unwrap();
    elsewhere["requestContext"]["identity"] = json!({ "apiKey": key, "apiKeyId": "i" });
    // A method that requires no key has checked none.
    let mut unchecked: Value = serde_json::from_str(&vouched(&call, key)).unwrap();
    unchecked["requestContext"]["identity"]["apiKeyId"] = Value::Null;
    for event in [REST.event(&pretending), elsewhere.to_string(), unchecked.to_string()] {
        assert_eq!(ask(&mut function, &event).await, missing);
    }
    // A key in the header alone is checked here, and there is no pepper to check it with.
    let in_header = REST.event(&call.header("x-api-key", key));
    assert_eq!(ask(&mut function, &in_header).await.code(), "key-unknown");
}

#[tokio::test]
async fn without_the_setting_the_gateways_word_counts_for_nothing() {
    let house = House::open().await;
    let mut function = house.function().await;
    let call = Call::new("GET", "/v1/usage");
    let answer = ask(&mut function, &vouched(&call, house.key.reveal())).await;
    assert_eq!(answer, house.serve(&call).await);
    assert_eq!(answer.code(), "key-missing");
}

/// CRC-32 in six base62 digits, as at the end of every key.
fn checksum(text: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = crc32fast::hash(text.as_bytes()) as usize;
    let mut digits = [0; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[rest % 62];
        rest /= 62;
    }
    String::from_utf8(digits.to_vec()).unwrap()
}
