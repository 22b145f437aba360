//! A request as a client sends it, and what comes back.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use serde_json::Value;
use skybridge_lambda_local::Outcome;

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) source: IpAddr,
}

impl Call {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query.to_owned())),
            None => (target, None),
        };
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query,
            headers: Vec::new(),
            body: Vec::new(),
            source: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
        }
        .header("host", "api.example")
        // Both sides then name the request alike, so that bodies can be compared byte for byte.
        .header("x-request-id", "trip-7")
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(named, _)| named != name);
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The values of each header, in the order in which they were sent.
    pub(crate) fn values(&self) -> Vec<(&str, Vec<&str>)> {
        let mut named: Vec<(&str, Vec<&str>)> = Vec::new();
        for (name, value) in &self.headers {
            match named.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => values.push(value),
                None => named.push((name, vec![value])),
            }
        }
        named
    }

    /// The request as the server's connection hands it to the router.
    pub(crate) fn request(&self) -> Request<Body> {
        let target = self.query.as_ref().map_or(self.path.clone(), |query| format!("{}?{query}", self.path));
        let mut request = Request::builder().method(self.method.as_str()).uri(target);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Body::from(self.body.clone())).unwrap()
    }
}

/// An answer.
#[derive(PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: StatusCode, mut headers: HeaderMap, body: Vec<u8>) -> Self {
        // How much of a plan is left is another number with every call.
        headers.remove("ratelimit");
        Self { status, headers, body }
    }

    /// What a gateway makes of a function's answer.
    pub(crate) fn of(outcome: Outcome) -> Self {
        let Outcome::Answered(json) = outcome else { panic!("the function failed: {outcome:?}") };
        let answer: Value = serde_json::from_slice(&json).unwrap();
        let mut headers = HeaderMap::new();
        for form in ["headers", "multiValueHeaders"] {
            for (name, values) in answer[form].as_object().into_iter().flatten() {
                let values = values.as_array().cloned().unwrap_or_else(|| vec![values.clone()]);
                for value in values {
                    let name = HeaderName::try_from(name).unwrap();
                    headers.append(name, HeaderValue::from_str(value.as_str().unwrap()).unwrap());
                }
            }
        }
        let text = answer["body"].as_str().unwrap();
        let body = match answer["isBase64Encoded"].as_bool().unwrap() {
            true => STANDARD.decode(text).unwrap(),
            false => text.as_bytes().to_vec(),
        };
        let status = u16::try_from(answer["statusCode"].as_u64().unwrap()).unwrap();
        Self::new(StatusCode::from_u16(status).unwrap(), headers, body)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or("none").to_owned()
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, String::from_utf8_lossy(&self.body))
    }
}
