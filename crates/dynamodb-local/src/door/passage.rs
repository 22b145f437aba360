//! The way of one request through the door, on one connection of a client.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::Mutex;

use super::Shared;
use super::answer::{self, Answer};
use super::batch;
use super::plan::{Draw, Fault};

/// A client's connection, with the one behind it. HTTP/1.1 has one request under way on each.
pub(super) struct Passage {
    shared: Arc<Shared>,
    upstream: Mutex<Option<SendRequest<Full<Bytes>>>>,
}

/// A request, read whole.
struct Call {
    operation: String,
    parts: Parts,
    body: Bytes,
}

impl Call {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Passage {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, upstream: Mutex::new(None) }
    }

    /// Answers, or resets the connection by an error.
    pub(super) async fn take(&self, request: Request<Incoming>) -> io::Result<Answer> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
        let operation =
            target.and_then(|target| target.split_once('.')).map_or("", |(_, name)| name).to_owned();
        let call = Call { operation, parts, body };
        let (fault, draw) = self.shared.judge(&call.operation);
        let request = call.json();
        self.shared.state().counts.note_content(&call.operation, &request);
        match fault {
            None => Ok(self.pass(call).await),
            Some(fault) => self.fail(fault, draw, call).await,
        }
    }

    async fn fail(&self, fault: Fault, mut draw: Draw, call: Call) -> io::Result<Answer> {
        let reset = || Err(io::ErrorKind::ConnectionReset.into());
        match fault {
            Fault::Delay => {
                delay(Duration::from_millis(1 + draw.below(4))).await;
                Ok(self.pass(call).await)
            }
            Fault::Throttle => Ok(answer::throttle(&mut draw)),
            Fault::ServerError => Ok(answer::server_error(&mut draw)),
            Fault::Conflict => Ok(answer::conflict(&call.operation, &call.json())),
            Fault::ResetBefore => reset(),
            Fault::ResetAfter => {
                self.pass(call).await;
                reset()
            }
            Fault::ErrorAfter => {
                self.pass(call).await;
                Ok(answer::internal_error())
            }
            Fault::HalfBatch => Ok(self.pass_half(call).await),
            Fault::SilenceBefore => pending().await,
            Fault::SilenceAfter => {
                self.pass(call).await;
                pending().await
            }
        }
    }

    async fn pass(&self, call: Call) -> Answer {
        self.forward(call).await.unwrap_or_else(|error| answer::nobody_there(&error))
    }

    async fn pass_half(&self, mut call: Call) -> Answer {
        let (passed, unprocessed) = batch::halve(call.json());
        call.body = Bytes::from(passed.to_string());
        let answered = self.pass(call).await;
        if answered.status() != StatusCode::OK {
            return answered;
        }
        let Ok(body) = answered.into_body().collect().await;
        answer::whole(StatusCode::OK, &batch::with_unprocessed(&body.to_bytes(), unprocessed))
    }

    async fn forward(&self, call: Call) -> io::Result<Answer> {
        let mut request = Request::from_parts(call.parts, Full::from(call.body.clone()));
        // The signature covers the old length and body; an emulator does not check it.
        request.headers_mut().insert(header::CONTENT_LENGTH, call.body.len().into());
        let mut upstream = self.upstream.lock().await;
        let is_open = match upstream.as_mut() {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !is_open {
            *upstream = None;
        }
        let sender = match &mut *upstream {
            Some(sender) => sender,
            none => none.insert(self.connect().await?),
        };
        let answered = sender.send_request(request).await.map_err(io::Error::other)?;
        let (parts, body) = answered.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        Ok(Response::from_parts(parts, Full::from(body)))
    }

    async fn connect(&self) -> io::Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(self.shared.upstream).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(sender)
    }
}

#[expect(clippy::disallowed_methods, reason = "a delay on the wire is what is asked for, and it is bounded")]
async fn delay(length: Duration) {
    tokio::time::sleep(length).await;
}
