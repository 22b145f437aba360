//! The load: connections that are kept open, each sending the next request once it has the answer to the last.
//!
//! Closed loop: the rate is what the server can do with this many callers waiting, and a slow answer delays the next
//! request of its own caller only.

mod requests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::wire::Wire;
use requests::Requests;

/// How long beyond the round's end an answer may take before the run is given up.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// Of so many bookings made in a row by one caller, the place of one is kept.
const PLACE_EVERY: usize = 50;

/// Who asks, and where.
#[derive(Clone)]
pub(super) struct Load {
    /// The server's public listener.
    pub(super) address: SocketAddr,
    /// Sent as `x-api-key` with each request.
    pub(super) api_key: String,
    /// How many callers there are.
    pub(super) connections: usize,
}

/// What is asked for.
#[derive(Clone)]
pub(super) enum Call {
    /// Bookings with these bodies, sent in turn; each connection begins at another one. `phase` keeps the idempotency
    /// keys of one server's runs apart.
    Book { phase: String, bodies: Arc<Vec<String>> },
    /// These paths, in turn.
    Read(Arc<Vec<String>>),
}

/// When it is enough.
#[derive(Clone, Copy)]
pub(super) enum Until {
    /// Time has passed.
    Elapsed(Duration),
    /// So many were answered, by all callers together.
    Answered(usize),
}

/// What came of a run.
pub(super) struct Outcome {
    /// How many requests were answered as they should be.
    pub(super) requests: usize,
    /// From the first request to the last answer.
    pub(super) elapsed: Duration,
    /// Where some of the bookings are that were made.
    pub(super) places: Vec<String>,
    /// How long each answer took, ascending.
    latencies: Vec<Duration>,
}

impl Outcome {
    /// The latency that this share of the requests (0 to 1) did not exceed, in milliseconds: the nearest rank.
    pub(super) fn latency_ms(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a length is not negative and no greater than the length"
        )]
        let rank = (share * self.latencies.len() as f64).ceil() as usize;
        self.latencies[rank.clamp(1, self.latencies.len()) - 1].as_secs_f64() * 1e3
    }

    /// Answers per second.
    pub(super) fn per_second(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64()
    }

    /// The part of what was used that falls to one request, in microseconds.
    pub(super) fn us_per_request(&self, used: Duration) -> f64 {
        used.as_secs_f64() * 1e6 / self.requests as f64
    }
}

impl Load {
    /// Sends requests until it is enough.
    ///
    /// # Errors
    /// When one booking is not answered with 201, or one read not with a success: figures with errors among them mean
    /// nothing.
    pub(super) async fn run(&self, call: &Call, until: Until) -> Result<Outcome> {
        let start_line = Arc::new(Barrier::new(self.connections));
        let mut callers = JoinSet::new();
        for number in 0..self.connections {
            let caller = Caller {
                address: self.address,
                requests: Requests::new(self, call, number),
                until: until.of_one(number, self.connections),
                succeeds: match call {
                    Call::Book { .. } => "201",
                    Call::Read(_) => "2",
                },
            };
            callers.spawn(caller.call(Arc::clone(&start_line)));
        }
        let mut outcome =
            Outcome { requests: 0, elapsed: Duration::ZERO, places: Vec::new(), latencies: Vec::new() };
        while let Some(called) = callers.join_next().await {
            let called = called??;
            outcome.elapsed = outcome.elapsed.max(called.elapsed);
            outcome.latencies.extend(called.latencies);
            outcome.places.extend(called.places);
        }
        outcome.latencies.sort_unstable();
        outcome.requests = outcome.latencies.len();
        ensure!(outcome.requests > 0, "no request was answered");
        Ok(outcome)
    }
}

impl Until {
    /// One caller's part of it.
    fn of_one(self, number: usize, callers: usize) -> Self {
        match self {
            Self::Elapsed(_) => self,
            Self::Answered(all) => Self::Answered(all / callers + usize::from(number < all % callers)),
        }
    }
}

/// One caller.
struct Caller {
    address: SocketAddr,
    requests: Requests,
    until: Until,
    /// How the status begins that is waited for.
    succeeds: &'static str,
}

/// What one caller has seen.
struct Called {
    elapsed: Duration,
    places: Vec<String>,
    latencies: Vec<Duration>,
}

impl Caller {
    async fn call(mut self, start_line: Arc<Barrier>) -> Result<Called> {
        let mut wire = Wire::connect(self.address).await?;
        let (mut places, mut latencies) = (Vec::new(), Vec::new());
        start_line.wait().await;
        let start = Instant::now();
        while !self.is_enough(start, latencies.len()) {
            let sent = Instant::now();
            let answer = timeout(ANSWER_MAX, wire.exchange(self.requests.next()));
            let answer = answer.await.context("the server does not answer")??;
            ensure!(
                answer.status().starts_with(self.succeeds),
                "an answer was no success:\n{}",
                answer.text()
            );
            latencies.push(sent.elapsed());
            if latencies.len() % PLACE_EVERY == 1 {
                places.extend(answer.header("location").map(str::to_owned));
            }
        }
        Ok(Called { elapsed: start.elapsed(), places, latencies })
    }

    fn is_enough(&self, start: Instant, answered: usize) -> bool {
        match self.until {
            Until::Elapsed(duration) => start.elapsed() >= duration,
            Until::Answered(count) => answered >= count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_latencies_is_the_nearest_rank() {
        let latencies = (1..=200).map(Duration::from_millis).collect();
        let outcome =
            Outcome { requests: 200, elapsed: Duration::from_secs(1), places: Vec::new(), latencies };
        let ranks = [0.5, 0.99, 1.0, 0.0].map(|share| outcome.latency_ms(share));
        assert_eq!(ranks.map(f64::round), [100.0, 198.0, 200.0, 1.0]);
    }

    #[test]
    fn callers_share_a_number_of_requests() {
        let parts = (0..3).map(|number| match Until::Answered(8).of_one(number, 3) {
            Until::Answered(part) => part,
            Until::Elapsed(_) => 0,
        });
        assert_eq!(parts.collect::<Vec<_>>(), [3, 3, 2]);
    }
}
