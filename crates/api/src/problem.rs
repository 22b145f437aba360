//! Refusals: what an answer that says no looks like, and the one table that gives each its status and title.
//!
//! A refusal is `application/problem+json` (RFC 9457). Its `type` is a page that this program serves,
//! `/errors/<code>`, made from `docs/errors/<code>.md`: a code without its page does not compile. The caller's
//! text (`detail`) and the operator's (`cause`) are different fields; the cause goes to the log, once, and never
//! into a body.

mod gateway;

use std::borrow::Cow;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{self, HeaderName, HeaderValue};
use serde::Serialize;
use skybridge_domain::fault::Fault;

pub use gateway::ErrorStyle;

use crate::screening::Report;

/// The media type of every refusal.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Declares the codes: name, code, status, title; and embeds each code's page.
macro_rules! problem_table {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:ident, $title:literal;)*) => {
        /// Why a request was refused. The word is contract: it never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            const fn row(self) -> (&'static str, StatusCode, &'static str, &'static str) {
                match self {
                    $(Self::$name => (
                        $code,
                        StatusCode::$status,
                        $title,
                        include_str!(concat!("../../../docs/errors/", $code, ".md")),
                    ),)*
                }
            }
        }
    };
}

problem_table! {
    /// The body is not JSON, or nested too deeply.
    MalformedJson = "malformed-json", BAD_REQUEST, "The body is not JSON";
    /// A header, path or query of the request is not what it must be.
    MalformedRequest = "malformed-request", BAD_REQUEST, "The request is malformed";
    /// `Idempotency-Key` is required and was not sent.
    IdempotencyKeyMissing = "idempotency-key-missing", BAD_REQUEST, "The Idempotency-Key is missing";
    /// `Idempotency-Key` is not a key.
    IdempotencyKeyInvalid = "idempotency-key-invalid", BAD_REQUEST, "The Idempotency-Key is not valid";
    /// A header that may come once came twice.
    DuplicateHeader = "duplicate-header", BAD_REQUEST, "A header was sent twice";
    /// No API key was sent.
    KeyMissing = "key-missing", UNAUTHORIZED, "An API key is needed";
    /// What was sent is not an API key: a typing error, as its checksum tells.
    KeyMalformed = "key-malformed", UNAUTHORIZED, "The API key is mistyped";
    /// Nobody's key, or one that is revoked or expired.
    KeyUnknown = "key-unknown", UNAUTHORIZED, "The API key is not known";
    /// The signature of the request does not hold.
    SignatureInvalid = "signature-invalid", UNAUTHORIZED, "The signature is not valid";
    /// The agency's requests have to be signed, and this one is not.
    SignatureRequired = "signature-required", FORBIDDEN, "The request must be signed";
    /// The agency's connections have to come with a pinned certificate, and this one does not.
    CertificateRequired = "certificate-required", FORBIDDEN, "A client certificate is required";
    /// The key may not do this.
    ScopeMissing = "scope-missing", FORBIDDEN, "The API key lacks a scope";
    /// The key may not be used from this address.
    AddressNotAllowed = "address-not-allowed", FORBIDDEN, "The API key may not be used from this address";
    /// The body names another agency than the key's.
    AgencyMismatch = "agency-mismatch", FORBIDDEN, "The body names another agency";
    /// The agency is suspended.
    AgencySuspended = "agency-suspended", FORBIDDEN, "The agency is suspended";
    /// Screening has found what is not taken: an address that is blocked, or a text that looks like an attack.
    Screened = "screened", FORBIDDEN, "The request was screened out";
    /// There is nothing here, or nothing that this caller may see.
    NotFound = "not-found", NOT_FOUND, "Not found";
    /// The path is served, but not with this method.
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED, "The method is not allowed here";
    /// The caller takes no form of answer that we have.
    NotAcceptable = "not-acceptable", NOT_ACCEPTABLE, "No acceptable form of answer";
    /// The body did not arrive in time.
    RequestTimeout = "request-timeout", REQUEST_TIMEOUT, "The request took too long to arrive";
    /// The status of a booking does not allow this step, or what stands of a partner does not.
    InvalidTransition = "invalid-transition", CONFLICT, "The present state does not allow this";
    /// `If-Match` names another version than the booking has.
    VersionMismatch = "version-mismatch", PRECONDITION_FAILED, "The booking has changed";
    /// More than 64 KiB of body.
    BodyTooLarge = "body-too-large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// More than 8 KiB of URI.
    UriTooLong = "uri-too-long", URI_TOO_LONG, "The URI is too long";
    /// The body is declared to be something other than JSON.
    UnsupportedMediaType = "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The body must be JSON";
    /// Too many headers, or too long ones.
    HeadersTooLarge = "headers-too-large", REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large";
    /// The body is JSON but not a booking.
    InvalidBooking = "invalid-booking", UNPROCESSABLE_ENTITY, "The booking is not valid";
    /// The key already names a booking made by another request.
    IdempotencyKeyReused = "idempotency-key-reused", UNPROCESSABLE_ENTITY,
        "The Idempotency-Key belongs to another request";
    /// A JSON object names a member twice.
    DuplicateMember = "duplicate-member", UNPROCESSABLE_ENTITY, "A member is named twice";
    /// The booking has a member that does not exist, or that only the server sets.
    UnknownField = "unknown-field", UNPROCESSABLE_ENTITY, "The booking has an unknown field";
    /// A free text holds a card's number or security code.
    CardData = "card-data", UNPROCESSABLE_ENTITY, "Card data is not taken";
    /// Faster than the plan's rate and burst.
    RateLimited = "rate-limited", TOO_MANY_REQUESTS, "Too many requests";
    /// More than the plan's quota.
    QuotaExceeded = "quota-exceeded", TOO_MANY_REQUESTS, "The quota is used up";
    /// More at once than the plan allows.
    TooManyInFlight = "too-many-in-flight", TOO_MANY_REQUESTS, "Too many requests at once";
    /// More keys or signatures that are not taken than anybody mistypes.
    TooManyFailedAttempts = "too-many-failed-attempts", TOO_MANY_REQUESTS, "Too many failed attempts";
    /// More requests from one address than a rule admits.
    AddressRateLimited = "address-rate-limited", TOO_MANY_REQUESTS, "Too many requests from this address";
    /// A defect of this program.
    Internal = "internal", INTERNAL_SERVER_ERROR, "Something went wrong on our side";
    /// The queue in front of the store is full.
    Overloaded = "overloaded", SERVICE_UNAVAILABLE, "The service is overloaded";
    /// The store does not answer.
    StoreUnavailable = "store-unavailable", SERVICE_UNAVAILABLE, "The store is unavailable";
    /// The program is shutting down.
    Draining = "draining", SERVICE_UNAVAILABLE, "The service is shutting down";
    /// The admin API was called without its token.
    AdminTokenMissing = "admin-token-missing", UNAUTHORIZED, "The admin token is needed";
    /// The admin API was called with a wrong token.
    AdminTokenInvalid = "admin-token-invalid", UNAUTHORIZED, "The admin token is wrong";
    /// The admin API was asked to create what exists.
    AlreadyExists = "already-exists", CONFLICT, "It exists already";
    /// The admin API was sent a value that is not valid.
    InvalidRequest = "invalid-request", UNPROCESSABLE_ENTITY, "The request is not valid";
}

