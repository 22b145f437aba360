//! One listener: takes connections, gives each a task, and lets them finish when the server drains.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use skybridge_api::problem::{Code, MEDIA_TYPE, Refusal};
use skybridge_domain::id::Randomness as _;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::connection::Connection;
use super::drain::DrainSignal;
use super::seats::Seats;
use super::stream::Patience;
use crate::config::Http;
use skybridge_machine::MachineRandomness;

/// How many connections may wait to be taken. One more is dropped by the system and tried again by its caller a second
/// later, so a crowd that comes at once should fit.
const BACKLOG: u32 = 4096;

/// A bound listener, which takes no connection before [`serve`](Self::serve).
#[derive(Debug)]
pub(super) struct Listener {
    socket: TcpListener,
    address: SocketAddr,
    seats: Seats,
    patience: Patience,
}

impl Listener {
    /// Binds `address`; port 0 takes a free port.
    pub(super) fn bind(address: SocketAddr, http: &Http) -> io::Result<Self> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A restart takes the port over from connections that still linger.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let socket = socket.listen(BACKLOG)?;
        Ok(Self {
            address: socket.local_addr()?,
            socket,
            seats: Seats::new(http.connections_max, http.connections_per_address_max),
            patience: Patience { header: http.header_timeout, idle: http.idle_timeout },
        })
    }

    /// The address that was bound.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes connections until the server drains. Those that are open then go on by themselves.
    pub(super) async fn serve(self, router: Router, mut drain: DrainSignal) {
        let signal = drain.clone();
        loop {
            tokio::select! {
                accepted = self.socket.accept() => match accepted {
                    Ok((stream, peer)) => self.welcome(stream, peer, &router, &signal),
                    Err(error) => pause_after(&error).await,
                },
                () = drain.begun() => return,
            }
        }
    }

    fn welcome(&self, stream: TcpStream, peer: SocketAddr, router: &Router, drain: &DrainSignal) {
        let Some(seat) = self.seats.take(peer.ip()) else {
            metrics::counter!("skybridge_connections_refused_total").increment(1);
            turn_away(stream);
            return;
        };
        let connection =
            Connection { peer, router: router.clone(), patience: self.patience, drain: drain.clone() };
        tokio::spawn(async move {
            connection.converse(stream).await;
            drop(seat);
        });
    }
}

/// Answers a connection too many, without waiting: what does not fit into an empty send buffer is not worth more
/// work. A caller that waits a second finds others gone.
fn turn_away(stream: TcpStream) {
    if let Ok(mut stream) = stream.into_std() {
        let request_id = format!("{:016x}", u128::from_be_bytes(MachineRandomness.id_bytes()) >> 64);
        let _ = stream.write(no_seat(&request_id).as_bytes());
    }
}

fn no_seat(request_id: &str) -> String {
    let refusal = Refusal::new(Code::Overloaded, "Too many connections are open. Reuse those that you have.");
    let body = String::from_utf8(refusal.document(request_id)).expect("JSON is UTF-8");
    format!(
        "HTTP/1.1 {} Service Unavailable\r\ncontent-type: {MEDIA_TYPE}\r\ncontent-length: {}\r\nretry-after: 1\r\n\
         x-request-id: {request_id}\r\nconnection: close\r\n\r\n{body}",
        refusal.code.status().as_u16(),
        body.len(),
    )
}

/// A connection that ended before it was taken is nobody's fault. Anything else is most likely a want of file
/// descriptors: trying again at once would only burn the processor that could free some.
#[expect(clippy::disallowed_methods, reason = "nothing tells when a file descriptor is free again")]
async fn pause_after(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        return;
    }
    tracing::error!(%error, "no connection can be accepted; trying again shortly");
    tokio::time::sleep(Duration::from_millis(100)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_a_connection_too_many_is_whole() {
        let text = no_seat("0123456789abcdef");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{}", body.len());
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(body).unwrap()["request_id"],
            "0123456789abcdef"
        );
    }
}
