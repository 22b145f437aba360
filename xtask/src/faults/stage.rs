//! A store on which trials take place, with the journal of all its callers: load, the blow, recovery, judgement.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::caps;
use super::check::{self, Checked};
use super::dice::Dice;
use super::journal::{Exchange, Journal};
use super::load::{Load, Pinch};
use super::series::{Blow, Ground, Series, Strikes};
use super::site::{Guise, Server, Site};
use super::tally::{Tally, Wrongs};

/// Acknowledged bookings of earlier trials that each trial asks for.
const SAMPLE: u64 = 20;

/// Bookings that must have been acknowledged under load for a trial to count.
pub(super) const TRAFFIC_MIN: u64 = 10;

/// How long a program may take to end that a fault must end; it may have struck in the load's last moment.
const END_MAX: Duration = Duration::from_secs(5);

/// Callers at once.
pub(super) const CALLERS: usize = 16;

/// The agency that books.
pub(super) const AGENCY: &str = "PartnerCo";

/// What callers and the program's log told of a blow.
#[derive(Default)]
struct Seen {
    exchanges: Vec<Exchange>,
    wrongs: Wrongs,
    /// The program ended before it was killed.
    fell: bool,
}

/// A store and its journal.
pub(super) struct Stage<'a> {
    ground: &'a Ground,
    series: &'a Series<'a>,
    site: Site,
    /// The program as it was started after the last trial.
    standing: Option<Server>,
    journal: Journal,
    api_key: String,
    begun: Instant,
}

impl<'a> Stage<'a> {
    pub(super) fn open(ground: &'a Ground, series: &'a Series<'a>, number: u32) -> Result<Self> {
        let site = Site::embedded(&ground.program, series.data(number));
        let server = site.start()?;
        let api_key = ground.runtime.block_on(set_up(&server))?;
        let (journal, begun) = (Journal::default(), Instant::now());
        Ok(Self { ground, series, site, standing: Some(server), journal, api_key, begun })
    }

    pub(super) fn trial(&mut self, number: u32, tally: &mut Tally) -> Result<()> {
        let mut dice = Dice::of(self.ground.seed, self.series.name, number);
        let standing = self.standing.take().context("no server stands")?;
        let runtime = &self.ground.runtime;
        let api_key = runtime.block_on(standing.create_agency(&format!("Pinch{number}"), "pinch"))?;
        let mut pinch = Pinch { api_key, admitted: 0 };
        let blow = (self.series.blow)(&mut dice, &self.site)?;
        let seen = self.strike(number, &blow, standing, &mut pinch)?;
        let struck = blow.strikes.has_struck(seen.fell)?;
        let acknowledged = seen.exchanges.iter().filter(|exchange| is_acknowledged(exchange)).count() as u64;
        tally.requests += seen.exchanges.len() as u64;
        tally.acknowledged += acknowledged;
        tally.wrongs.add(seen.wrongs);
        tally.wrongs.add(undocumented(&seen.exchanges));
        let mut keys: Vec<String> = seen.exchanges.iter().map(|exchange| exchange.key.clone()).collect();
        keys.extend(self.sample(&mut dice));
        seen.exchanges.into_iter().for_each(|exchange| self.journal.note(exchange));

        (self.series.aftermath)(&mut dice, &self.site)?;
        match self.site.start() {
            Ok(server) => self.judge(&keys, server, &mut pinch, tally)?,
            Err(error) => tally.wrongs.other(format!("it does not start again: {error:#}")),
        }
        tally.count_if(struck && acknowledged >= TRAFFIC_MIN);
        Ok(())
    }

    /// Load and the blow. The program has ended afterwards.
    fn strike(&self, number: u32, blow: &Blow, standing: Server, pinch: &mut Pinch) -> Result<Seen> {
        let mut seen = Seen::default();
        let server = if blow.guise.is_plain() {
            standing
        } else {
            if !blow.prelude.is_zero() {
                let load = self.load(number, "before", &standing);
                seen.exchanges = self.ground.runtime.block_on(load.run(Instant::now() + blow.prelude))?;
            }
            note_log(&standing.kill()?, &mut seen.wrongs);
            match self.site.start_as(&blow.guise) {
                Ok(server) => server,
                // It fell while it opened the store, as it may if that is when the fault struck.
                Err(error) => {
                    seen.fell = true;
                    if !blow.strikes.has_struck(true)? {
                        seen.wrongs.other(format!("it does not start: {error:#}"));
                    }
                    return Ok(seen);
                }
            }
        };
        self.press_and_load(number, blow, server, pinch, &mut seen)?;
        Ok(seen)
    }

    fn press_and_load(
        &self,
        number: u32,
        blow: &Blow,
        mut server: Server,
        pinch: &mut Pinch,
        seen: &mut Seen,
    ) -> Result<()> {
        let runtime = &self.ground.runtime;
        let (half, end) = (Instant::now() + blow.load / 2, Instant::now() + blow.load);
        // Callers that outlast the load keep the server busy to the very end.
        let load = self.load(number, "at", &server).run(end + Duration::from_millis(50));
        let load = runtime.spawn(load);
        let pause = blow.load / (2 * Pinch::BURST);
        let press = Pinch::press(pinch.api_key.clone(), server.public, 2 * Pinch::BURST, pause);
        let press = runtime.spawn(press);
        let until_half = half.saturating_duration_since(Instant::now());
        if let Some(amid) = &blow.amid
            && server.process().ended_within(until_half)?.is_none()
        {
            seen.wrongs.add(amid(&server)?);
        }
        let left = end.saturating_duration_since(Instant::now());
        seen.fell = server.process().ended_within(left)?.is_some();
        if !seen.fell && matches!(blow.strikes, Strikes::AndEndsIt(_)) && blow.strikes.has_struck(false)? {
            seen.fell = server.process().ended_within(END_MAX)?.is_some();
            if !seen.fell {
                seen.wrongs.other("it went on serving after the fault");
            }
        }
        if !seen.fell {
            // It may fall while it is looked at.
            seen.wrongs.add(caps::of_process(&server).unwrap_or_default());
        }
        note_log(&server.kill()?, &mut seen.wrongs);
        pinch.admitted += runtime.block_on(press)?;
        seen.exchanges.extend(runtime.block_on(load)??);
        Ok(())
    }

