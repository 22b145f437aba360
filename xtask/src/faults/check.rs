//! After a fault: is everything there that was acknowledged, once, as it was acknowledged, and nothing else?

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::task::JoinSet;

use super::call::Line;
use super::journal::{Exchange, Fate, Journal};
use super::load::{book, read};
use super::site::Server;
use super::tally::Wrongs;

/// Connections that ask.
const ASKERS: usize = 8;

/// One acknowledged booking in so many is also asked for again under its key.
const RETRIED_ONE_IN: usize = 4;

/// How often a request is sent again that is answered 503, as an overloaded machine may, and after how long.
const RETRIES_MAX: u32 = 100;
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// What asking brought to light.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub(super) exchanges: Vec<Exchange>,
    /// Reads that were admitted.
    pub(super) admitted: u64,
    pub(super) open_there: u64,
    pub(super) open_absent: u64,
    pub(super) wrongs: Wrongs,
}

/// Asks for the bookings of these keys, and settles each that is open by sending its request again (I1, I2, I4).
pub(super) async fn settle(
    address: SocketAddr,
    api_key: &str,
    journal: &Journal,
    keys: &[String],
    begun: Instant,
) -> Result<Checked> {
    let mut askers = JoinSet::new();
    for part in keys.chunks(keys.len().div_ceil(ASKERS).max(1)) {
        let fates: Vec<_> = part.iter().map(|key| (key.clone(), journal.bookings[key].clone())).collect();
        askers.spawn(ask(address, api_key.to_owned(), fates, begun));
    }
    let mut checked = Checked::default();
    while let Some(part) = askers.join_next().await {
        let part = part?;
        checked.exchanges.extend(part.exchanges);
        checked.admitted += part.admitted;
        checked.open_there += part.open_there;
        checked.open_absent += part.open_absent;
        checked.wrongs.add(part.wrongs);
    }
    Ok(checked)
}

async fn ask(address: SocketAddr, api_key: String, fates: Vec<(String, Fate)>, begun: Instant) -> Checked {
    let mut asker = Asker { line: Line::to(address), api_key, begun, checked: Checked::default() };
    for (number, (key, fate)) in fates.into_iter().enumerate() {
        match fate {
            Fate::Open => asker.settle_open(&key).await,
            Fate::Acknowledged(body) => asker.compare(&key, &body, number % RETRIED_ONE_IN == 0).await,
        }
    }
    asker.checked
}

struct Asker {
    line: Line,
    api_key: String,
    begun: Instant,
    checked: Checked,
}

impl Asker {
    /// An acknowledged booking: it is there, byte for byte, and its request is answered with it.
    async fn compare(&mut self, key: &str, body: &str, retried: bool) {
        match self.did_it_happen(key).await {
            Some((200, there)) if there == body => {}
            Some((200, there)) => {
                self.wrongs().lost(format!("{key} was acknowledged as {body} and is {there}"));
            }
            other => self.wrongs().lost(format!("{key} was acknowledged and is answered {other:?}")),
        }
        if retried {
            let answer = self.retry(key).await;
            if answer != Some((201, true, body.to_owned())) {
                self.wrongs().duplicated(format!("{key} was acknowledged as {body}; again: {answer:?}"));
            }
        }
    }

    /// A booking without an answer: there once or not at all, and the same request settles it.
    async fn settle_open(&mut self, key: &str) {
        let found = self.did_it_happen(key).await;
        let answer = self.retry(key).await;
        match (found, answer) {
            (Some((404, _)), Some((201, false, _))) => self.checked.open_absent += 1,
            (Some((200, there)), Some((201, true, again))) if there == again => self.checked.open_there += 1,
            (Some((200, there)), Some((201, false, again))) => {
                self.wrongs().duplicated(format!("{key} was there as {there} and was made again: {again}"));
            }
            (found, answer) => {
                self.wrongs().other(format!("{key} was open: {found:?}, and again: {answer:?}"));
            }
        }
    }

