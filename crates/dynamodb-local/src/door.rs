//! A proxy that lets requests through to a DynamoDB, and makes a chosen share of them fail.
//!
//! What happens to a request is settled by the seed and by how many requests came before it ([`Faults`]), or was
//! ordered for the next request of its operation ([`FaultyDoor::inject`]). A reset is a real one: the socket is
//! closed with `SO_LINGER` at zero, so that the peer gets RST.

mod answer;
mod batch;
mod counts;
mod passage;
mod plan;

pub use counts::Counts;
pub use plan::{Fault, Faults};

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::loopback::Loopback;
use passage::Passage;
use plan::Draw;

/// A proxy on 127.0.0.1 that fails on demand. Dropping it closes it; what it stands in front of stays.
#[derive(Debug)]
pub struct FaultyDoor {
    server: Loopback,
    shared: Arc<Shared>,
}

/// What the connections of a door share.
#[derive(Debug)]
struct Shared {
    upstream: SocketAddr,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    faults: Faults,
    /// Requests drawn under `faults`; it begins anew with each [`FaultyDoor::set`].
    drawn: u64,
    /// Operations and what shall happen to the next request of each, first come first served.
    injected: VecDeque<(String, Fault)>,
    counts: Counts,
}

impl FaultyDoor {
    /// Opens a door on a free port before `endpoint` (`http://HOST:PORT`).
    ///
    /// # Errors
    ///
    /// When the endpoint is not of that form, or no port or thread is to be had.
    pub fn before(endpoint: &str, faults: Faults) -> io::Result<Self> {
        let state = State { faults, ..State::default() };
        let shared = Arc::new(Shared { upstream: address_of(endpoint)?, state: Mutex::new(state) });
        let served = Arc::clone(&shared);
        let server = Loopback::start("faulty door", |listener| accept(listener, served))?;
        Ok(Self { server, shared })
    }

    /// Where it is: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.server.endpoint()
    }

    /// From now on, fails so. The sequence of the seed begins anew.
    pub fn set(&self, faults: Faults) {
        let mut state = self.shared.state();
        state.faults = faults;
        state.drawn = 0;
    }

    /// Orders `fault` for the next request of `operation` (as DynamoDB names it: `PutItem`) that has none ordered
    /// yet. Orders come before the plan of [`set`](Self::set), and stay until they are used.
    pub fn inject(&self, operation: &str, fault: Fault) {
        self.shared.state().injected.push_back((operation.to_owned(), fault));
    }

    /// What it has done so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.state().counts.clone()
    }

    /// Counts from zero again, and says what was counted.
    pub fn take_counts(&self) -> Counts {
        std::mem::take(&mut self.shared.state().counts)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What shall happen to a request of `operation`. Counts the request and the fault.
    fn judge(&self, operation: &str) -> (Option<Fault>, Draw) {
        let mut state = self.state();
        let mut draw = Draw::new(state.faults.seed, state.drawn);
        let ordered = state.injected.iter().position(|(wanted, _)| wanted == operation);
        let fault = match ordered.and_then(|at| state.injected.remove(at)) {
            Some((_, fault)) => Some(fault),
            None => {
                state.drawn += 1;
                state.faults.draw(operation, &mut draw)
            }
        };
        state.counts.note(operation, fault);
        (fault, draw)
    }
}

fn address_of(endpoint: &str) -> io::Result<SocketAddr> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidInput, format!("{endpoint} is not http://HOST:PORT"));
    let authority = endpoint.strip_prefix("http://").ok_or_else(wrong)?.trim_end_matches('/');
    authority.to_socket_addrs()?.next().ok_or_else(wrong)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        // An error of accept is that of one connection, or a lack of file descriptors: in a test, the caller's
        // time limit tells.
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, Arc::clone(&shared)));
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    // Without it a reset would be an orderly end of the stream.
    let _ = stream.set_zero_linger();
    let _ = stream.set_nodelay(true);
    let passage = Arc::new(Passage::new(shared));
    let service = service_fn(move |request| {
        let passage = Arc::clone(&passage);
        async move { passage.take(request).await }
    });
    // An error here is a reset that was asked for, or a client that went away.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