    fn load(&self, number: u32, phase: &str, server: &Server) -> Load {
        Load {
            address: server.public,
            api_key: self.api_key.clone(),
            name: format!("{}-{number}-{phase}", self.series.name),
            callers: CALLERS,
            begun: self.begun,
        }
    }

    /// Asks for everything that this trial is about, and leaves the server standing.
    fn judge(&mut self, keys: &[String], server: Server, pinch: &mut Pinch, tally: &mut Tally) -> Result<()> {
        let (journal, api_key) = (&self.journal, &self.api_key);
        let (checked, admitted, used) = self.ground.runtime.block_on(async {
            let checked = check::settle(server.public, api_key, journal, keys, self.begun).await?;
            let again =
                Pinch::press(pinch.api_key.clone(), server.public, Pinch::BURST + 5, Duration::ZERO).await;
            anyhow::Ok((checked, again, check::used(&server, AGENCY).await?))
        })?;
        pinch.admitted += admitted;
        let beyond = pinch.admitted.saturating_sub(Pinch::BURST.into());
        if beyond > 0 {
            tally.wrongs.over_granted(beyond, format!("{} of {}", pinch.admitted, Pinch::BURST));
        }
        let Checked { exchanges, admitted, open_there, open_absent, wrongs } = checked;
        exchanges.into_iter().for_each(|exchange| self.journal.note(exchange));
        self.journal.admitted += admitted;
        if used < self.journal.admitted {
            let told = format!("{} calls were admitted, {used} are counted", self.journal.admitted);
            tally.wrongs.over_granted(self.journal.admitted - used, told);
        }
        tally.open_there += open_there;
        tally.open_absent += open_absent;
        tally.wrongs.add(wrongs);
        tally.wrongs.add(caps::of_process(&server)?);
        tally.wrongs.add(caps::of_disk(&self.site.data, self.journal.bookings.len())?);
        self.standing = Some(server);
        Ok(())
    }

    fn sample(&self, dice: &mut Dice) -> Vec<String> {
        let known: Vec<&String> = self.journal.bookings.keys().collect();
        if known.is_empty() {
            return Vec::new();
        }
        (0..SAMPLE).map(|_| (*dice.one_of(&known)).clone()).collect()
    }

    /// Compares the whole store with the journal, and has it verified at rest.
    pub(super) fn close(mut self, tally: &mut Tally) -> Result<()> {
        if let Some(server) = self.standing.take() {
            let listing = check::compare_listing(&server, AGENCY, &self.journal);
            tally.wrongs.add(self.ground.runtime.block_on(listing)?);
            note_log(&server.drain()?, &mut tally.wrongs);
            let verified = self.site.run(&["verify", "--json"])?;
            if !verified.status.success() {
                tally.wrongs.other(String::from_utf8_lossy(&verified.stdout).into_owned());
            }
        }
        if tally.wrongs.count() == 0 {
            std::fs::remove_dir_all(&self.site.data).context("cannot clear away a store")?;
        } else {
            let kept = crate::cargo::root().join("target/faults");
            std::fs::create_dir_all(&kept)?;
            let journal = kept.join(format!("{}.ndjson", self.series.name));
            self.journal.write(&journal)?;
            println!("journal: {}; its store: {}", journal.display(), self.site.data.display());
        }
        Ok(())
    }
}

impl Guise {
    fn is_plain(&self) -> bool {
        self.words.is_empty() && self.variables.is_empty()
    }
}

/// Makes the plans and the agency that books, and gives its key.
pub(super) async fn set_up(server: &Server) -> Result<String> {
    server.set_plan("ample", "1000000", 1_000_000, "1000000000/month").await?;
    server.set_plan("pinch", Pinch::RATE, Pinch::BURST, "1000/month").await?;
    server.create_agency(AGENCY, "ample").await
}

pub(super) fn is_acknowledged(exchange: &Exchange) -> bool {
    exchange.answer.as_ref().is_some_and(|answer| answer.status == 201)
}

/// Answers that a caller need not expect: everything but 201, the documented 503, and none at all (I6).
pub(super) fn undocumented(exchanges: &[Exchange]) -> Wrongs {
    let mut wrongs = Wrongs::default();
    for Exchange { key, answer, .. } in exchanges {
        if let Some(answer) = answer.as_ref().filter(|answer| ![201, 503].contains(&answer.status)) {
            wrongs.other(format!("{key} was answered {}: {}", answer.status, answer.body));
        }
    }
    wrongs
}

/// A panic in the log is wrong, whatever came of it (I6).
pub(super) fn note_log(log: &str, wrongs: &mut Wrongs) {
    for line in log.lines().filter(|line| line.contains("panicked")) {
        wrongs.other(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_that_the_program_logs_is_wrong() {
        let mut wrongs = Wrongs::default();
        note_log("{\"level\":\"INFO\",\"message\":\"serving\"}\n", &mut wrongs);
        assert_eq!(wrongs.count(), 0);
        note_log("{\"level\":\"ERROR\",\"message\":\"panicked\",\"place\":\"a.rs:1\"}\n", &mut wrongs);
        assert_eq!(wrongs.count(), 1);
    }
}
