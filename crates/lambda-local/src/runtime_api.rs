//! The runtime API: what a function asks for, and where it sends what it has to say.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::Outcome;

const ARN: &str = "arn:aws:lambda:us-east-2:123456789012:function:skybridge-booking";
/// Far beyond any test, in milliseconds since 1970: the year 2100.
const DEADLINE_MS: &str = "4102444800000";

/// A listener on loopback; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    address: SocketAddr,
    events: mpsc::UnboundedSender<Invocation>,
    desk: Arc<Desk>,
    listener: JoinHandle<()>,
}

/// An event on its way to the function.
#[derive(Debug)]
struct Invocation {
    event: Bytes,
    outcome: oneshot::Sender<Outcome>,
}

/// What the connections of the function share.
#[derive(Debug)]
struct Desk {
    waiting: AsyncMutex<mpsc::UnboundedReceiver<Invocation>>,
    /// Whoever waits for the outcome of an event that was handed over, by the id it was handed over under.
    handed_over: Mutex<HashMap<String, oneshot::Sender<Outcome>>>,
    number: AtomicU64,
    init_error: Mutex<Option<Bytes>>,
}

impl RuntimeApi {
    pub(crate) async fn listen() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (events, waiting) = mpsc::unbounded_channel();
        let desk = Arc::new(Desk {
            waiting: AsyncMutex::new(waiting),
            handed_over: Mutex::default(),
            number: AtomicU64::new(1),
            init_error: Mutex::default(),
        });
        let listener = tokio::spawn(serve(listener, Arc::clone(&desk)));
        Ok(Self { address, events, desk, listener })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The outcome of `event`; pending for ever if the function never answers.
    pub(crate) async fn invoke(&self, event: Bytes) -> Outcome {
        let (outcome, told) = oneshot::channel();
        self.events.send(Invocation { event, outcome }).expect("the receiver lives as long as this");
        match told.await {
            Ok(outcome) => outcome,
            Err(_never_told) => std::future::pending().await,
        }
    }

    pub(crate) fn init_error(&self) -> Option<Bytes> {
        self.desk.init_error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn serve(listener: TcpListener, desk: Arc<Desk>) {
    while let Ok((stream, _)) = listener.accept().await {
        // Small answers that are waited for: coalescing them would add to every figure.
        let _only_slower_without = stream.set_nodelay(true);
        let desk = Arc::clone(&desk);
        let service = service_fn(move |request| {
            let desk = Arc::clone(&desk);
            async move { Ok::<_, Infallible>(desk.answer(request).await) }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

impl Desk {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, body) = request.into_parts();
        let Some(path) = head.uri.path().strip_prefix("/2018-06-01/runtime/") else {
            return status(StatusCode::NOT_FOUND);
        };
        if head.method == Method::GET && path == "invocation/next" {
            return self.next().await;
        }
        let Ok(told) = body.collect().await.map(http_body_util::Collected::to_bytes) else {
            return status(StatusCode::BAD_REQUEST);
        };
        match (head.method, path.split('/').collect::<Vec<_>>().as_slice()) {
            (Method::POST, ["init", "error"]) => {
                *self.init_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(told);
                status(StatusCode::ACCEPTED)
            }
            (Method::POST, ["invocation", id, "response"]) => self.pass_on(id, Outcome::Answered(told)),
            (Method::POST, ["invocation", id, "error"]) => self.pass_on(id, Outcome::Failed(told)),
            _ => status(StatusCode::NOT_FOUND),
        }
    }

    /// Waits for an event. If the function goes away meanwhile, the event waits for the next that asks.
    async fn next(&self) -> Response<Full<Bytes>> {
        let Some(Invocation { event, outcome }) = self.waiting.lock().await.recv().await else {
            return status(StatusCode::GONE);
        };
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let id = format!("8476a536-e9f4-11e8-9739-{number:012x}");
        let response = Response::builder()
            .header("content-type", "application/json")
            .header("lambda-runtime-aws-request-id", &id)
            .header("lambda-runtime-deadline-ms", DEADLINE_MS)
            .header("lambda-runtime-invoked-function-arn", ARN)
            .header("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0")
            .body(Full::new(event))
            .expect("fixed headers make a response");
        self.handed_over.lock().unwrap_or_else(PoisonError::into_inner).insert(id, outcome);
        response
    }

    fn pass_on(&self, id: &str, outcome: Outcome) -> Response<Full<Bytes>> {
        let waiting = self.handed_over.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        let Some(waiting) = waiting else { return status(StatusCode::BAD_REQUEST) };
        // Whoever asked may have given up; the function is told all the same that it was heard.
        let _nobody_waits_any_more = waiting.send(outcome);
        status(StatusCode::ACCEPTED)
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
