//! The sample events that AWS's own crates are tested with, and what they leave out.

use serde_json::{Value, json};

use super::*;

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../tests/data/", $name, ".json"))
    };
}

fn read(json: &str) -> Event {
    Event::read(json).unwrap()
}

/// A sample with members changed.
fn changed(sample: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut event = serde_json::from_str(sample).unwrap();
    change(&mut event);
    event.to_string()
}

fn values_of<'a>(event: &'a Event, name: &str) -> Vec<&'a str> {
    let named = event.headers.iter().filter(|(held, _)| held.eq_ignore_ascii_case(name));
    named.map(|(_, value)| value.as_str()).collect()
}

#[test]
fn every_sample_of_a_gateway_is_read() {
    for (sample, format, method, target) in [
        (sample!("apigw_v2_proxy_request_minimal"), Format::V2, "GET", "/"),
        (sample!("example-apigw-v2-request-no-authorizer"), Format::V2, "GET", "/"),
        (sample!("apigw_v2_sam_local"), Format::V2, "GET", "/hello"),
        (sample!("example-apigw-sam-http-request"), Format::V2, "GET", "/dump?foo=bar"),
        (sample!("apigw_no_host"), Format::V1, "GET", "/hello?name=me"),
        (sample!("example-apigw-restapi-openapi-request"), Format::V1, "POST", "/hello/world?name=me"),
        (sample!("example-apigw-console-test-request"), Format::V1, "POST", "/myPath"),
        (sample!("example-apigw-sam-rest-request"), Format::V1, "GET", "/test"),
    ] {
        let event = read(sample);
        assert_eq!((event.format, &*event.method, &*event.target), (format, method, target));
    }
    let raw = "/my/path?parameter1=value1&parameter1=value2&parameter2=value";
    for sample in [
        sample!("apigw_v2_proxy_request"),
        sample!("apigw_v2_proxy_request_with_stage_in_path"),
        sample!("lambda_function_url_request"),
        sample!("example-apigw-v2-request-iam"),
        sample!("example-apigw-v2-request-jwt-authorizer"),
        sample!("example-apigw-v2-request-lambda-authorizer"),
    ] {
        assert_eq!(read(sample).target, raw);
    }
    assert_eq!(
        read(sample!("apigw_request_path_with_space")).target,
        "/my/path-with%20space?parameter1=value1&parameter1=value2&parameter2=value"
    );
}

#[test]
fn each_value_of_a_name_comes_through() {
    let event = read(sample!("apigw_multi_value_proxy_request"));
    assert_eq!(event.target, "/hello/world?name=me&multiValueName=you&multiValueName=me");
    let doubled = changed(sample!("apigw_multi_value_proxy_request"), |event| {
        event["headers"]["Idempotency-Key"] = json!("b");
        event["multiValueHeaders"]["Idempotency-Key"] = json!(["a", "b"]);
        event["headers"]["Only-Here"] = json!("c");
    });
    let event = read(&doubled);
    assert_eq!(values_of(&event, "idempotency-key"), ["a", "b"]);
    assert_eq!(values_of(&event, "only-here"), ["c"]);
    assert_eq!(values_of(&event, "host"), ["gy415nuibc.execute-api.us-east-1.amazonaws.com"]);
}

#[test]
fn cookies_are_a_header_again() {
    assert_eq!(
        values_of(&read(sample!("apigw_v2_proxy_request")), "cookie"),
        ["cookie1=value1; cookie2=value2"]
    );
    // A function URL has them in both places.
    assert_eq!(values_of(&read(sample!("lambda_function_url_request")), "cookie"), ["test=hi"]);
    assert_eq!(values_of(&read(sample!("apigw_v2_sam_local")), "cookie"), [""; 0]);
}

