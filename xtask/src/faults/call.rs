//! One request and its answer, over a connection that is made when it is needed.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::timeout;

use super::journal::Answer;
use crate::bench::wire::Wire;

/// How long an answer is waited for.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// A request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    /// The whole header.
    pub(super) credential: &'a str,
    /// The Idempotency-Key.
    pub(super) key: Option<&'a str>,
    pub(super) body: &'a str,
}

/// A connection to one address, made anew after it broke.
pub(super) struct Line {
    address: SocketAddr,
    wire: Option<Wire>,
}

impl Line {
    pub(super) fn to(address: SocketAddr) -> Self {
        Self { address, wire: None }
    }

    /// Sends a request and reads its answer; nothing if there is none, whatever broke.
    pub(super) async fn exchange(&mut self, call: &Call<'_>) -> Option<Answer> {
        let request = call.text(self.address);
        let answered = timeout(ANSWER_MAX, self.send(request.as_bytes())).await;
        let answer = answered.ok().flatten();
        if answer.is_none() {
            self.wire = None;
        }
        answer
    }

    async fn send(&mut self, request: &[u8]) -> Option<Answer> {
        // As any client does before it uses a connection that has rested.
        if self.wire.as_ref().is_some_and(Wire::is_closed) {
            self.wire = None;
        }
        let wire = match &mut self.wire {
            Some(wire) => wire,
            None => self.wire.insert(Wire::connect(self.address).await.ok()?),
        };
        let answer = wire.exchange(request).await.ok()?;
        let is =
            |name: &str, value: &str| answer.header(name).is_some_and(|it| it.eq_ignore_ascii_case(value));
        let (status, closes) = (answer.status().parse().ok()?, is("connection", "close"));
        let replayed = is("idempotent-replayed", "true");
        let body = answer.text().split_once("\r\n\r\n")?.1.to_owned();
        if closes {
            self.wire = None;
        }
        Some(Answer { status, replayed, body })
    }
}

impl Call<'_> {
    fn text(&self, address: SocketAddr) -> String {
        let Self { method, path, credential, key, body } = self;
        let key = key.map_or(String::new(), |key| format!("Idempotency-Key: \"{key}\"\r\n"));
        let length = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\n{credential}\r\n{key}\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    }
}
