//! The answers of a DynamoDB that fails, as it words them on the wire.
//!
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>

use bytes::Bytes;
use http::{Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, json};

use super::plan::Draw;

pub(super) type Answer = Response<Full<Bytes>>;

const DYNAMODB: &str = "com.amazonaws.dynamodb.v20120810#";
const AVAILABILITY: &str = "com.amazon.coral.availability#";

/// The table's own limit, or the account's: the two come under different names.
pub(super) fn throttle(draw: &mut Draw) -> Answer {
    let (namespace, name, message) = match draw.below(2) {
        0 => (
            DYNAMODB,
            "ProvisionedThroughputExceededException",
            "The level of configured provisioned throughput for the table was exceeded.",
        ),
        _ => (AVAILABILITY, "ThrottlingException", "Rate of requests exceeds the allowed throughput."),
    };
    failure(StatusCode::BAD_REQUEST, namespace, name, message)
}

pub(super) fn server_error(draw: &mut Draw) -> Answer {
    match draw.below(2) {
        0 => internal_error(),
        _ => failure(
            StatusCode::SERVICE_UNAVAILABLE,
            AVAILABILITY,
            "ServiceUnavailable",
            "The service is temporarily unavailable.",
        ),
    }
}

pub(super) fn internal_error() -> Answer {
    let message = "The request processing has failed because of an unknown error.";
    failure(StatusCode::INTERNAL_SERVER_ERROR, DYNAMODB, "InternalServerError", message)
}

/// Another transaction holds one of the records: of a transaction's, the last.
pub(super) fn conflict(operation: &str, request: &Value) -> Answer {
    const ONGOING: &str = "Transaction is ongoing for the item";
    if operation != "TransactWriteItems" {
        return failure(StatusCode::BAD_REQUEST, DYNAMODB, "TransactionConflictException", ONGOING);
    }
    let count = request["TransactItems"].as_array().map_or(1, Vec::len);
    let mut reasons = vec![json!({ "Code": "None" }); count];
    if let Some(last) = reasons.last_mut() {
        *last = json!({ "Code": "TransactionConflict", "Message": ONGOING });
    }
    let codes: Vec<&str> = reasons.iter().filter_map(|reason| reason["Code"].as_str()).collect();
    let message = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    whole(
        StatusCode::BAD_REQUEST,
        &json!({
            "__type": format!("{DYNAMODB}TransactionCanceledException"),
            "Message": message,
            "CancellationReasons": reasons,
        }),
    )
}

/// The door itself cannot reach what it stands in front of.
pub(super) fn nobody_there(error: &dyn std::error::Error) -> Answer {
    failure(StatusCode::BAD_GATEWAY, AVAILABILITY, "ServiceUnavailable", &error.to_string())
}

fn failure(status: StatusCode, namespace: &str, name: &str, message: &str) -> Answer {
    whole(status, &json!({ "__type": format!("{namespace}{name}"), "message": message }))
}

pub(super) fn whole(status: StatusCode, body: &Value) -> Answer {
    let mut answer = Response::new(Full::from(body.to_string()));
    *answer.status_mut() = status;
    let json = header::HeaderValue::from_static("application/x-amz-json-1.0");
    answer.headers_mut().insert(header::CONTENT_TYPE, json);
    answer
}