impl Code {
    /// The code's word, as in `code` and in `/errors/<code>`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The HTTP status that it is answered with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        self.row().1
    }

    /// What it is called; the same in every occurrence.
    #[must_use]
    pub const fn title(self) -> &'static str {
        self.row().2
    }

    /// Is it one that only the admin API answers?
    #[must_use]
    pub const fn of_admin_api(self) -> bool {
        matches!(
            self,
            Self::AdminTokenMissing | Self::AdminTokenInvalid | Self::AlreadyExists | Self::InvalidRequest
        )
    }

    /// The page that explains it, in Markdown.
    #[must_use]
    pub const fn page(self) -> &'static str {
        self.row().3
    }
}

/// An answer that says no. Made by any stage; written by the pipeline, which knows the request's id.
#[derive(Debug)]
pub struct Refusal {
    /// Why.
    pub code: Code,
    /// Why in this case, and what to do: for the caller.
    pub detail: Cow<'static, str>,
    /// What is wrong with the body, member by member.
    pub errors: Vec<Fault>,
    /// Headers that belong to the refusal (`Retry-After`, `Allow`, `WWW-Authenticate`).
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// What happened inside: for the operator's log.
    pub cause: Option<Box<dyn Error + Send + Sync>>,
    /// What screening found: for the operator.
    pub(crate) report: Option<Arc<Report>>,
}

