//! The load: connections that are kept open, each sending the next request once it has the answer to the last.
//!
//! Closed loop: the rate is what the
//! server can do with this many callers waiting, and a slow answer delays the next request of its own caller only.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::wire::Wire;

/// How long beyond the round's end an answer may take before the run is given up.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// What is sent, and where to.
pub(super) struct Load {
    /// The server's public listener.
    pub(super) address: SocketAddr,
    /// Sent as `x-api-key` with each request.
    pub(super) api_key: String,
    /// The bodies, sent in turn; each connection begins at another one.
    pub(super) bodies: Arc<Vec<String>>,
    /// How many callers there are.
    pub(super) connections: usize,
}

/// What came of a round.
pub(super) struct Outcome {
    /// How many requests were answered, each with 201.
    pub(super) requests: usize,
    /// From the first request to the last answer.
    pub(super) elapsed: Duration,
    /// How long each answer took, ascending.
    latencies: Vec<Duration>,
}

impl Outcome {
    /// The latency that this share of the requests (0 to 1) did not exceed: the nearest rank.
    pub(super) fn latency(&self, share: f64) -> Duration {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a length is not negative and no greater than the length"
        )]
        let rank = (share * self.latencies.len() as f64).ceil() as usize;
        self.latencies[rank.clamp(1, self.latencies.len()) - 1]
    }
}

impl Load {
    /// Sends requests for `duration`. `phase` keeps the idempotency keys of one server's rounds apart.
    ///
    /// # Errors
    /// When one request is not answered with 201: figures with errors among them mean nothing.
    pub(super) async fn run(&self, phase: &str, duration: Duration) -> Result<Outcome> {
        let start_line = Arc::new(Barrier::new(self.connections));
        let mut callers = JoinSet::new();
        for number in 0..self.connections {
            let requests = Requests::new(self, phase, number);
            let call = call(self.address, requests, duration, Arc::clone(&start_line));
            callers.spawn(async move { timeout(duration + ANSWER_MAX, call).await });
        }
        let mut latencies = Vec::new();
        let mut elapsed = Duration::ZERO;
        while let Some(caller) = callers.join_next().await {
            let called = caller?.context("the server does not answer")??;
            elapsed = elapsed.max(called.elapsed);
            latencies.extend(called.latencies);
        }
        latencies.sort_unstable();
        ensure!(!latencies.is_empty(), "no request was answered");
        Ok(Outcome { requests: latencies.len(), elapsed, latencies })
    }
}

/// One caller's requests, one after the other.
struct Requests {
    head: String,
    key_prefix: String,
    bodies: Arc<Vec<String>>,
    sent: usize,
    first_body: usize,
    bytes: String,
}

impl Requests {
    fn new(load: &Load, phase: &str, connection: usize) -> Self {
        let head = format!(
            "POST /v1/bookings HTTP/1.1\r\nHost: {}\r\nx-api-key: {}\r\nContent-Type: application/json\r\n",
            load.address, load.api_key
        );
        // Callers start evenly spread over the bodies.
        let first_body = connection * load.bodies.len() / load.connections;
        let key_prefix = format!("bench-{phase}-{connection:03}");
        Self { head, key_prefix, bodies: Arc::clone(&load.bodies), sent: 0, first_body, bytes: String::new() }
    }

    /// The bytes of the next request, with a fresh idempotency key.
    fn next(&mut self) -> &[u8] {
        let body = &self.bodies[(self.first_body + self.sent) % self.bodies.len()];
        self.bytes.clear();
        write!(
            self.bytes,
            "{}Idempotency-Key: \"{}-{:08}\"\r\nContent-Length: {}\r\n\r\n{body}",
            self.head,
            self.key_prefix,
            self.sent,
            body.len()
        )
        .expect("writing to a String does not fail");
        self.sent += 1;
        self.bytes.as_bytes()
    }
}

/// What one caller has seen.
struct Called {
    elapsed: Duration,
    latencies: Vec<Duration>,
}

async fn call(
    address: SocketAddr,
    mut requests: Requests,
    duration: Duration,
    start_line: Arc<Barrier>,
) -> Result<Called> {
    let mut wire = Wire::connect(address).await?;
    let mut latencies = Vec::new();
    start_line.wait().await;
    let start = Instant::now();
    loop {
        let sent = Instant::now();
        let answer = wire.exchange(requests.next()).await?;
        ensure!(answer.status() == "201", "an answer was not 201:\n{}", answer.text());
        latencies.push(sent.elapsed());
        if start.elapsed() >= duration {
            return Ok(Called { elapsed: start.elapsed(), latencies });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(connections: usize) -> Load {
        let bodies = ["{}", r#"{"remarks":"é"}"#].map(str::to_owned);
        Load {
            address: "127.0.0.1:8080".parse().unwrap(),
            api_key: "sbk_live_x".to_owned(),
            bodies: Arc::new(bodies.to_vec()),
            connections,
        }
    }

    #[test]
    fn bodies_rotate_keys_do_not_repeat_and_lengths_are_bytes() {
        let mut requests = Requests::new(&load(2), "r1", 1);
        let first = String::from_utf8(requests.next().to_vec()).unwrap();
        let second = String::from_utf8(requests.next().to_vec()).unwrap();
        assert!(
            first.contains(
                "Idempotency-Key: \"bench-r1-001-00000000\"\r\nContent-Length: 16\r\n\r\n{\"remarks"
            )
        );
        assert!(second.contains("Idempotency-Key: \"bench-r1-001-00000001\"\r\nContent-Length: 2\r\n\r\n{}"));
    }

    #[test]
    fn a_share_of_latencies_is_the_nearest_rank() {
        let latencies = (1..=200).map(Duration::from_millis).collect();
        let outcome = Outcome { requests: 200, elapsed: Duration::from_secs(1), latencies };
        assert_eq!(outcome.latency(0.5), Duration::from_millis(100));
        assert_eq!(outcome.latency(0.99), Duration::from_millis(198));
        assert_eq!(outcome.latency(1.0), Duration::from_millis(200));
        assert_eq!(outcome.latency(0.0), Duration::from_millis(1));
    }
}
