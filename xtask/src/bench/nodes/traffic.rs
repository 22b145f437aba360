//! The traffic: callers that send at a pace of their own, whatever the answers are.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::bound::Admitted;
use crate::bench::wire::Wire;

/// Callers of one node.
const CALLERS: u32 = 8;

/// How long an answer is waited for.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// What is sent to a node, and for how long.
#[derive(Clone)]
pub(super) struct Traffic {
    pub(super) node: usize,
    pub(super) address: SocketAddr,
    pub(super) api_key: String,
    pub(super) body: String,
    pub(super) per_second: f64,
    pub(super) begin: Instant,
    pub(super) end: Instant,
}

/// What the callers saw.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) admitted: Vec<Admitted>,
    /// Answers by their status; `none` where the connection broke.
    pub(super) answers: BTreeMap<String, u64>,
}

impl Traffic {
    /// Sends until the end, or until the node is gone.
    pub(super) async fn run(self) -> Result<Seen> {
        let mut callers = JoinSet::new();
        for number in 0..CALLERS {
            callers.spawn(self.clone().call(number));
        }
        let mut seen = Seen::default();
        while let Some(caller) = callers.join_next().await {
            seen.add(caller?);
        }
        Ok(seen)
    }

    async fn call(self, number: u32) -> Seen {
        let mut seen = Seen::default();
        let period = Duration::from_secs_f64(f64::from(CALLERS) / self.per_second);
        let mut ticks = interval(period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let Ok(mut wire) = Wire::connect(self.address).await else {
            seen.count("none");
            return seen;
        };
        let mut count = 0;
        while Instant::now() < self.end {
            ticks.tick().await;
            let request = self.request(number, count);
            count += 1;
            let sent = self.begin.elapsed();
            let Ok(Ok(answer)) = timeout(ANSWER_MAX, wire.exchange(request.as_bytes())).await else {
                seen.count("none");
                return seen;
            };
            let status = answer.status().to_owned();
            if status == "201" {
                seen.admitted.push(Admitted { sent, answered: self.begin.elapsed() });
            }
            seen.count(&status);
        }
        seen
    }

    fn request(&self, caller: u32, count: u64) -> String {
        let Self { node, address, api_key, body, .. } = self;
        format!(
            "POST /v1/bookings HTTP/1.1\r\nHost: {address}\r\nx-api-key: {api_key}\r\n\
             Content-Type: application/json\r\nIdempotency-Key: \"nodes-{node}-{caller}-{count}\"\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    }
}

impl Seen {
    fn count(&mut self, status: &str) {
        *self.answers.entry(status.to_owned()).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: Self) {
        self.admitted.extend(other.admitted);
        for (status, count) in other.answers {
            *self.answers.entry(status).or_default() += count;
        }
    }
}
