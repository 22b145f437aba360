//! One request and its answer: what the stages of the pipeline share.

use std::net::IpAddr;

use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::Method;
use http::header::{self, HeaderName, HeaderValue};
use skybridge_domain::key::KeyId;
use skybridge_domain::time::Timestamp;
use skybridge_gate::{Caller, Grace, PaceHeaders};

use super::provenance::source_of;
use super::request_id::{RequestIds, X_REQUEST_ID};
use crate::problem::{CarriedRefusal, Code, ErrorStyle, Refusal};
use crate::screening::{self, Screening};

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// RFC 9745.
const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
/// RFC 8594.
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// The target of the lines that tell of requests; whoever sets up logging decides what becomes of them.
pub(crate) const ACCESS: &str = "skybridge::access";

/// The methods that are told there: any other is text of the caller's.
const METHODS: [Method; 9] = [
    Method::GET,
    Method::POST,
    Method::HEAD,
    Method::PUT,
    Method::DELETE,
    Method::PATCH,
    Method::OPTIONS,
    Method::CONNECT,
    Method::TRACE,
];

/// What is known of a request while it is served.
pub(crate) struct Exchange {
    request_id: HeaderValue,
    source: IpAddr,
    begun_at: Timestamp,
    method: Method,
    /// The operation's path; none if there is no such operation.
    route: Option<MatchedPath>,
    /// Who calls; none before that is known.
    caller: Option<Caller>,
    /// How the caller's plan stands, as headers; none before the caller is known.
    limits: Vec<(HeaderName, HeaderValue)>,
    /// The rules of screening that met something in the request's texts; none in nearly all.
    labels: Option<String>,
}

impl Exchange {
    /// Takes up `request` at `now`.
    pub(crate) fn begin(ids: &RequestIds, now: Timestamp, request: &Request) -> Self {
        Self {
            request_id: ids.name(request),
            source: source_of(request),
            begun_at: now,
            method: request.method().clone(),
            route: request.extensions().get().cloned(),
            caller: None,
            limits: Vec::new(),
            labels: None,
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

    /// Notes who calls.
    pub(crate) fn note_caller(&mut self, caller: &Caller) {
        self.caller = Some(caller.clone());
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

    /// Has the plan's standing been noted?
    pub(crate) fn knows_limits(&self) -> bool {
        !self.limits.is_empty()
    }

    /// Takes note of what `screening` found in the request's texts.
    pub(super) fn note_findings(&mut self, screening: &Screening, outcome: &Result<Response, Refusal>) {
        let Some((report, code)) = screening::of_outcome(outcome) else { return };
        self.labels = Some(report.labels());
        let entry = screening::Entry {
            at: self.begun_at,
            agency: self.caller.as_ref().map(|caller| caller.agency().to_string()),
            key_id: self.caller.as_ref().map(|caller| caller.key_id().to_string()),
            request_id: self.request_id.to_str().unwrap_or("").to_owned(),
            code: code.map(Code::as_str),
            findings: report,
        };
        screening.note(entry, code);
    }

    /// Writes a refusal in the `style` that the operator chose, logs what the operator must know, and adds the headers
    /// that every answer carries. The whole took `time`.
    pub(crate) fn finish(
        self,
        outcome: Result<Response, Refusal>,
        time: Duration,
        style: ErrorStyle,
    ) -> Response {
        let request_id = self.request_id.to_str().unwrap_or("");
        let code = outcome.as_ref().map_or_else(|refusal| refusal.code.as_str(), |_| "ok");
        let mut answer = outcome.unwrap_or_else(|refusal| {
            log(&refusal, request_id);
            style.answer(&refusal, request_id)
        });
        self.log_access(answer.status().as_u16(), code, time);
        for (name, value) in self.limits {
            answer.headers_mut().insert(name, value);
        }
        if let Some(Grace { rotated_at, ends_at }) = self.caller.as_ref().and_then(Caller::grace) {
            let text = |text: String| HeaderValue::try_from(text).expect("dates are written in ASCII");
            answer.headers_mut().insert(DEPRECATION, text(format!("@{}", rotated_at.as_secs())));
            answer.headers_mut().insert(SUNSET, text(ends_at.http_date()));
        }
        // Whatever a text holds, it is what its media type says: no browser is to find a page in it.
        answer.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        style.name_request(answer.headers_mut(), &self.request_id);
        answer.headers_mut().insert(X_REQUEST_ID, self.request_id);
        answer
    }

    /// One line per request. Names whatever an operator asks for, and nothing that a caller wrote but the request's id:
    /// the path stands here as its template, so that no key or name that strayed into it gets into a log.
    fn log_access(&self, status: u16, code: &str, time: Duration) {
        let key_id = self.caller.as_ref().map(Caller::key_id);
        tracing::info!(
            target: ACCESS,
            request_id = self.request_id.to_str().unwrap_or(""),
            source = %self.source,
            agency = self.caller.as_ref().map(|caller| caller.agency().as_str()),
            key_id = key_id.as_ref().map(KeyId::as_str),
            method = METHODS.iter().find(|known| **known == self.method).map(Method::as_str),
            route = self.route.as_ref().map(MatchedPath::as_str),
            status,
            code,
            screened = self.labels.as_deref(),
            ms = (time.as_secs_f64() * 1e6).round() / 1e3,
        );
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
