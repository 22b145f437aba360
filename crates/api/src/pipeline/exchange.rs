//! One request and its answer: what the stages of the pipeline share.

use std::net::IpAddr;

use axum::extract::Request;
use axum::response::Response;
use http::header::{self, HeaderName, HeaderValue};
use skybridge_domain::time::Timestamp;
use skybridge_gate::{Grace, PaceHeaders};

use super::provenance::source_of;
use super::request_id::{RequestIds, X_REQUEST_ID};
use crate::problem::{CarriedRefusal, Code, Refusal};

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// RFC 9745.
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// RFC 8594.
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// What is known of a request while it is served.
pub(crate) struct Exchange {
    request_id: HeaderValue,
    source: IpAddr,
    begun_at: Timestamp,
    /// How the caller's plan stands, as headers; none before the caller is known.
    limits: Vec<(HeaderName, HeaderValue)>,
    /// The grace of the caller's key, if it was rotated.
    grace: Option<Grace>,
}

impl Exchange {
    /// Takes up `request` at `now`.
    pub(crate) fn begin(ids: &RequestIds, now: Timestamp, request: &Request) -> Self {
        Self {
            request_id: ids.name(request),
            source: source_of(request),
            begun_at: now,
            limits: Vec::new(),
            grace: None,
        }
    }

    /// Where the request came from.
    pub(crate) fn source(&self) -> IpAddr {
        self.source
    }

    /// When it was taken up.
    pub(crate) fn begun_at(&self) -> Timestamp {
        self.begun_at
    }

    /// Notes how the caller's plan stands.
    pub(crate) fn note_limits(&mut self, pace: &PaceHeaders<'_>) {
        let text = |text: &str| HeaderValue::from_str(text).expect("limits are written in ASCII");
        self.limits.push((RATELIMIT_POLICY, text(pace.policy)));
        self.limits.push((RATELIMIT, text(pace.limit.as_str())));
        if let Some(seconds) = &pace.retry_after {
            self.limits.push((header::RETRY_AFTER, text(seconds.as_str())));
        }
    }

    /// Notes whether the caller's key was rotated, and how long it works on.
    pub(crate) fn note_grace(&mut self, grace: Option<Grace>) {
        self.grace = grace;
    }

    /// Has the plan's standing been noted?
    pub(crate) fn knows_limits(&self) -> bool {
        !self.limits.is_empty()
    }

    /// Writes a refusal as its problem document, logs what the operator must know, and adds the headers that
    /// every answer carries.
    pub(crate) fn finish(self, outcome: Result<Response, Refusal>) -> Response {
        let request_id = self.request_id.to_str().unwrap_or("").to_owned();
        let mut answer = outcome.unwrap_or_else(|refusal| {
            log(&refusal, &request_id);
            refusal.answer(&request_id)
        });
        for (name, value) in self.limits {
            answer.headers_mut().insert(name, value);
        }
        if let Some(Grace { rotated_at, ends_at }) = self.grace {
            let text = |text: String| HeaderValue::try_from(text).expect("dates are written in ASCII");
            answer.headers_mut().insert(DEPRECATION, text(format!("@{}", rotated_at.as_secs())));
            answer.headers_mut().insert(SUNSET, text(ends_at.http_date()));
        }
        answer.headers_mut().insert(X_REQUEST_ID, self.request_id);
        answer
    }
}

/// A refusal that a handler made travels in the extensions of its response.
pub(crate) fn take_refusal(mut response: Response) -> Result<Response, Refusal> {
    match response.extensions_mut().remove::<CarriedRefusal>() {
        None => Ok(response),
        Some(carried) => Err(carried.take()),
    }
}

/// What is our doing is an error in the log, with its cause; what is the caller's is told the caller.
fn log(refusal: &Refusal, request_id: &str) {
    let code = refusal.code.as_str();
    let cause = refusal.cause.as_deref().map(tracing::field::display);
    if refusal.code.status().is_server_error() && refusal.code != Code::Draining {
        tracing::error!(code, request_id, cause, "refused");
    } else {
        tracing::debug!(code, request_id, cause, "refused");
    }
}
