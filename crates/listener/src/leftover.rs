//! Bodies that nobody read to their end.
//!
//! Most refusals are decided before a byte of the body was read. What is left of it stands between this request and
//! the next, so either it is read and dropped, which keeps the connection for a caller that was only told to wait; or
//! the answer says that the connection closes, and it does. Never is the rest taken for a request. If the rest turns out
//! to be framed faultily, that is what a refused caller is told: framing comes before everything else.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::Request;
use http::header::{self, HeaderValue};
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use tokio::time::timeout;

use crate::refusal;

/// How much is dropped to keep a connection: as much as a body may have.
const BYTES_MAX: u64 = 64 * 1024;
/// How long the answer waits for it.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// Where the body of a connection's present request is left by those who do not want it. Requests of a connection come
/// one after the other, so one place is enough.
#[derive(Debug, Clone, Default)]
pub(crate) struct Leftover(Arc<Mutex<Option<Left>>>);

/// What was left.
#[derive(Debug)]
enum Left {
    /// Something that can be read.
    Unread(Rest),
    /// Nothing: reading failed, and nobody knows where the next request begins.
    Broken,
}

#[derive(Debug)]
struct Rest {
    body: Incoming,
    /// The caller waits to be asked for it, and has not been.
    is_held_back: bool,
}

impl Leftover {
    /// `request` with a body that comes back here if it is dropped unread.
    pub(crate) fn watch(&self, request: Request<Incoming>) -> Request<Body> {
        if request.body().is_end_stream() {
            return request.map(|_nothing| Body::empty());
        }
        let is_held_back = request.headers().contains_key(header::EXPECT);
        request.map(|body| {
            let rest = Some(Rest { body, is_held_back });
            Body::new(Watched { rest, leftover: self.clone() })
        })
    }

    /// Sees to what is left of a request of `peer`, and lets `answer` say so if the connection has to close for it.
    pub(crate) async fn settle(&self, answer: &mut Response, peer: SocketAddr) {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(left) = left else { return };
        let end = match left {
            // Whoever gave up the body, for being too slow for example, may have said so already.
            _ if answer.headers().contains_key(header::CONNECTION) => End::Elsewhere,
            Left::Unread(rest) if rest.is_held_back => End::Elsewhere,
            Left::Unread(rest) => drop_rest(rest.body).await,
            Left::Broken => End::Elsewhere,
        };
        match end {
            End::Reached => return,
            // Only a refusal is replaced: what was done is told as done.
            End::Faulty(detail) if answer.status().is_client_error() => {
                *answer = refusal::instead_of(answer, detail, peer);
            }
            End::Faulty(_) | End::Elsewhere => {}
        }
        if !answer.headers().contains_key(header::CONNECTION) {
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }

    /// Reads on if something was left, so that the answer need not be followed by RST_STREAM: some callers drop an
    /// answer for that, whatever its error says. For a request of HTTP/2, with a place of its own for what it leaves.
    pub(crate) async fn read_out(&self) {
        let left = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Left::Unread(rest)) = left {
            drop_rest(rest.body).await;
        }
    }

    fn leave(&self, left: Left) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(left);
    }
}

/// Where the end of a body is.
enum End {
    /// Behind what was read.
    Reached,
    /// Nobody knows, because its framing is faulty in this way.
    Faulty(String),
    /// Further on, or the body broke off.
    Elsewhere,
}

/// Reads `body` to its end, if that is near.
async fn drop_rest(mut body: Incoming) -> End {
    if body.size_hint().lower() > BYTES_MAX {
        return End::Elsewhere;
    }
    let reading = std::future::poll_fn(|cx| {
        let mut bytes = 0;
        loop {
            match ready!(Pin::new(&mut body).poll_frame(cx)) {
                None => return Poll::Ready(End::Reached),
                Some(Err(error)) => return Poll::Ready(fault_in(&error).map_or(End::Elsewhere, End::Faulty)),
                Some(Ok(frame)) => bytes += frame.data_ref().map_or(0, |data| data.len() as u64),
            }
            if bytes > BYTES_MAX {
                return Poll::Ready(End::Elsewhere);
            }
        }
    });
    timeout(WAIT_MAX, reading).await.unwrap_or(End::Elsewhere)
}

/// What the guard found, if that is why a body cannot be read.
fn fault_in(error: &hyper::Error) -> Option<String> {
    let cause = error.source()?.downcast_ref::<io::Error>()?;
    (cause.kind() == io::ErrorKind::InvalidData).then(|| cause.to_string())
}

/// A body on its way to whoever reads it.
#[derive(Debug)]
struct Watched {
    /// `None` once it was read to its end, or could not be.
    rest: Option<Rest>,
    leftover: Leftover,
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(rest) = &mut self.rest else { return Poll::Ready(None) };
        rest.is_held_back = false;
        let frame = ready!(Pin::new(&mut rest.body).poll_frame(cx));
        match &frame {
            None => self.rest = None,
            Some(Err(_)) => {
                self.rest = None;
                self.leftover.leave(Left::Broken);
            }
            Some(Ok(_)) => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.as_ref().is_none_or(|rest| rest.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), |rest| rest.body.size_hint())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let Some(rest) = self.rest.take().filter(|rest| !rest.body.is_end_stream()) {
            self.leftover.leave(Left::Unread(rest));
        }
    }
}