#[test]
fn a_body_in_base64_is_decoded_and_one_that_is_none_is_refused() {
    for sample in [sample!("apigw_v2_proxy_request"), sample!("apigw_multi_value_proxy_request")] {
        let encoded = |text: &str| {
            changed(sample, |event| {
                event["body"] = json!(text);
                event["isBase64Encoded"] = json!(true);
            })
        };
        assert_eq!(read(&encoded("eyJhZ2VuY3kiOiJQYXJ0bmVyQ28ifQ==")).body, br#"{"agency":"PartnerCo"}"#);
        assert_eq!(read(&encoded("//4=")).body, [0xff, 0xfe]);
        assert!(matches!(Event::read(&encoded("{}")), Err(Unreadable::Base64)));
    }
    assert_eq!(read(sample!("apigw_v2_proxy_request")).body, b"Hello from Lambda");
    assert_eq!(read(sample!("apigw_no_host")).body, b"");
}

#[test]
fn the_source_is_the_gateways_word() {
    let source = |sample: &str| read(sample).source.map(|source| source.to_string());
    assert_eq!(source(sample!("lambda_function_url_request")).as_deref(), Some("65.78.31.245"));
    assert_eq!(source(sample!("apigw_multi_value_proxy_request")).as_deref(), Some("192.168.196.186"));
    assert_eq!(source(sample!("example-apigw-console-test-request")), None);
    assert_eq!(source(sample!("apigw_v2_proxy_request")), None);
    let v6 = changed(sample!("lambda_function_url_request"), |event| {
        event["requestContext"]["http"]["sourceIp"] = json!("2001:db8::1");
    });
    assert_eq!(source(&v6).as_deref(), Some("2001:db8::1"));
}

#[test]
fn the_gateways_name_for_the_request_is_kept() {
    assert_eq!(read(sample!("lambda_function_url_request")).request_id.as_deref(), Some("MIZRNhJtIAMEMDw="));
    let rest = read(sample!("apigw_multi_value_proxy_request"));
    assert_eq!(rest.request_id.as_deref(), Some("deef4878-7910-11e6-8f14-25afc3e9ae33"));
}

#[test]
fn the_clients_certificate_is_the_one_that_the_gateway_verified() {
    // SEQUENCE { NULL }, which passes for a certificate's frame.
    let pem = "-----BEGIN CERTIFICATE-----\nMAIFAA==\n-----END CERTIFICATE-----\n";
    let its_own = Some(Fingerprint::of_der(&[0x30, 2, 5, 0]));
    let http = changed(sample!("lambda_function_url_request"), |event| {
        event["requestContext"]["authentication"] = json!({ "clientCert": { "clientCertPem": pem } });
    });
    assert_eq!(read(&http).certificate, its_own);
    let rest = changed(sample!("example-apigw-restapi-openapi-request"), |event| {
        event["requestContext"]["identity"]["clientCert"] = json!({ "clientCertPem": pem });
    });
    assert_eq!(read(&rest).certificate, its_own);
    assert_eq!(read(sample!("lambda_function_url_request")).certificate, None);
    let unreadable = changed(sample!("lambda_function_url_request"), |event| {
        event["requestContext"]["authentication"] = json!({ "clientCert": { "clientCertPem": "x" } });
    });
    assert_eq!(read(&unreadable).certificate, None);
}

#[test]
fn only_a_rest_api_can_say_that_it_checked_a_key() {
    let rest = read(sample!("example-apigw-restapi-openapi-request"));
    assert_eq!(rest.checked_key.as_deref(), Some("theApiKey"));
    // Without the key's id, the method required no key, and nobody has checked it.
    let unchecked = changed(sample!("example-apigw-restapi-openapi-request"), |event| {
        event["requestContext"]["identity"]["apiKeyId"] = Value::Null;
    });
    assert_eq!(read(&unchecked).checked_key, None);
    assert_eq!(read(sample!("apigw_multi_value_proxy_request")).checked_key, None);
    let forged = changed(sample!("lambda_function_url_request"), |event| {
        event["headers"]["x-api-key"] = json!("k");
        event["requestContext"]["identity"] = json!({ "apiKey": "k", "apiKeyId": "i" });
    });
    assert_eq!(read(&forged).checked_key, None);
}

#[test]
fn what_comes_from_elsewhere_is_refused_by_its_name() {
    for (sample, name) in [
        (sample!("alb_request"), "an Application Load Balancer's"),
        (sample!("example-apigw-websocket-request"), "a WebSocket API's"),
        (sample!("example-apigw-v2-custom-authorizer-v2-request"), "one for a Lambda authorizer"),
        (sample!("example-apigw-custom-auth-request-type-request"), "one for a Lambda authorizer"),
        (sample!("vpc_lattice_v2_request"), "none of them"),
        (sample!("example-sqs-event"), "none of them"),
        ("[]", "none of them"),
        ("{}", "none of them"),
        ("null", "none of them"),
    ] {
        let refused = Event::read(sample).unwrap_err();
        assert!(matches!(refused, Unreadable::Foreign(named) if named == name), "{refused}");
    }
}

#[test]
fn what_is_wrong_is_told_without_the_event() {
    for (sample, member) in [
        (sample!("apigw_v2_proxy_request"), "rawPath"),
        (sample!("apigw_multi_value_proxy_request"), "path"),
        (sample!("apigw_multi_value_proxy_request"), "body"),
        (sample!("apigw_multi_value_proxy_request"), "multiValueHeaders"),
    ] {
        let wrong = changed(sample, |event| event[member] = json!(["O'Neill"]));
        let told = Event::read(&wrong).unwrap_err().to_string();
        assert!(
            told.starts_with("the event is not of the form that its format has, at line 1, column "),
            "{told}"
        );
    }
}