impl Refusal {
    /// A refusal for `code`, explained by `detail`.
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
            cause: None,
            report: None,
        }
    }

    /// A body whose faults are `errors`.
    pub fn of_faults(code: Code, errors: Vec<Fault>) -> Self {
        let detail = match errors.as_slice() {
            [only] if only.pointer.is_empty() => format!("The body {}.", only.detail),
            [only] => format!("{} {}.", only.pointer, only.detail),
            many => format!("{} faults were found; each is listed in `errors`.", many.len()),
        };
        Self { errors, ..Self::new(code, detail) }
    }

    /// Something that must not happen did; `cause` says what, for the log.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Code::Internal, "The request could not be completed. It is safe to send it again.")
            .caused_by(cause)
    }

    /// The same refusal, with what happened inside.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The same refusal, with one header more.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same refusal, to be tried again after `seconds`.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The problem document, for the request named `request_id`.
    #[must_use]
    pub fn document(&self, request_id: &str) -> Vec<u8> {
        serde_json::to_vec(&ProblemDocument {
            kind: format_args!("/errors/{}", self.code.as_str()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code.as_str(),
            request_id,
            errors: self
                .errors
                .iter()
                .map(|fault| FaultDocument { pointer: &fault.pointer, detail: &fault.detail })
                .collect(),
        })
        .expect("strings and numbers are always JSON")
    }

    /// The answer itself, for the request named `request_id`.
    #[must_use]
    pub fn answer(&self, request_id: &str) -> Response {
        let mut answer = Response::new(Body::from(self.document(request_id)));
        *answer.status_mut() = self.code.status();
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in &self.headers {
            answer.headers_mut().insert(name, value.clone());
        }
        answer
    }
}

/// Carries a refusal out of a handler: the pipeline takes it from the extensions and writes the answer.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut carrier = Response::new(Body::empty());
        *carrier.status_mut() = self.code.status();
        carrier.extensions_mut().insert(CarriedRefusal::new(self));
        carrier
    }
}

/// A refusal on its way from a handler to the pipeline. Extensions want to be cloned; a refusal is taken once.
#[derive(Clone)]
pub(crate) struct CarriedRefusal(Arc<Mutex<Option<Refusal>>>);

impl CarriedRefusal {
    fn new(refusal: Refusal) -> Self {
        Self(Arc::new(Mutex::new(Some(refusal))))
    }

    pub(crate) fn take(self) -> Refusal {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        taken.unwrap_or_else(|| Refusal::internal("a refusal was taken twice"))
    }
}

/// The body of a refusal, in the order of its members.
#[derive(Serialize)]
struct ProblemDocument<'a> {
    #[serde(rename = "type")]
    kind: std::fmt::Arguments<'a>,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FaultDocument<'a>>,
}

#[derive(Serialize)]
struct FaultDocument<'a> {
    pointer: &'a str,
    detail: &'a str,
}