    async fn did_it_happen(&mut self, key: &str) -> Option<(u16, String)> {
        let path = format!("/v1/idempotency/{key}");
        let mut told = None;
        for _ in 0..RETRIES_MAX {
            let answer = read(&mut self.line, &self.api_key, &path).await?;
            self.checked.admitted += u64::from(answer.was_admitted());
            let is_away = answer.status == 503;
            told = Some((answer.status, answer.body));
            if !is_away {
                break;
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
        told
    }

    /// Sends the request of a booking again, and once more while the answer is the documented 503.
    async fn retry(&mut self, key: &str) -> Option<(u16, bool, String)> {
        let mut told = None;
        for _ in 0..RETRIES_MAX {
            let sent = self.begun.elapsed();
            let answer = book(&mut self.line, &self.api_key, key).await;
            told = answer.as_ref().map(|answer| (answer.status, answer.replayed, answer.body.clone()));
            let exchange = Exchange { key: key.to_owned(), sent, ended: self.begun.elapsed(), answer };
            self.checked.exchanges.push(exchange);
            if told.as_ref().is_none_or(|(status, ..)| *status != 503) {
                break;
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
        told
    }

    fn wrongs(&mut self) -> &mut Wrongs {
        &mut self.checked.wrongs
    }
}

/// Reads the whole listing of an agency, and compares it with the journal, of which nothing may be open (I1, I2).
pub(super) async fn compare_listing(server: &Server, agency: &str, journal: &Journal) -> Result<Wrongs> {
    let mut wrongs = Wrongs::default();
    for key in &journal.contradictions {
        wrongs.duplicated(format!("{key} was acknowledged as two bookings"));
    }
    let listed = listing(server, agency, &mut wrongs).await?;
    let mut known = BTreeSet::new();
    for (key, fate) in &journal.bookings {
        let Fate::Acknowledged(body) = fate else {
            wrongs.other(format!("{key} is open after it was settled"));
            continue;
        };
        let acknowledged: Value = serde_json::from_str(body)?;
        let id = acknowledged["booking_id"].as_str().context("an acknowledged booking has no id")?;
        if !known.insert(id.to_owned()) {
            wrongs.duplicated(format!("{key} has the booking {id} of another key"));
        }
        match listed.get(id) {
            None => wrongs.lost(format!("{key} was acknowledged and is not listed: {body}")),
            Some(there) if *there != acknowledged => {
                wrongs.lost(format!("{key} was acknowledged as {body} and is listed as {there}"));
            }
            Some(_) => {}
        }
    }
    for (id, booking) in listed.iter().filter(|(id, _)| !known.contains(*id)) {
        wrongs.duplicated(format!("booking {id} belongs to no key that was sent: {booking}"));
    }
    Ok(wrongs)
}

/// Every booking of an agency by its id, as the listing has it.
async fn listing(server: &Server, agency: &str, wrongs: &mut Wrongs) -> Result<BTreeMap<String, Value>> {
    let mut listed = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/admin/v1/bookings?agency={agency}&limit=100{cursor}");
        let page = server.order("GET", &path, "").await?;
        for booking in page["bookings"].as_array().context("the listing has no bookings")? {
            let id = booking["booking_id"].as_str().context("a booking has no id")?;
            if listed.insert(id.to_owned(), booking.clone()).is_some() {
                wrongs.duplicated(format!("booking {id} is listed twice"));
            }
        }
        let Some(next) = page["next_cursor"].as_str() else { return Ok(listed) };
        cursor = format!("&cursor={next}");
    }
}

/// The calls that count against an agency's quota.
pub(super) async fn used(server: &Server, agency: &str) -> Result<u64> {
    let usage = server.order("GET", &format!("/admin/v1/agencies/{agency}/usage"), "").await?;
    let mut policies = usage["policies"].as_array().context("usage has no policies")?.iter();
    let quota = policies.find(|policy| policy["name"] != "burst").context("the plan has no quota")?;
    quota["used"].as_u64().context("the quota is not counted")
}
