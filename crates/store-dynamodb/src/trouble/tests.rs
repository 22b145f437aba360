//! Every answer of DynamoDB that we know, and what it is taken for.

use aws_sdk_dynamodb::error::ErrorMetadata;
use aws_sdk_dynamodb::operation::put_item::PutItemError;

use super::*;

/// What a `PutItem` answered so is taken for.
fn trouble(status: u16, code: &str, message: &str) -> Trouble {
    let meta = ErrorMetadata::builder().code(code).message(message).build();
    let status = status.try_into().expect("a status of HTTP");
    Trouble::of(SdkError::service_error(PutItemError::generic(meta), HttpResponse::new(status, "".into())))
}

/// The variant's name: the debug text up to its content.
fn name(trouble: &Trouble) -> String {
    format!("{trouble:?}").split('(').next().unwrap_or_default().to_owned()
}

#[test]
fn every_code_has_its_own_trouble() {
    for (status, code, message, expected) in [
        (400, "ProvisionedThroughputExceededException", "", "Throttled"),
        (400, "ThrottlingException", "Rate of requests exceeds the allowed throughput.", "Throttled"),
        (400, "RequestLimitExceeded", "", "Throttled"),
        (400, "LimitExceededException", "Too many concurrent table creations", "Throttled"),
        // Not every server names what it means; a name comes before the status.
        (503, "ThrottlingException", "", "Throttled"),
        (400, "TransactionConflictException", "Transaction is ongoing for the item", "Conflict"),
        (400, "TransactionInProgressException", "", "Conflict"),
        (500, "InternalServerError", "", "ServerError"),
        (503, "ServiceUnavailable", "", "ServerError"),
        (502, "", "", "ServerError"),
        (400, "ResourceNotFoundException", "Requested resource not found", "NoTable"),
        (400, "ValidationException", "The table does not have the specified index: listing", "NoIndex"),
        (400, "ValidationException", "Item size has exceeded the maximum allowed size", "TooLarge"),
        (400, "ValidationException", "One or more parameter values were invalid", "Rejected"),
        (
            400,
            "ExpiredTokenException",
            "The security token included in the request is expired",
            "CredentialsExpired",
        ),
        (
            400,
            "UnrecognizedClientException",
            "The security token in the request is invalid.",
            "CredentialsUnknown",
        ),
        (
            400,
            "InvalidSignatureException",
            "The request signature we calculated does not match",
            "CredentialsUnknown",
        ),
        (400, "MissingAuthenticationTokenException", "", "CredentialsUnknown"),
        (
            400,
            "InvalidSignatureException",
            "Signature expired: 20270314T092653Z is now earlier than",
            "ClockOff",
        ),
        (400, "InvalidSignatureException", "Signature not yet current: 20270314T092653Z", "ClockOff"),
        (400, "AccessDeniedException", "User: arn:aws:iam::1:user/x is not authorized", "AccessDenied"),
        (400, "SomethingNew", "", "Rejected"),
    ] {
        let trouble = trouble(status, code, message);
        assert_eq!(name(&trouble), expected, "{status} {code}: {message}");
    }
}

#[test]
fn only_what_may_pass_is_tried_again_and_only_what_may_have_arrived_is_open() {
    for (status, code, is_retried, is_open) in [
        (400, "ThrottlingException", true, false),
        (400, "TransactionConflictException", true, false),
        (500, "InternalServerError", true, true),
        (503, "ServiceUnavailable", true, true),
        (400, "AccessDeniedException", false, false),
        (400, "ExpiredTokenException", false, false),
        (400, "ResourceNotFoundException", false, false),
        (400, "SomethingNew", false, false),
    ] {
        let trouble = trouble(status, code, "");
        assert_eq!(trouble.is_worth_a_retry(), is_retried, "{code}");
        assert_eq!(trouble.leaves_a_write_open(), is_open, "{code}");
    }
    assert!(Trouble::TimedOut.is_worth_a_retry() && Trouble::TimedOut.leaves_a_write_open());
}

#[test]
fn an_answer_that_cannot_be_read_leaves_a_write_open() {
    let raw = HttpResponse::new(200.try_into().expect("a status of HTTP"), "".into());
    let trouble = Trouble::of(SdkError::<PutItemError, _>::response_error("not JSON", raw));
    assert!(trouble.is_worth_a_retry() && trouble.leaves_a_write_open(), "{trouble:?}");
}
