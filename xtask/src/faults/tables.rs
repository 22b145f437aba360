//! Two servers over one DynamoDB behind a door that fails on demand: throttling, 5xx, conflicts, resets, and writes that
//! were applied and their answers lost. One of the servers is killed in the middle, with what it had leased.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use skybridge_dynamodb_local::{Faults, FaultyDoor, LocalDynamo};

use super::check::{compare_listing, settle, used};
use super::dice::Dice;
use super::journal::{Exchange, Journal};
use super::load::{Load, Pinch};
use super::series::Ground;
use super::site::{Server, Site};
use super::stage::{AGENCY, TRAFFIC_MIN, is_acknowledged, note_log, set_up, undocumented};
use super::tally::Tally;
use crate::bench::counter::PEPPER;

/// Of a hundred requests to DynamoDB, how many fail.
const FAULTS_PERCENT: u8 = 30;

/// Callers at once on each of the servers, and as many more who send the same requests to both.
const CALLERS: usize = 4;

/// The load, and when within it the second server is killed, in milliseconds.
const LOAD: Duration = Duration::from_millis(900);
const KILL_MS: (u64, u64) = (100, 800);

/// A server hears of new keys within half a second.
const ROSTER: Duration = Duration::from_millis(600);

/// Trials on one set of tables.
const TRIALS_PER_TABLES: u32 = 20;

pub(super) fn run(ground: &Ground) -> Result<Tally> {
    let begun = Instant::now();
    let mut tally = Tally::default();
    while tally.trials < ground.trials && tally.wrongs.count() == 0 {
        let first = tally.trials + tally.void;
        ensure!(first < ground.trials * 4 + 20, "only {} trials of {first} count", tally.trials);
        let mut pair = Pair::start(ground, first)?;
        for number in first..first + TRIALS_PER_TABLES {
            pair.trial(number, &mut tally).with_context(|| format!("trial {number}"))?;
            if tally.trials == ground.trials || tally.wrongs.count() > 0 {
                break;
            }
        }
        pair.close(&mut tally)?;
    }
    tally.took = begun.elapsed();
    Ok(tally)
}

/// Two servers on the same tables.
struct Pair<'a> {
    ground: &'a Ground,
    /// The tables; gone with it.
    _dynamo: LocalDynamo,
    door: FaultyDoor,
    sites: [Site; 2],
    servers: [Server; 2],
    api_key: String,
    journal: Journal,
    begun: Instant,
}

impl<'a> Pair<'a> {
    fn start(ground: &'a Ground, number: u32) -> Result<Self> {
        let dynamo = LocalDynamo::start()?;
        let door = FaultyDoor::before(&dynamo.endpoint(), Faults::none())?;
        let sites = [0, 1].map(|node| {
            let data = ground.scratch.path().join(format!("tables-{number}-{node}"));
            let variables = [
                ("AWS_ENDPOINT_URL", door.endpoint()),
                ("AWS_REGION", "us-east-2".to_owned()),
                ("AWS_ACCESS_KEY_ID", "local".to_owned()),
                ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
                ("SKYBRIDGE_PEPPER", PEPPER.to_owned()),
            ];
            let arguments = ["--store", "dynamodb", "--create-tables"].map(str::to_owned).to_vec();
            let variables = variables.map(|(name, value)| (name.to_owned(), value)).to_vec();
            Site { variables, arguments, ..Site::embedded(&ground.program, data) }
        });
        let servers = [sites[0].start()?, sites[1].start()?];
        let api_key = ground.runtime.block_on(set_up(&servers[0]))?;
        let journal = Journal::default();
        Ok(Self { ground, _dynamo: dynamo, door, sites, servers, api_key, journal, begun: Instant::now() })
    }

