//! Callers of one agency, at a pace of their own or as fast as they are answered, and what they were told.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::pace::Pace;
use super::wire::Wire;

/// How long an answer is waited for.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// What is booked: the lesson's own body would name one agency for all.
const BODY: &str = r#"{"agency_reference":"PO-12345","passengers":[{"type":"ADT","given_name":"Ana","family_name":"Silva"}],"segments":[{"carrier":"SB","flight_number":"951","origin":"CMH","destination":"JFK","departure_date":"2027-03-14"}]}"#;

/// Callers who book for one agency.
#[derive(Clone)]
pub(super) struct Crowd {
    pub(super) address: SocketAddr,
    pub(super) api_key: String,
    /// Keeps idempotency keys of one crowd apart from another's.
    pub(super) name: String,
    /// Draws the moments of those who keep a pace: crowds with the same text call at the same moments.
    pub(super) moments: String,
    pub(super) callers: usize,
    /// How many calls a second are offered, by all callers together, at moments of their own ([`Pace`]); none: each
    /// calls again once it is answered, whatever the answer was.
    pub(super) per_second: Option<f64>,
    pub(super) end: Instant,
}

/// What callers were told.
#[derive(Default)]
pub(super) struct Told {
    /// Answers by their status; `none` where the connection broke.
    pub(super) answers: BTreeMap<String, u64>,
    /// How long the answers took that made a booking, from when their calls were due, and when each came, from the
    /// crowd's beginning on.
    pub(super) booked: Vec<(Duration, Duration)>,
}

impl Crowd {
    /// Calls until the end.
    pub(super) async fn run(self) -> Result<Told> {
        let begin = Instant::now();
        let mut callers = JoinSet::new();
        for number in 0..self.callers {
            callers.spawn(self.clone().call(number, begin));
        }
        let mut told = Told::default();
        while let Some(caller) = callers.join_next().await {
            told.add(caller??);
        }
        Ok(told)
    }

    async fn call(self, number: usize, begin: Instant) -> Result<Told> {
        let mut told = Told::default();
        let turn = |all| Duration::from_secs_f64(self.callers as f64 / all);
        let pace = self.per_second.map(|all| Pace::new(&(&self.moments, number), begin, turn(all)));
        let mut pace = pace.transpose()?;
        let mut wire = None;
        let mut count = 0_u64;
        while Instant::now() < self.end {
            let due = match &mut pace {
                Some(pace) => Some(pace.next().await?),
                None => None,
            };
            let request = self.request(number, count);
            count += 1;
            let due = due.unwrap_or_else(Instant::now);
            match timeout(ANSWER_MAX, exchange(&mut wire, self.address, &request)).await {
                Ok(Ok(status)) => {
                    if status == "201" {
                        told.booked.push((due.elapsed(), begin.elapsed()));
                    }
                    told.count(&status);
                }
                _ => {
                    wire = None;
                    told.count("none");
                }
            }
        }
        Ok(told)
    }

    fn request(&self, caller: usize, count: u64) -> String {
        let Self { name, address, api_key, .. } = self;
        format!(
            "POST /v1/bookings HTTP/1.1\r\nHost: {address}\r\nx-api-key: {api_key}\r\n\
             Content-Type: application/json\r\nIdempotency-Key: \"{name}-{caller}-{count}\"\r\n\
             Content-Length: {}\r\n\r\n{BODY}",
            BODY.len()
        )
    }
}

/// One request and the status of its answer, on a connection that is made if there is none.
async fn exchange(wire: &mut Option<Wire>, address: SocketAddr, request: &str) -> Result<String> {
    let open = match wire {
        Some(open) => open,
        None => wire.insert(Wire::connect(address).await?),
    };
    Ok(open.exchange(request.as_bytes()).await?.status().to_owned())
}

impl Told {
    fn count(&mut self, status: &str) {
        *self.answers.entry(status.to_owned()).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: Self) {
        self.booked.extend(other.booked);
        for (status, count) in other.answers {
            *self.answers.entry(status).or_default() += count;
        }
    }

    /// All answers.
    pub(super) fn all(&self) -> u64 {
        self.answers.values().sum()
    }

    /// How many made a booking.
    pub(super) fn bookings(&self) -> usize {
        self.booked.len()
    }

    /// The time that this share (0 to 1) of the bookings did not take longer than, in milliseconds.
    pub(super) fn latency_ms(&self, share: f64) -> f64 {
        let mut times: Vec<Duration> = self.booked.iter().map(|(took, _)| *took).collect();
        times.sort_unstable();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a length is not negative and no greater than the length"
        )]
        let rank = (share * times.len() as f64).ceil() as usize;
        times.get(rank.clamp(1, times.len().max(1)) - 1).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
    }
}
