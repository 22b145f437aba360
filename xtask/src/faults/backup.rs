//! A backup that is taken under load and restored elsewhere: all that was acknowledged before it was begun is in it, and
//! of what was booked meanwhile each booking once or not at all.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::check::{compare_listing, settle};
use super::dice::Dice;
use super::journal::{Fate, Journal};
use super::load::Load;
use super::series::Ground;
use super::site::{Server, Site};
use super::stage::{AGENCY, CALLERS, TRAFFIC_MIN, is_acknowledged, note_log, set_up, undocumented};
use super::tally::Tally;

/// The load before the backup, and around it, in milliseconds.
const BEFORE_MS: (u64, u64) = (20, 150);
const AROUND: Duration = Duration::from_millis(250);

pub(super) fn run(ground: &Ground) -> Result<Tally> {
    let begun = Instant::now();
    let mut tally = Tally::default();
    let source = Site::embedded(&ground.program, ground.scratch.path().join("backup-source"));
    let server = source.start()?;
    let api_key = ground.runtime.block_on(set_up(&server))?;
    let mut trial = Trial { ground, source, server, api_key, begun, journal: Journal::default() };
    while tally.trials < ground.trials && tally.wrongs.count() == 0 {
        let number = tally.trials + tally.void;
        ensure!(number < ground.trials * 4 + 20, "only {} trials of {number} count", tally.trials);
        trial.run(number, &mut tally).with_context(|| format!("trial {number}"))?;
    }
    note_log(&trial.server.drain()?, &mut tally.wrongs);
    tally.took = begun.elapsed();
    Ok(tally)
}

struct Trial<'a> {
    ground: &'a Ground,
    source: Site,
    server: Server,
    api_key: String,
    begun: Instant,
    /// What was acknowledged by the server that is backed up.
    journal: Journal,
}

impl Trial<'_> {
    fn run(&mut self, number: u32, tally: &mut Tally) -> Result<()> {
        let mut dice = Dice::of(self.ground.seed, "backup", number);
        let before = Duration::from_millis(dice.between(BEFORE_MS.0, BEFORE_MS.1));
        let runtime = &self.ground.runtime;
        let exchanges = runtime.block_on(self.load(number, "before").run(Instant::now() + before))?;
        tally.wrongs.add(undocumented(&exchanges));
        let mut meanwhile = exchanges.len();
        exchanges.into_iter().for_each(|exchange| self.journal.note(exchange));
        // What the backup must hold; of the rest it may.
        let mut expected = Journal { bookings: self.journal.bookings.clone(), ..Journal::default() };

        let load = runtime.spawn(self.load(number, "around").run(Instant::now() + AROUND));
        let file = self.ground.scratch.path().join(format!("{number}.backup"));
        let taken = self.source.run(&["backup", &file.display().to_string()])?;
        let exchanges = runtime.block_on(load)??;
        tally.wrongs.add(undocumented(&exchanges));
        let acknowledged = exchanges.iter().filter(|exchange| is_acknowledged(exchange)).count() as u64;
        meanwhile += exchanges.len();
        tally.requests += meanwhile as u64;
        tally.acknowledged += acknowledged;
        for exchange in exchanges {
            expected.bookings.insert(exchange.key.clone(), Fate::Open);
            self.journal.note(exchange);
        }
        if !taken.status.success() {
            tally.wrongs.other(String::from_utf8_lossy(&taken.stderr));
            return Ok(());
        }
        self.restore(number, &file, expected, tally)?;
        tally.count_if(acknowledged >= TRAFFIC_MIN);
        Ok(())
    }

    fn restore(
        &self,
        number: u32,
        file: &std::path::Path,
        mut expected: Journal,
        tally: &mut Tally,
    ) -> Result<()> {
        let data = self.ground.scratch.path().join(format!("restored-{number}"));
        let site = Site::embedded(&self.ground.program, data);
        let restored = site.run(&["restore", &file.display().to_string()])?;
        if !restored.status.success() {
            tally.wrongs.other(String::from_utf8_lossy(&restored.stderr));
            return Ok(());
        }
        // The backup does not hold the pepper.
        std::fs::copy(self.source.data.join("pepper"), site.data.join("pepper"))?;
        let server = site.start()?;
        let keys: Vec<String> = expected.bookings.keys().cloned().collect();
        let (checked, listing) = self.ground.runtime.block_on(async {
            let mut checked = settle(server.public, &self.api_key, &expected, &keys, self.begun).await?;
            std::mem::take(&mut checked.exchanges).into_iter().for_each(|exchange| expected.note(exchange));
            let listing = compare_listing(&server, AGENCY, &expected).await?;
            anyhow::Ok((checked, listing))
        })?;
        tally.open_there += checked.open_there;
        tally.open_absent += checked.open_absent;
        tally.wrongs.add(checked.wrongs);
        tally.wrongs.add(listing);
        note_log(&server.kill()?, &mut tally.wrongs);
        std::fs::remove_dir_all(&site.data)?;
        Ok(std::fs::remove_file(file)?)
    }

    fn load(&self, number: u32, phase: &str) -> Load {
        Load {
            address: self.server.public,
            api_key: self.api_key.clone(),
            name: format!("backup-{number}-{phase}"),
            callers: CALLERS,
            begun: self.begun,
        }
    }
}
