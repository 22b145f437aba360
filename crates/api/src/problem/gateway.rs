//! Refusals in the words of API Gateway, for agencies that come from there and whose programs know no others.
//!
//! Source: "Gateway response types for API Gateway" of the REST APIs
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>). Only what is
//! on the wire is another: the code is in the log and in the metrics as ever.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::Response;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use super::{Code, Refusal};

/// How refusals look on the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ErrorStyle {
    /// As problem documents (RFC 9457).
    #[default]
    Problem,
    /// As API Gateway writes them: `{"message":"Forbidden"}`.
    Aws,
}

impl ErrorStyle {
    const ALL: [Self; 2] = [Self::Problem, Self::Aws];

    /// Its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Aws => "aws",
        }
    }

    /// The style of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|style| style.name() == text)
    }

    /// The answer that says `refusal` to the request named `request_id`.
    pub(crate) fn answer(self, refusal: &Refusal, request_id: &str) -> Response {
        match self {
            Self::Problem => refusal.answer(request_id),
            Self::Aws => answer(refusal),
        }
    }

    /// Adds what API Gateway calls a request's id to the headers of any answer, if that is the style.
    pub(crate) fn name_request(self, headers: &mut HeaderMap, request_id: &HeaderValue) {
        if self == Self::Aws {
            headers.insert(X_AMZN_REQUEST_ID, request_id.clone());
        }
    }
}

const X_AMZN_ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const X_AMZN_REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Whatever is wrong with a key or forbidden to it is one answer there, and so is every limit but the quota. What API
/// Gateway has no words for keeps its status, and says what happened.
fn spelt(refusal: &Refusal) -> (StatusCode, Option<&'static str>, Cow<'_, str>) {
    match (refusal.code, refusal.code.status()) {
        (_, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            (StatusCode::FORBIDDEN, Some("ForbiddenException"), "Forbidden".into())
        }
        (Code::QuotaExceeded, status) => (status, Some("LimitExceededException"), "Limit Exceeded".into()),
        (_, status @ StatusCode::TOO_MANY_REQUESTS) => {
            (status, Some("TooManyRequestsException"), "Too Many Requests".into())
        }
        (_, status) => (status, None, what_happened(refusal)),
    }
}

/// Where a problem document would list many faults, all of them.
fn what_happened(refusal: &Refusal) -> Cow<'_, str> {
    if refusal.errors.len() < 2 {
        return refusal.detail.as_ref().into();
    }
    let faults = refusal.errors.iter().map(|fault| format!("{} {}.", fault.pointer, fault.detail));
    faults.collect::<Vec<_>>().join(" ").into()
}

#[derive(Serialize)]
struct Message<'a> {
    message: &'a str,
}

fn answer(refusal: &Refusal) -> Response {
    let (status, error_type, message) = spelt(refusal);
    let body = serde_json::to_vec(&Message { message: &message }).expect("a string is always JSON");
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(error_type) = error_type {
        headers.insert(X_AMZN_ERROR_TYPE, HeaderValue::from_static(error_type));
    }
    // A challenge belongs to a 401, which this is not.
    for (name, value) in refusal.headers.iter().filter(|(name, _)| name != header::WWW_AUTHENTICATE) {
        headers.insert(name, value.clone());
    }
    answer
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    /// Status, error type and body of the answer to every code there is.
    #[test]
    fn every_code_is_answered_as_api_gateway_would() {
        for code in Code::ALL {
            let refusal = Refusal::new(*code, "What happened.")
                .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
                .retry_after(7);
            let answer = ErrorStyle::Aws.answer(&refusal, "id");
            let (head, body) = answer.into_parts();
            let body = futures_util::FutureExt::now_or_never(body.collect()).unwrap().unwrap().to_bytes();
            let told = head.headers.get("x-amzn-errortype").map(|value| value.to_str().unwrap());
            let expected = match (code.as_str(), code.status().as_u16()) {
                (_, 401 | 403) => (403, Some("ForbiddenException"), "Forbidden"),
                ("quota-exceeded", _) => (429, Some("LimitExceededException"), "Limit Exceeded"),
                (_, 429) => (429, Some("TooManyRequestsException"), "Too Many Requests"),
                (_, status) => (status, None, "What happened."),
            };
            assert_eq!((head.status.as_u16(), told), (expected.0, expected.1), "{}", code.as_str());
            assert_eq!(body, format!(r#"{{"message":"{}"}}"#, expected.2));
            assert_eq!(head.headers[header::CONTENT_TYPE], "application/json");
            assert_eq!(head.headers[header::CACHE_CONTROL], "no-store");
            assert_eq!(head.headers[header::RETRY_AFTER], "7");
            assert!(!head.headers.contains_key(header::WWW_AUTHENTICATE), "{}", code.as_str());
        }
    }

    #[test]
    fn styles_have_names() {
        for (name, style) in
            [("problem", Some(ErrorStyle::Problem)), ("aws", Some(ErrorStyle::Aws)), ("AWS", None)]
        {
            assert_eq!(ErrorStyle::parse(name), style);
        }
        assert_eq!((ErrorStyle::default().name(), ErrorStyle::Aws.name()), ("problem", "aws"));
    }
}