    fn trial(&mut self, number: u32, tally: &mut Tally) -> Result<()> {
        let mut dice = Dice::of(self.ground.seed, "tables", number);
        let runtime = &self.ground.runtime;
        let name = format!("Pinch{number}");
        let api_key = runtime.block_on(self.servers[0].create_agency(&name, "pinch"))?;
        let mut pinch = Pinch { api_key, admitted: 0 };
        std::thread::sleep(ROSTER);
        self.door.set(Faults::quick(FAULTS_PERCENT, dice.between(0, u64::MAX - 1)));
        let kill = Duration::from_millis(dice.between(KILL_MS.0, KILL_MS.1));
        let exchanges = self.load_and_kill(number, kill, &mut pinch, tally)?;
        self.door.set(Faults::none());
        let acknowledged = exchanges.iter().filter(|exchange| is_acknowledged(exchange)).count() as u64;
        tally.requests += exchanges.len() as u64;
        tally.acknowledged += acknowledged;
        tally.wrongs.add(undocumented(&exchanges));
        let mut keys: Vec<String> = exchanges.iter().map(|exchange| exchange.key.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        exchanges.into_iter().for_each(|exchange| self.journal.note(exchange));
        self.judge(&keys, &mut pinch, tally)?;
        tally.count_if(acknowledged >= TRAFFIC_MIN);
        Ok(())
    }

    /// Loads both, kills the second, and starts it again.
    fn load_and_kill(
        &mut self,
        number: u32,
        kill: Duration,
        pinch: &mut Pinch,
        tally: &mut Tally,
    ) -> Result<Vec<Exchange>> {
        let runtime = &self.ground.runtime;
        let begin = Instant::now();
        let mut loads = Vec::new();
        let mut presses = Vec::new();
        for (node, server) in self.servers.iter().enumerate() {
            for name in [format!("tables-{number}-{node}"), format!("tables-{number}-both")] {
                let (address, api_key) = (server.public, self.api_key.clone());
                let load = Load { address, api_key, name, callers: CALLERS, begun: self.begun };
                loads.push(runtime.spawn(load.run(begin + LOAD)));
            }
            let pause = LOAD / (2 * Pinch::BURST);
            let press = Pinch::press(pinch.api_key.clone(), server.public, 2 * Pinch::BURST, pause);
            presses.push(runtime.spawn(press));
        }
        std::thread::sleep(kill);
        let [_, second] = &mut self.servers;
        second.process().kill();
        let log = second.process().whole_log()?;
        note_log(&log, &mut tally.wrongs);
        let mut exchanges = Vec::new();
        for load in loads {
            exchanges.extend(runtime.block_on(load)??);
        }
        for press in presses {
            pinch.admitted += runtime.block_on(press)?;
        }
        // A start has no patience for a store that fails: the operator's supervisor would start it again.
        self.door.set(Faults::none());
        self.servers[1] = self.sites[1].start()?;
        Ok(exchanges)
    }

    fn judge(&mut self, keys: &[String], pinch: &mut Pinch, tally: &mut Tally) -> Result<()> {
        let (journal, [first, second]) = (&self.journal, &self.servers);
        let (checked, again, used) = self.ground.runtime.block_on(async {
            let checked = settle(second.public, &self.api_key, journal, keys, self.begun).await?;
            let mut again = 0;
            for server in [first, second] {
                let calls = Pinch::BURST + 5;
                again += Pinch::press(pinch.api_key.clone(), server.public, calls, Duration::ZERO).await;
            }
            anyhow::Ok((checked, again, used(second, AGENCY).await?))
        })?;
        pinch.admitted += again;
        let beyond = pinch.admitted.saturating_sub(Pinch::BURST.into());
        if beyond > 0 {
            tally.wrongs.over_granted(beyond, format!("{} of {}", pinch.admitted, Pinch::BURST));
        }
        checked.exchanges.into_iter().for_each(|exchange| self.journal.note(exchange));
        self.journal.admitted += checked.admitted;
        if used < self.journal.admitted {
            let told = format!("{} calls were admitted, {used} are counted", self.journal.admitted);
            tally.wrongs.over_granted(self.journal.admitted - used, told);
        }
        tally.open_there += checked.open_there;
        tally.open_absent += checked.open_absent;
        tally.wrongs.add(checked.wrongs);
        Ok(())
    }

    fn close(self, tally: &mut Tally) -> Result<()> {
        let listing = compare_listing(&self.servers[0], AGENCY, &self.journal);
        tally.wrongs.add(self.ground.runtime.block_on(listing)?);
        for server in self.servers {
            note_log(&server.kill()?, &mut tally.wrongs);
        }
        Ok(())
    }
}
