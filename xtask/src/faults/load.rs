//! The load: callers that book one after the other, each under a key of its own, until the server is gone or the time
//! is over.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;

use super::call::{Call, Line};
use super::journal::{Answer, Exchange, body_of};

/// Who books, and where.
#[derive(Debug, Clone)]
pub(super) struct Load {
    pub(super) address: SocketAddr,
    pub(super) api_key: String,
    /// Keeps the keys of one trial apart from another's.
    pub(super) name: String,
    pub(super) callers: usize,
    /// From when on moments are counted.
    pub(super) begun: Instant,
}

impl Load {
    /// Books until `end`. A caller whose connection broke ends there.
    pub(super) async fn run(self, end: Instant) -> Result<Vec<Exchange>> {
        let mut callers = JoinSet::new();
        for number in 0..self.callers {
            callers.spawn(self.clone().call(number, end));
        }
        let mut exchanges = Vec::new();
        while let Some(caller) = callers.join_next().await {
            exchanges.extend(caller?);
        }
        Ok(exchanges)
    }

    async fn call(self, caller: usize, end: Instant) -> Vec<Exchange> {
        let mut line = Line::to(self.address);
        let mut exchanges = Vec::new();
        while Instant::now() < end {
            let key = format!("{}-{caller}-{}", self.name, exchanges.len());
            let sent = self.begun.elapsed();
            let answer = book(&mut line, &self.api_key, &key).await;
            let is_gone = answer.is_none();
            exchanges.push(Exchange { key, sent, ended: self.begun.elapsed(), answer });
            if is_gone {
                break;
            }
        }
        exchanges
    }
}

/// Asks for the booking of a key: the same request each time.
pub(super) async fn book(line: &mut Line, api_key: &str, key: &str) -> Option<Answer> {
    let credential = format!("x-api-key: {api_key}");
    let body = body_of(key);
    let call =
        Call { method: "POST", path: "/v1/bookings", credential: &credential, key: Some(key), body: &body };
    line.exchange(&call).await
}

/// Reads something.
pub(super) async fn read(line: &mut Line, api_key: &str, path: &str) -> Option<Answer> {
    let credential = format!("x-api-key: {api_key}");
    line.exchange(&Call { method: "GET", path, credential: &credential, key: None, body: "" }).await
}

/// An agency whose plan allows [`Pinch::BURST`] calls and hardly any more for years: whether a fault grants it some.
#[derive(Debug)]
pub(super) struct Pinch {
    pub(super) api_key: String,
    /// Calls that were certainly admitted.
    pub(super) admitted: u64,
}

impl Pinch {
    pub(super) const BURST: u32 = 25;
    /// In calls a second: the next one comes after eleven days.
    pub(super) const RATE: &'static str = "0.000001";

    /// Calls until the server is gone or has been asked this often. Gives how many calls were admitted.
    pub(super) async fn press(api_key: String, address: SocketAddr, calls: u32, pause: Duration) -> u64 {
        let mut line = Line::to(address);
        let mut admitted = 0;
        for _ in 0..calls {
            let Some(answer) = read(&mut line, &api_key, "/v1/bookings?limit=1").await else { break };
            admitted += u64::from(answer.was_admitted());
            tokio::time::sleep(pause).await;
        }
        admitted
    }
}
