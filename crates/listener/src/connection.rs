//! One connection, from its first byte to its last: HTTP/1.1 behind the guard, or HTTP/2.

mod http1;
mod http2;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use bytes::BytesMut;
use http::Request;
use skybridge_api::RequestIds;
use skybridge_api::public::{ClientCertificate, SourceAddress};
use tower::ServiceExt as _;

use crate::drain::DrainSignal;
use crate::farewell::Wire;
use crate::guard::fault::Fault;
use crate::pulse::Patience;
use crate::refusal;
use crate::source::TrustedProxies;

/// What all connections of a listener are served by.
pub struct Reception {
    /// Answers the requests.
    pub router: Router,
    /// How long a connection may take for what.
    pub patience: Patience,
    /// How many requests of one HTTP/2 connection may be under way at a time.
    pub streams_max: u32,
    /// Who is believed about where requests come from.
    pub trusted_proxies: TrustedProxies,
    /// Name the requests that never reach the router.
    pub request_ids: Arc<RequestIds>,
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// Its address.
    pub peer: SocketAddr,
    /// What it has proven to hold, over TLS.
    pub certificate: Option<ClientCertificate>,
    /// Has the handshake settled on HTTP/2?
    pub speaks_http2: bool,
}

impl Reception {
    /// Serves requests until the caller closes, its time is up, or the server drains; a request that has begun by
    /// then, or begins before the last call is over, is served to its end.
    pub async fn converse<S: Wire + 'static>(&self, stream: S, caller: Caller, drain: DrainSignal) {
        if caller.speaks_http2 {
            http2::converse(self, caller, BytesMut::new(), stream, drain).await;
        } else {
            http1::converse(self, caller, stream, drain).await;
        }
    }

    /// Refuses `request` for `fault`, before the router sees it.
    fn refuse<B>(&self, fault: Fault, caller: &Caller, request: &Request<B>) -> Response {
        tracing::debug!(fault = fault.detail, peer = %caller.peer, "a head was refused");
        let peer = caller.peer.ip();
        let source = self.trusted_proxies.source(peer, request.headers()).unwrap_or(peer);
        refusal::to_request(fault, request, source, &self.request_ids)
    }

    /// Has the router answer `request`, which is told where it comes from.
    fn answer(
        &self,
        caller: &Caller,
        mut request: Request<Body>,
    ) -> impl Future<Output = Result<Response, Infallible>> + Send + 'static {
        let source = self.trusted_proxies.source(caller.peer.ip(), request.headers());
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(caller.peer));
        if let Some(source) = source {
            extensions.insert(SourceAddress(source));
        }
        if let Some(certificate) = caller.certificate {
            extensions.insert(certificate);
        }
        self.router.clone().oneshot(request)
    }
}
