//! One server that is filled in stages, and the bare one beside it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio::runtime::Runtime;

use super::size::Size;
use crate::bench::bookings::mean_bytes;
use crate::bench::counter::Counter;
use crate::bench::load::{Call, Load, Outcome, Until};
use crate::bench::peer::{Bare, made_up_key};
use crate::bench::process::Process;

/// How many bookings a lone caller makes.
const LONE: usize = 200;

/// The server's own count of what it synced: one group of commits, one sync.
const SYNCS: &str = "skybridge_store_group_commits_count";

pub(super) struct Stage {
    runtime: Runtime,
    counter: Counter,
    api_key: String,
    bare: Process,
    bare_address: SocketAddr,
    connections: u16,
    bodies: Arc<Vec<String>>,
    /// How many bookings there are.
    made: usize,
    /// How many runs there were: their names keep idempotency keys apart.
    runs: usize,
    /// Where some bookings are, from all stages alike.
    places: Vec<String>,
}

impl Stage {
    /// Starts both servers; ours is empty and has an agency that is never throttled.
    pub(super) fn open(program: &Path, connections: u16, bodies: Arc<Vec<String>>) -> Result<Self> {
        let counter = Counter::start(program, "embedded")?;
        counter.set_plan("bench", 1_000_000, 1_000_000)?;
        let api_key = counter.create_agency("Bench", "bench")?;
        let (bare, bare_address) = Bare::Hyper.start()?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let (made, runs, places) = (0, 0, Vec::new());
        Ok(Self { runtime, counter, api_key, bare, bare_address, connections, bodies, made, runs, places })
    }

    pub(super) fn resident_mebibytes(&self) -> Result<f64> {
        Ok(self.counter.process().resident_bytes()? as f64 / f64::from(1 << 20))
    }

    /// Books until there are so many. Gives the figures of the last of them, except for the bytes written per byte of
    /// bodies: those are of all since the server was opened, as what was put off is written later.
    pub(super) fn grow(&mut self, size: Size, window: Size) -> Result<[f64; 7]> {
        let first = self.made;
        let count = size.0.checked_sub(first).context("there are more bookings already")?;
        let measured = window.0.min(count / 2).max(1);
        let written_before = self.counter.process().written_bytes()?;
        if count > measured {
            self.book(self.connections, count - measured)?;
        }
        let (cpu, syncs) = (self.counter.process().cpu()?, self.counter.metric(SYNCS)?);
        let outcome = self.book(self.connections, measured)?;
        let cpu = self.counter.process().cpu()?.saturating_sub(cpu);
        let syncs = self.counter.metric(SYNCS)? - syncs;
        let written = self.counter.process().written_bytes()? - written_before;
        let payload = (self.made - first) * mean_bytes(&self.bodies);
        let [p50, p99, worst] = [0.5, 0.99, 1.0].map(|share| outcome.latency_ms(share));
        Ok([
            outcome.us_per_request(cpu),
            outcome.per_second(),
            p50,
            p99,
            worst,
            written as f64 / payload as f64,
            syncs / outcome.requests as f64,
        ])
    }

    /// A lone caller, reads, memory, and the way back after a kill.
    pub(super) fn look_around(&mut self, reads: Duration) -> Result<[f64; 8]> {
        let syncs = self.counter.metric(SYNCS)?;
        let lone = self.book(1, LONE)?;
        let lone_syncs = (self.counter.metric(SYNCS)? - syncs) / lone.requests as f64;
        ensure!(!self.places.is_empty(), "no booking told where it is");
        let one = self.read(Arc::new(self.places.clone()), reads)?;
        let list = self.read(Arc::new(vec!["/v1/bookings?limit=20".to_owned()]), reads)?;
        let memory = self.resident_mebibytes()?;
        let opened = self.counter.kill_and_reopen()?.as_secs_f64();
        let lone_p50 = lone.latency_ms(0.5);
        Ok([
            lone_syncs,
            lone_p50,
            one.own,
            one.own / one.bare,
            list.own,
            list.own / list.bare,
            memory,
            opened,
        ])
    }

    fn book(&mut self, connections: u16, count: usize) -> Result<Outcome> {
        self.runs += 1;
        let call = Call::Book { phase: format!("run{}", self.runs), bodies: Arc::clone(&self.bodies) };
        let outcome = self.runtime.block_on(self.load(connections).run(&call, Until::Answered(count)))?;
        self.made += outcome.requests;
        self.places.extend_from_slice(&outcome.places);
        Ok(outcome)
    }

    /// Reads these paths from both servers, half of the time before the other and half after it.
    fn read(&self, paths: Arc<Vec<String>>, time: Duration) -> Result<Read> {
        let call = Call::Read(paths);
        let bare = Load {
            address: self.bare_address,
            api_key: made_up_key(),
            connections: usize::from(self.connections),
        };
        let own = self.load(self.connections);
        let turn = |process: &Process, load: &Load| {
            let cpu = process.cpu()?;
            let outcome = self.runtime.block_on(load.run(&call, Until::Elapsed(time / 2)))?;
            anyhow::Ok(outcome.us_per_request(process.cpu()?.saturating_sub(cpu)))
        };
        let first = turn(&self.bare, &bare)?;
        let own = f64::midpoint(turn(self.counter.process(), &own)?, turn(self.counter.process(), &own)?);
        Ok(Read { own, bare: f64::midpoint(first, turn(&self.bare, &bare)?) })
    }

    fn load(&self, connections: u16) -> Load {
        Load {
            address: self.counter.address,
            api_key: self.api_key.clone(),
            connections: usize::from(connections),
        }
    }
}

/// What a read takes of the processor, in microseconds.
struct Read {
    own: f64,
    bare: f64,
}
