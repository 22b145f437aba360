//! Answers that are written without hyper: to heads that never reach it, and to connections that find no seat.

use std::fmt::Write as _;

use skybridge_api::problem::{Code, MEDIA_TYPE, Refusal};

use crate::guard::fault::Fault;

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

/// The refusal of a faulty head.
pub(crate) fn of_fault(fault: Fault) -> Refusal {
    // Counted like the refusals of the pipeline, which never saw the request.
    metrics::counter!("skybridge_requests_total", "code" => fault.code.as_str()).increment(1);
    Refusal::new(fault.code, fault.detail)
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
