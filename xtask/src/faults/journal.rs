//! What callers know: every request that was sent, its key, its answer and when. The server is judged by this alone.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

/// A request for one booking, and what came back.
#[derive(Debug, Serialize)]
pub(super) struct Exchange {
    /// The key that names the booking.
    pub(super) key: String,
    /// When it was sent and when its answer was there or it broke, since the journal was begun.
    pub(super) sent: Duration,
    pub(super) ended: Duration,
    /// What came back; nothing if the connection broke.
    pub(super) answer: Option<Answer>,
}

/// An answer, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) replayed: bool,
    pub(super) body: String,
}

impl Answer {
    /// Does it say that the call was counted against the plan? A refused one is not, and of one that the store did not
    /// take nobody promises it.
    pub(super) fn was_admitted(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Where a booking stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// Never acknowledged: it is there once or not at all.
    Open,
    /// Acknowledged with this body, which must never change.
    Acknowledged(String),
}

/// The bookings of one agency on one store.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// By their keys.
    pub(super) bookings: BTreeMap<String, Fate>,
    /// Calls of the agency that were certainly admitted.
    pub(super) admitted: u64,
    /// Keys that were acknowledged with two different bodies.
    pub(super) contradictions: Vec<String>,
    /// All of them, as they came.
    pub(super) exchanges: Vec<Exchange>,
}

/// What is booked under a key. It names the key, so that two bookings of one request would be seen.
pub(super) fn body_of(key: &str) -> String {
    format!(
        r#"{{"agency_reference":"{key}","passengers":[{{"type":"ADT","given_name":"Ana","family_name":"Silva"}}],"segments":[{{"carrier":"SB","flight_number":"951","origin":"CMH","destination":"JFK","departure_date":"2027-03-14"}}]}}"#
    )
}

impl Journal {
    /// Takes down an exchange of a booking.
    pub(super) fn note(&mut self, exchange: Exchange) {
        if let Some(answer) = &exchange.answer {
            self.admitted += u64::from(answer.was_admitted());
        }
        let fate = self.bookings.entry(exchange.key.clone()).or_insert(Fate::Open);
        if let Some(answer) = exchange.answer.as_ref().filter(|answer| answer.status == 201) {
            match fate {
                // What later answers are compared with.
                Fate::Open => *fate = Fate::Acknowledged(answer.body.clone()),
                Fate::Acknowledged(body) if *body != answer.body => {
                    self.contradictions.push(exchange.key.clone());
                }
                Fate::Acknowledged(_) => {}
            }
        }
        self.exchanges.push(exchange);
    }

    /// Writes every exchange down, one JSON object per line: the evidence of a trial that failed.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        for exchange in &self.exchanges {
            serde_json::to_writer(&mut file, exchange)?;
            file.write_all(b"\n")?;
        }
        Ok(file.flush()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(status: Option<u16>, body: &str) -> Exchange {
        let answer = status.map(|status| Answer { status, replayed: false, body: body.to_owned() });
        Exchange { key: "k".to_owned(), sent: Duration::ZERO, ended: Duration::ZERO, answer }
    }

    #[test]
    fn only_a_201_acknowledges_and_the_first_one_stands() {
        let mut journal = Journal::default();
        journal.note(exchange(None, ""));
        journal.note(exchange(Some(503), "unavailable"));
        assert_eq!(journal.bookings["k"], Fate::Open);
        journal.note(exchange(Some(201), "first"));
        journal.note(exchange(Some(201), "second"));
        assert_eq!(journal.bookings["k"], Fate::Acknowledged("first".to_owned()));
        assert_eq!(journal.contradictions, ["k"]);
        assert_eq!(journal.admitted, 2);
    }
}
