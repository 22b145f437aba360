//! Answers that are written without hyper: to heads that never reach it, and to connections that find no seat.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

use axum::body::Body;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use skybridge_api::RequestIds;
use skybridge_api::problem::{Code, MEDIA_TYPE, Refusal};

use crate::guard::fault::Fault;

const X_REQUEST_ID_NAME: &str = "x-request-id";
const X_REQUEST_ID: &[u8] = b"x-request-id:";
/// What one refusal hands on to another that takes its place.
const KEPT: [&str; 6] =
    [X_REQUEST_ID_NAME, "x-amzn-requestid", "ratelimit", "ratelimit-policy", "deprecation", "sunset"];

/// A whole answer of HTTP/1.1, after which the connection closes.
pub(crate) fn answer(refusal: &Refusal, request_id: &str) -> Vec<u8> {
    let body = refusal.document(request_id);
    let status = refusal.code.status();
    let mut head = format!(
        "HTTP/1.1 {} {}\r\ncontent-type: {MEDIA_TYPE}\r\ncache-control: no-store\r\ncontent-length: {}\r\n\
         x-request-id: {request_id}\r\nconnection: close\r\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or(""),
        body.len(),
    );
    for (name, value) in &refusal.headers {
        let value = value.to_str().unwrap_or("");
        write!(head, "{name}: {value}\r\n").expect("a text takes what is written");
    }
    head.push_str("\r\n");
    [head.into_bytes(), body].concat()
}

/// The answer to a faulty head, of which `held` has come. Counted and told in the access log as the pipeline does,
/// which never saw the request.
pub(crate) fn to_fault(fault: Fault, held: &[u8], peer: SocketAddr, ids: &RequestIds) -> Vec<u8> {
    let request_id = ids.name_or_next(request_id_in(held));
    note(fault.code, &request_id, peer.ip(), None);
    answer(&Refusal::new(fault.code, fault.detail), &request_id)
}

/// The answer to a request of HTTP/2 with a faulty head, which came from `source`.
pub(crate) fn to_request<B>(
    fault: Fault,
    request: &Request<B>,
    source: IpAddr,
    ids: &RequestIds,
) -> Response {
    let request_id = ids.name_or_next(request.headers().get(X_REQUEST_ID_NAME).map(HeaderValue::as_bytes));
    note(fault.code, &request_id, source, None);
    let mut answer = Refusal::new(fault.code, fault.detail).answer(&request_id);
    if request.method() == Method::HEAD {
        *answer.body_mut() = Body::empty();
    }
    let name = HeaderValue::try_from(request_id).expect("ids are letters, digits and a few signs");
    answer.headers_mut().insert(X_REQUEST_ID_NAME, name);
    answer
}

fn note(code: Code, request_id: &str, source: IpAddr, replaced: Option<StatusCode>) {
    let (status, code) = (code.status().as_u16(), code.as_str());
    let replaces = replaced.as_ref().map(StatusCode::as_u16);
    metrics::counter!("skybridge_requests_total", "code" => code).increment(1);
    tracing::info!(target: "skybridge::access", request_id, %source, status, code, replaces);
}

/// The caller's name for a request whose head has not become one. It is not believed for more than that.
fn request_id_in(held: &[u8]) -> Option<&[u8]> {
    held.split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(X_REQUEST_ID.len())?;
        name.eq_ignore_ascii_case(X_REQUEST_ID).then(|| value.trim_ascii())
    })
}

/// A refusal for faulty framing in place of `answer`, which refuses the same request of `peer` for another reason. It
/// keeps what is the request's and the caller's rather than that refusal's: the name, how the plan stands, and that a
/// key's days are numbered.
///
/// The pipeline has counted and told the answer that nobody gets; this one is counted and told besides, and its line
/// names the status that it replaces.
pub(crate) fn instead_of(answer: &Response, detail: String, peer: SocketAddr) -> Response {
    let id = answer.headers().get(X_REQUEST_ID_NAME).and_then(|id| id.to_str().ok()).unwrap_or_default();
    note(Code::MalformedRequest, id, peer.ip(), Some(answer.status()));
    let mut fresh = Refusal::new(Code::MalformedRequest, detail).answer(id);
    for name in KEPT {
        if let Some(value) = answer.headers().get(name) {
            fresh.headers_mut().insert(HeaderName::from_static(name), value.clone());
        }
    }
    fresh
}

/// The refusal of a connection too many.
pub(crate) fn no_seat() -> Refusal {
    // A caller that waits a second finds others gone.
    Refusal::new(Code::Overloaded, "Too many connections are open. Reuse those that you have.").retry_after(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole() {
        let text = String::from_utf8(answer(&no_seat(), "0123456789abcdef")).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{head}");
        assert!(head.ends_with("retry-after: 1"), "{head}");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
        assert!(body.contains("\"request_id\":\"0123456789abcdef\""), "{body}");
    }
}
