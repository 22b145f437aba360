//! One connection: HTTP/1.1 by hyper, the router behind it, the clock in front of it.

use std::net::SocketAddr;
use std::pin::pin;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::ServiceExt as _;

use super::drain::DrainSignal;
use super::stream::{Patience, Phase, TimedStream};

/// More than the contract allows (100), so that the pipeline sees what is too much and says so.
const HEADERS_MAX: usize = 128;
/// More than the contract allows for the headers (16 KiB), for the same reason.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// What one connection needs to be served.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) peer: SocketAddr,
    pub(super) router: Router,
    pub(super) patience: Patience,
    pub(super) drain: DrainSignal,
}

impl Connection {
    /// Serves requests until the caller closes, its time is up, or the server drains; a request that has begun
    /// by then is served to its end.
    pub(super) async fn converse(self, stream: TcpStream) {
        // Answers are written whole; waiting for more to send would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the connection was gone before it was served");
            return;
        }
        let Self { peer, router, patience, mut drain } = self;
        let phase = Phase::default();
        let service = service_fn(|request: Request<Incoming>| {
            let phase = phase.clone();
            phase.serving();
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer = router.clone().oneshot(request);
            async move {
                let answer = answer.await;
                phase.served();
                answer
            }
        });
        let stream = TokioIo::new(TimedStream::new(stream, phase.clone(), patience));
        let mut connection = pin!(http1_rules().serve_connection(stream, service));
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = drain.begun() => {
                if phase.is_fresh() {
                    return;
                }
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            // A caller that breaks off or sends no HTTP is everyday life, not an error of this server.
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
        }
    }
}

fn http1_rules() -> http1::Builder {
    let mut rules = http1::Builder::new();
    rules
        .header_read_timeout(None)
        .max_headers(HEADERS_MAX)
        .max_buf_size(BUFFER_BYTES_MAX)
        // A caller that has sent all it wants to send may close its half and still get the answer. It also means that
        // hyper sees a request through whose caller is gone: a use case that has begun is not cut off half-way.
        .half_close(true);
    rules
}
