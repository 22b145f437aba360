//! Reading a body: JSON, within its size, in time.

use std::error::Error;
use std::io;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use bytes::{Bytes, BytesMut};
use http::header::{self, HeaderMap};
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::problem::{Code, Refusal};

/// The largest body that is read: 64 KiB.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024;

/// Refuses a body that is declared to be something other than JSON in UTF-8. No declaration at all is taken for it.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    require_plain(headers)?;
    let Some(declared) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let declared = declared.to_str().unwrap_or("");
    let mut parts = declared.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
        !name.eq_ignore_ascii_case("charset") || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    if is_json && is_utf8 {
        return Ok(());
    }
    let hint = if declared.contains("form") {
        " (curl -d sends that by itself; add -H 'content-type: application/json')"
    } else {
        ""
    };
    let declared: String = declared.chars().take(100).collect();
    let detail = format!("The Content-Type is {declared:?}{hint}; it must be application/json, in UTF-8.");
    Err(Refusal::new(Code::UnsupportedMediaType, detail))
}

/// Refuses a body that is compressed or otherwise encoded (RFC 9110, section 8.4).
pub(crate) fn require_plain(headers: &HeaderMap) -> Result<(), Refusal> {
    match headers.get(header::CONTENT_ENCODING) {
        Some(coding) if !coding.as_bytes().eq_ignore_ascii_case(b"identity") => Err(Refusal::new(
            Code::UnsupportedMediaType,
            "The body is declared to be encoded by its Content-Encoding; send it as it is.",
        )),
        _ => Ok(()),
    }
}

/// The whole body of `request`.
pub(crate) async fn read(request: Request, deadline: Duration) -> Result<Bytes, Refusal> {
    let (parts, body) = request.into_parts();
    collect(&parts.headers, body, deadline).await
}

/// The whole body of a request with these headers.
pub(crate) async fn collect(headers: &HeaderMap, body: Body, deadline: Duration) -> Result<Bytes, Refusal> {
    // A body that announces its excess is refused before a byte of it is read.
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.and_then(|text| text.parse::<u64>().ok()).is_some_and(|bytes| bytes > BODY_BYTES_MAX as u64)
    {
        return Err(too_large());
    }
    match tokio::time::timeout(deadline, whole(Limited::new(body, BODY_BYTES_MAX))).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(error)) if error.downcast_ref::<LengthLimitError>().is_some() => Err(too_large()),
        Ok(Err(error)) => Err(Refusal::new(Code::MalformedRequest, broken_off(&*error)).caused_by(error)),
        Err(_) => {
            let detail = format!("The body did not arrive within {} s.", deadline.as_secs());
            Err(Refusal::new(Code::RequestTimeout, detail)
                .with_header(header::CONNECTION, header::HeaderValue::from_static("close")))
        }
    }
}

/// All of a body, in one piece. Pieces are copied as they come, but for one that is the whole: each holds on to the
/// buffer of some KiB that it was received in, and a caller may send a byte at a time.
async fn whole(mut body: Limited<Body>) -> Result<Bytes, Box<dyn Error + Send + Sync>> {
    let mut copied = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame?.into_data() else { continue };
        if copied.is_empty() && body.is_end_stream() {
            return Ok(piece);
        }
        copied.extend_from_slice(&piece);
    }
    Ok(copied.freeze())
}

/// Why a body could not be read: a front door that finds its framing faulty says so, anything else is its end.
fn broken_off(error: &(dyn Error + 'static)) -> &'static str {
    let mut cause = Some(error);
    while let Some(error) = cause.filter(|error| !is_faulty_framing(*error)) {
        cause = error.source();
    }
    if cause.is_some() {
        "The body's chunks are faulty: each is a size of 1 to 8 hexadecimal digits, CRLF, that many bytes, CRLF; no \
         extensions, no trailers."
    } else {
        "The body ended before it was complete."
    }
}

fn is_faulty_framing(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::InvalidData)
}

fn too_large() -> Refusal {
    Refusal::new(Code::BodyTooLarge, "The body has more than 65536 bytes (64 KiB), the most that is read.")
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use futures_util::stream::{self, StreamExt as _};

    use super::*;

    /// A byte that was received in a buffer of its own.
    struct Received(Arc<AtomicUsize>);

    impl AsRef<[u8]> for Received {
        fn as_ref(&self) -> &[u8] {
            b"x"
        }
    }

    impl Drop for Received {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Relaxed);
        }
    }

    #[tokio::test]
    async fn no_piece_is_held_when_the_next_one_comes() {
        let held = Arc::new(AtomicUsize::new(0));
        let pieces = stream::iter(0..100).map(move |_| {
            assert_eq!(held.fetch_add(1, Relaxed), 0, "buffers are held");
            Ok::<_, Infallible>(Bytes::from_owner(Received(Arc::clone(&held))))
        });
        let body = collect(&HeaderMap::new(), Body::from_stream(pieces), Duration::from_secs(9)).await;
        assert_eq!(body.unwrap(), "x".repeat(100));
    }
}
