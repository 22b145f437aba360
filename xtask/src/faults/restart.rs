//! Restarts under load: the program drains and is started again on the same socket, which it is handed each time, as
//! systemd does. No request goes without its answer, and callers have all their bookings.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;

use super::call::Line;
use super::check::{compare_listing, settle};
use super::dice::Dice;
use super::journal::{Exchange, Journal};
use super::load::book;
use super::series::Ground;
use super::site::{Server, Site};
use super::stage::{AGENCY, CALLERS, TRAFFIC_MIN, note_log, set_up, undocumented};
use super::tally::Tally;

/// The load before the restart, in milliseconds, and after it.
const BEFORE_MS: (u64, u64) = (20, 150);
const AFTER: Duration = Duration::from_millis(50);

/// Restarts before the whole listing is compared.
const RESTARTS_PER_LISTING: u32 = 50;

pub(super) fn run(ground: &Ground) -> Result<Tally> {
    let begun = Instant::now();
    let mut tally = Tally::default();
    let mut site = Site::embedded(&ground.program, ground.scratch.path().join("restart"));
    site.socket = Some(Arc::new(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?));
    let mut server = site.start()?;
    let api_key = ground.runtime.block_on(set_up(&server))?;
    let mut journal = Journal::default();
    while tally.trials < ground.trials && tally.wrongs.count() == 0 {
        let number = tally.trials + tally.void;
        ensure!(number < ground.trials * 4 + 20, "only {} trials of {number} count", tally.trials);
        let mut dice = Dice::of(ground.seed, "restart", number);
        let callers =
            Callers { address: server.public, api_key: api_key.clone(), begun, enough: Arc::default() };
        let load = ground.runtime.spawn(callers.clone().run(number));
        std::thread::sleep(Duration::from_millis(dice.between(BEFORE_MS.0, BEFORE_MS.1)));
        note_log(&server.drain()?, &mut tally.wrongs);
        server = site.start().context("it does not start again")?;
        std::thread::sleep(AFTER);
        callers.enough.store(true, Ordering::Relaxed);
        let exchanges = ground.runtime.block_on(load)??;
        note(&exchanges, &mut tally);
        let keys: Vec<String> = exchanges.iter().map(|exchange| exchange.key.clone()).collect();
        exchanges.into_iter().for_each(|exchange| journal.note(exchange));
        judge(ground, &server, &api_key, &mut journal, &keys, &mut tally)?;
        if tally.trials.is_multiple_of(RESTARTS_PER_LISTING) || tally.trials == ground.trials {
            tally.wrongs.add(ground.runtime.block_on(compare_listing(&server, AGENCY, &journal))?);
        }
    }
    tally.took = begun.elapsed();
    Ok(tally)
}

fn note(exchanges: &[Exchange], tally: &mut Tally) {
    let answered = exchanges.iter().filter(|exchange| exchange.answer.is_some()).count() as u64;
    let acknowledged =
        exchanges.iter().filter(|exchange| super::stage::is_acknowledged(exchange)).count() as u64;
    tally.requests += exchanges.len() as u64;
    tally.acknowledged += acknowledged;
    tally.wrongs.add(undocumented(exchanges));
    let dropped = exchanges.len() as u64 - answered;
    tally.dropped += dropped;
    if dropped > 0 {
        tally.wrongs.other(format!("{dropped} requests have no answer"));
    }
    tally.count_if(acknowledged >= TRAFFIC_MIN);
}

fn judge(
    ground: &Ground,
    server: &Server,
    api_key: &str,
    journal: &mut Journal,
    keys: &[String],
    tally: &mut Tally,
) -> Result<()> {
    let begun = Instant::now();
    let checked = ground.runtime.block_on(settle(server.public, api_key, journal, keys, begun))?;
    checked.exchanges.into_iter().for_each(|exchange| journal.note(exchange));
    tally.open_there += checked.open_there;
    tally.open_absent += checked.open_absent;
    tally.wrongs.add(checked.wrongs);
    Ok(())
}

/// Callers that connect again when they are told so.
#[derive(Clone)]
struct Callers {
    address: SocketAddr,
    api_key: String,
    begun: Instant,
    enough: Arc<AtomicBool>,
}

impl Callers {
    async fn run(self, trial: u32) -> Result<Vec<Exchange>> {
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            callers.spawn(self.clone().call(format!("restart-{trial}-{caller}")));
        }
        let mut exchanges = Vec::new();
        while let Some(caller) = callers.join_next().await {
            exchanges.extend(caller?);
        }
        Ok(exchanges)
    }

    async fn call(self, name: String) -> Vec<Exchange> {
        let mut line = Line::to(self.address);
        let mut exchanges = Vec::new();
        let mut number = 0;
        while !self.enough.load(Ordering::Relaxed) {
            let key = format!("{name}-{number}");
            let sent = self.begun.elapsed();
            let answer = book(&mut line, &self.api_key, &key).await;
            // Without an answer, the same request goes out again.
            number += u32::from(answer.is_some());
            exchanges.push(Exchange { key, sent, ended: self.begun.elapsed(), answer });
        }
        exchanges
    }
}
