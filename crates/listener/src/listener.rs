//! One listener: takes connections, gives each a task, and lets them finish when the server drains.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until};

use crate::connection::{Caller, Reception};
use crate::drain::DrainSignal;
use crate::farewell;
use crate::refusal;
use crate::seats::Seats;
use crate::tls::Tls;
use crate::workers::Workers;

/// How many connections may wait to be taken. One more is dropped by the system and tried again by its caller a second
/// later, so a crowd that comes at once should fit.
const BACKLOG: u32 = 4096;

/// What the system keeps for a caller that does not take its answer. It would go up to megabytes by itself, for each
/// connection; no answer but the documentation's script has more.
const SEND_BUFFER_BYTES: u32 = 128 * 1024;

/// How many callers that found no seat are taken leave of at a time; the others' connections are just closed.
const TURNED_AWAY_MAX: usize = 256;

/// A bound listener, which takes no connection before [`serve`](Self::serve).
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

/// What a listener's tasks share.
struct Room {
    reception: Reception,
    seats: Seats,
    tls: Option<Arc<Tls>>,
    workers: Workers,
    at_the_door: Arc<Semaphore>,
}

impl Listener {
    /// Binds `address`; port 0 takes a free port.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A restart takes the port over from connections that still linger.
        socket.set_reuseaddr(true)?;
        // Connections have what their listener has.
        socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
        socket.bind(address)?;
        let socket = socket.listen(BACKLOG)?;
        Ok(Self { address: socket.local_addr()?, socket })
    }

    /// Takes a socket over that somebody else opened, and that outlives this process: what comes while nobody takes
    /// connections waits for the next one to do so.
    pub fn take_over(socket: std::net::TcpListener) -> io::Result<Self> {
        let options = SockRef::from(&socket);
        if !options.is_listener()? {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "nobody can connect to it: it does not listen",
            ));
        }
        options.set_send_buffer_size(SEND_BUFFER_BYTES as usize)?;
        socket.set_nonblocking(true)?;
        Ok(Self { address: socket.local_addr()?, socket: TcpListener::from_std(socket)? })
    }

    /// The address that was bound.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes connections until the server drains, over TLS if there is any. Those that are open then go on by
    /// themselves, on one of `workers`; each holds `drain` as long as it lives.
    pub async fn serve(
        self,
        reception: Reception,
        seats: Seats,
        tls: Option<Arc<Tls>>,
        workers: Workers,
        mut drain: DrainSignal,
    ) {
        let signal = drain.clone();
        let at_the_door = Arc::new(Semaphore::new(TURNED_AWAY_MAX));
        let room = Arc::new(Room { reception, seats, tls, workers, at_the_door });
        loop {
            tokio::select! {
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, peer)) => room.welcome(stream, peer, &signal),
                    Err(error) => pause_after(&error).await,
                },
                () = drain.begun() => return,
            }
        }
    }
}

impl Room {
    fn welcome(self: &Arc<Self>, stream: TcpStream, peer: SocketAddr, drain: &DrainSignal) {
        // A proxy's connections are its callers': one source's share is not meant for it.
        let seat = if self.reception.trusted_proxies.include(peer.ip()) {
            self.seats.take_for_proxy()
        } else {
            self.seats.take(peer.ip())
        };
        let Some(seat) = seat else {
            metrics::counter!("skybridge_connections_refused_total").increment(1);
            self.turn_away(stream);
            return;
        };
        let (room, drain) = (Arc::clone(self), drain.clone());
        self.workers.give(stream, async move |stream| {
            room.receive(stream, peer, drain).await;
            drop(seat);
        });
    }

    /// Serves one connection to its end.
    async fn receive(&self, stream: TcpStream, peer: SocketAddr, drain: DrainSignal) {
        // Answers are written whole; waiting for more to send would only delay them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the connection was gone before it was served");
            return;
        }
        let Some(tls) = &self.tls else {
            let caller = Caller { peer, certificate: None, speaks_http2: false };
            return self.reception.converse(stream, caller, drain).await;
        };
        match tokio::time::timeout(self.reception.patience.header, tls.shake_hands(stream)).await {
            Ok(Ok((stream, certificate, speaks_http2))) => {
                let caller = Caller { peer, certificate, speaks_http2 };
                self.reception.converse(stream, caller, drain).await;
            }
            Ok(Err(error)) => {
                metrics::counter!("skybridge_tls_handshakes_failed_total").increment(1);
                tracing::debug!(%error, %peer, "a TLS handshake failed");
            }
            Err(_) => {
                metrics::counter!("skybridge_tls_handshakes_failed_total").increment(1);
                tracing::debug!(%peer, "a TLS handshake took too long");
            }
        }
    }

    /// Answers a connection too many. Over TLS it gets no answer: that would take the handshake, which is what there
    /// is no room for.
    fn turn_away(&self, stream: TcpStream) {
        if self.tls.is_some() {
            return;
        }
        let Ok(place) = Arc::clone(&self.at_the_door).try_acquire_owned() else { return };
        let answer = refusal::answer(&refusal::no_seat(), &self.reception.request_ids.next());
        self.workers.give(stream, async move |stream| {
            farewell::say(stream, &answer).await;
            drop(place);
        });
    }
}

/// A connection that ended before it was taken is nobody's fault. Anything else is most likely a want of file
/// descriptors, and nothing tells when one is free again: trying again at once would only burn the processor that
/// could free some.
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::error!(%error, "no connection can be accepted; trying again shortly");
    sleep_until(Instant::now() + Duration::from_millis(100)).await;
}
