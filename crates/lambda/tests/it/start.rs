//! How the function begins and ends.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::process::Command;

use crate::kit::{Answer, Door, House};

/// Starts the function with something wrong, and returns what it says to Lambda.
async fn refused(house: &House, change: impl FnOnce(&mut Command) -> &mut Command) -> String {
    let mut function = house.function_with(|command| change(command.stderr(Stdio::null()))).await;
    let ended = function.invoke("{}").await.unwrap_err();
    assert_eq!(ended.status.code(), Some(1));
    let error: Value = serde_json::from_slice(&ended.init_error.expect("Lambda is told")).unwrap();
    assert_eq!(error["errorType"], "Init");
    error["errorMessage"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_wrong_with_the_settings_is_said_in_one_sentence() {
    let house = House::open().await;
    let said = refused(&house, |command| command.env_remove("SKYBRIDGE_PEPPER")).await;
    assert!(
        said.starts_with("SKYBRIDGE_PEPPER is not set; set it to the text of the file `pepper`"),
        "{said}"
    );
    let said = refused(&house, |command| command.env("SKYBRIDGE_PEPPER", "")).await;
    assert!(said.starts_with("SKYBRIDGE_PEPPER is not set;"), "{said}");
    let secret = "5ec7e7";
    let said = refused(&house, |command| command.env("SKYBRIDGE_PEPPER", format!("1:{secret}"))).await;
    assert!(said.starts_with("SKYBRIDGE_PEPPER cannot be read: pepper 1 is not 64 hex digits"), "{said}");
    assert!(!said.contains(secret));
    for (name, value, begins) in [
        (
            "SKYBRIDGE_LAMBDA_TRUST_GATEWAY_KEYS",
            "yes",
            "SKYBRIDGE_LAMBDA_TRUST_GATEWAY_KEYS is \"yes\"; set it to true",
        ),
        (
            "SKYBRIDGE_SCREENING_ADDRESSES_RATE",
            "on",
            "SKYBRIDGE_SCREENING_ADDRESSES_RATE is \"on\"; set it to block, count or off",
        ),
        ("SKYBRIDGE_ERRORS", "apigateway", "SKYBRIDGE_ERRORS is \"apigateway\"; set it to problem or aws"),
        ("SKYBRIDGE_LOG_LEVEL", "loud", "SKYBRIDGE_LOG_LEVEL is \"loud\"; set it to error,"),
        (
            "AWS_ENDPOINT_URL_DYNAMODB",
            "localhost:8000",
            "AWS_ENDPOINT_URL_DYNAMODB is \"localhost:8000\"; set it to",
        ),
        ("AWS_REGION", "", "AWS_REGION is not set;"),
        ("AWS_ACCESS_KEY_ID", "", "AWS_ACCESS_KEY_ID is not set;"),
    ] {
        let said = refused(&house, |command| command.env(name, value)).await;
        assert!(said.starts_with(begins), "{said}");
    }
    // The message names the table and not the machine's insides.
    let said = refused(&house, |command| command.env("SKYBRIDGE_DYNAMODB_TABLE_PREFIX", "elsewhere-")).await;
    assert!(said.starts_with("the tables cannot be read: ") && said.contains("elsewhere-"), "{said}");
}

#[tokio::test]
async fn run_by_hand_it_says_what_it_is() {
    let output = Command::new(env!("CARGO_BIN_EXE_bootstrap")).env_clear().output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let line: Value = serde_json::from_slice(&output.stderr).unwrap();
    let error = line["error"].as_str().unwrap();
    assert!(error.ends_with("this program is a Lambda function's, and only Lambda can run it"), "{error}");
}

#[tokio::test]
async fn asked_to_end_it_gives_back_what_it_leased_and_ends() {
    let house = House::open().await;
    let mut function = house.function().await;
    let usage = house.call("GET", "/v1/usage");
    assert_eq!(Answer::of(function.invoke(Door::FunctionUrl.event(&usage)).await.unwrap()).status, 200);
    let pid = Pid::from_raw(function.pid().unwrap().cast_signed()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert!(function.ended().await.unwrap().success());
}
