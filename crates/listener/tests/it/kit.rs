//! A listener with a router whose answers show what came through.

pub(crate) mod answers;
pub(crate) mod counts;
pub(crate) mod lines;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use http::StatusCode;
use skybridge_api::RequestIds;
use skybridge_api::public::{ClientCertificate, SourceAddress};
use skybridge_domain::id::Randomness;
use skybridge_listener::tls::Tls;
use skybridge_listener::{
    Caller, Drain, Listener, Patience, Reception, Seats, TrustedProxies, Workers, drain,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpStream;

/// The contract's deadlines.
pub(crate) const PATIENCE: Patience = Patience {
    header: Duration::from_secs(10),
    idle: Duration::from_secs(60),
    exchange: Some(Duration::from_secs(60)),
    last_call: Duration::from_millis(20),
};

/// The answer of `/large`: more than any buffer on its way in memory.
static LARGE: [u8; 256 * 1024] = [b'x'; 256 * 1024];

struct NoChance;

impl Randomness for NoChance {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// What serves all connections of a test.
pub(crate) fn reception(patience: Patience) -> Reception {
    Reception {
        router: router(),
        patience,
        streams_max: 32,
        trusted_proxies: TrustedProxies::default(),
        request_ids: Arc::new(RequestIds::new(&NoChance)),
    }
}

fn router() -> Router {
    Router::new()
        .route("/unread", any(|| async { (StatusCode::FORBIDDEN, "no") }))
        .route("/throttled", any(throttled))
        .route("/large", get(|| async { Body::from(&LARGE[..]) }))
        .route("/small", get(|| async { "0123456789" }))
        .route("/stuck", get(std::future::pending::<Response>))
        .route("/whence", get(whence))
        .route("/worker", get(async || std::thread::current().name().unwrap_or_default().to_owned()))
        .fallback(count)
}

/// A refusal with all that the pipeline may say with one.
async fn throttled() -> Response {
    let headers = [
        ("x-request-id", "trip-7"),
        ("x-amzn-requestid", "trip-7"),
        ("ratelimit", "\"burst\";r=0;t=10"),
        ("ratelimit-policy", "\"burst\";q=1"),
        ("deprecation", "@1700000000"),
        ("sunset", "Tue, 14 Nov 2023 22:13:20 GMT"),
        ("retry-after", "10"),
        ("x-amzn-errortype", "TooManyRequestsException"),
    ];
    (StatusCode::TOO_MANY_REQUESTS, headers, "no").into_response()
}

/// Reads the body, and tells how long it is.
async fn count(request: Request) -> Response {
    let asked = format!("{} {}", request.method(), request.uri().path());
    match to_bytes(request.into_body(), 64 * 1024).await {
        Ok(body) => format!("{asked}: {}", body.len()).into_response(),
        Err(_) => (StatusCode::BAD_REQUEST, "the body broke off").into_response(),
    }
}

/// Tells where the request comes from.
async fn whence(request: Request) -> String {
    let extensions = request.extensions();
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>().unwrap();
    let source = extensions.get().map_or(peer.ip(), |SourceAddress(address)| *address);
    let certificate = extensions.get().map(|ClientCertificate(sha256)| *sha256);
    let certificate = certificate.map_or("none".to_owned(), |sha256| sha256.iter().map(hex).collect());
    format!("{source} {certificate}")
}

fn hex(byte: &u8) -> String {
    format!("{byte:02x}")
}

/// The SHA-256 of `der` in hexadecimal digits.
pub(crate) fn sha256(der: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(der).iter().map(hex).collect()
}

/// A listener on a port of loopback; ends with the test.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    _drain: Drain,
}

impl House {
    pub(crate) fn open(reception: Reception) -> Self {
        Self::with(reception, Seats::new(5_000, 5_000), None)
    }

    pub(crate) fn with(reception: Reception, seats: Seats, tls: Option<Arc<Tls>>) -> Self {
        Self::staffed(reception, seats, tls, Workers::here())
    }

    pub(crate) fn staffed(
        reception: Reception,
        seats: Seats,
        tls: Option<Arc<Tls>>,
        workers: Workers,
    ) -> Self {
        let listener = Listener::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.address();
        let (drain, signal) = drain();
        tokio::spawn(listener.serve(reception, seats, tls, workers, signal));
        Self { address, _drain: drain }
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends `bytes`, closes the sending side, and gives all that comes back until the server closes.
    pub(crate) async fn exchange(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        answer
    }
}

/// A caller at the far end of a connection in memory, who has settled on nothing beforehand.
pub(crate) fn caller() -> Caller {
    Caller { peer: ([192, 0, 2, 1], 40_000).into(), certificate: None, speaks_http2: false }
}

/// A connection in memory that `reception` serves; its far end holds `buffer` bytes.
pub(crate) fn in_memory(
    reception: Arc<Reception>,
    buffer: usize,
) -> (DuplexStream, tokio::task::JoinHandle<()>) {
    in_memory_of(caller(), reception, buffer)
}

/// The same for another caller.
pub(crate) fn in_memory_of(
    caller: Caller,
    reception: Arc<Reception>,
    buffer: usize,
) -> (DuplexStream, tokio::task::JoinHandle<()>) {
    let (signal_keeper, signal) = drain();
    let (ours, theirs) = duplex(buffer);
    let serving = tokio::spawn(async move {
        reception.converse(theirs, caller, signal).await;
        drop(signal_keeper);
    });
    (ours, serving)
}
