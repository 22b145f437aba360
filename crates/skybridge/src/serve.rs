//! `serve`: wires the rooms together and keeps them running until a signal or a broken store ends it.
//!
//! The order of a start: secrets, store, counter, listeners, the addresses on standard output, then the first
//! request. The order of an end: no new connections, the requests in flight, what the agencies have used, the
//! store. A store that cannot write any more ends the process: only opening it again tells what is on disk.

pub(crate) mod address_files;
mod certificates;
mod demo;
mod doors;
mod handed_over;
mod maintenance;
mod measures;
pub(crate) mod open_files;
mod routers;
mod secrets;
mod signals;
mod upkeep;

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;
use skybridge_api::Draining;
use skybridge_api::admin::AdminToken;
use skybridge_api::screening::Screening;
use skybridge_desk::{Desk, Node};

use crate::config::Config;
use crate::data_dir::{DataDir, PEPPER};
use crate::logs::{self, Logs};
use crate::screening;
use crate::store::OpenStore;
use demo::Demo;
use handed_over::HandedOver;
use routers::{Parts, Routers};
use secrets::FoundPeppers;
use signals::Signals;
use skybridge_listener::{Workers, drain};
use skybridge_machine::{MachineClock, MachineRandomness};

const NO_THREADS: &str = "no threads can be had to serve connections";
const ENDED_EARLY: &str = "a thread that serves connections ended before its time";

/// How long the end waits for the store to take what the agencies have used.
const SETTLE_MAX: Duration = Duration::from_secs(10);

/// How long operators' requests may take when everything else has ended.
const ADMIN_DRAIN_DEADLINE: Duration = Duration::from_secs(2);

/// In which manner to serve.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// Set up the demonstration.
    pub(crate) demo: bool,
    /// Make the store's tables, if they are not there.
    pub(crate) create_tables: bool,
    /// Take a new pepper, although keys were made under another.
    pub(crate) new_pepper: bool,
    /// Print what is printed as JSON.
    pub(crate) json: bool,
}

/// Serves until a signal ends it. An error is what kept it from starting, or what ended it before its time.
pub(crate) fn run(config: &Config, manner: Manner) -> anyhow::Result<()> {
    let handed_over = HandedOver::take()?;
    // To the end: whatever happens is to be told.
    let logs = logs::start(&config.log)?;
    open_files::raise();
    let workers = Workers::one_per_core("worker").context(NO_THREADS)?;
    // For all but connections: taking them, and upkeep.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(serve(config, manner, &logs, handed_over, &workers));
    // Whatever outlived the drain's deadline is not waited for a second time.
    runtime.shutdown_background();
    outcome
}

async fn serve(
    config: &Config,
    manner: Manner,
    logs: &Logs,
    handed_over: HandedOver,
    workers: &Workers,
) -> anyhow::Result<()> {
    let mut signals = Signals::watch()?;
    // What they ask for may take its time, such as a list of all bookings: no agency waits for it.
    let operators = Workers::start("operators", NonZeroUsize::MIN).context(NO_THREADS)?;
    // First what is likeliest to fail, so that a start that fails leaves nothing behind.
    let public = doors::bind("public", "--listen", config.listen, handed_over.public)?;
    let admin = doors::bind("admin", "--admin-listen", config.admin_listen, handed_over.admin)?;
    let tls = certificates::load(config.tls.as_ref())?;
    let screen = screening::load(&config.screening)?;
    let data = DataDir::at(&config.data);
    data.create()?;
    let token = secrets::admin_token(&data, &MachineRandomness)?;
    let house = House::open(config, &data, manner).await?;
    let seen = address_files::load(&config.addresses.files, house.desk.gate().addresses())?;
    let draining = Draining::default();
    let screening = screening::shared(screen, &config.screening)?;
    let routers = house.routers(config, token, &draining, logs, screening);
    // The embedded store has told of another server before; this holds for the others too.
    let _taken = data.take()?;
    let _note = data.note_address(&format!("http://{}", reachable(admin.address())))?;
    // Last before the first request: a demo key that is made is printed at once.
    let demo = if manner.demo { Some(Demo::set_up(&house.desk).await?) } else { None };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let addresses = Addresses { scheme, public: public.address(), admin: admin.address() };
    announce(addresses, manner, demo.as_ref(), &house.desk).await?;

    upkeep::keep_roster(Arc::clone(&house.desk));
    upkeep::return_leases(Arc::clone(&house.desk));
    upkeep::record_last_uses(Arc::clone(&house.desk));
    if let Some(tls) = &tls {
        certificates::keep_up(Arc::clone(tls))?;
    }
    address_files::keep_up(&config.addresses.files, seen, Arc::clone(&house.desk))?;
    let (public_drain, signal) = drain();
    doors::open_public(public, routers.public, config, tls, workers.clone(), signal);
    let (admin_drain, signal) = drain();
    doors::open_admin(admin, routers.admin, config, operators.clone(), signal);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), store = config.store.name(), "serving");
    tokio::select! {
        signal = signals.next() => tracing::info!(signal, "draining"),
        broken = house.store.broken() => {
            tracing::error!(error = format!("{broken:#}"), "the store stopped; the next start recovers it");
            return Err(broken);
        }
        () = workers.ended() => anyhow::bail!(ENDED_EARLY),
        () = operators.ended() => anyhow::bail!(ENDED_EARLY),
    }
    signals.end_at_next(logs.lines());
    draining.begin();
    // The admin listener goes last, so that it can be asked about the drain while it lasts.
    public_drain.finish(config.drain_deadline).await;
    admin_drain.finish(ADMIN_DRAIN_DEADLINE).await;
    house.close().await?;
    tracing::info!("ended");
    Ok(())
}

/// A store with keys that cannot be checked, because what they were hashed under is gone.
#[derive(Debug, thiserror::Error)]
#[error(
    "the store holds {keys} keys, but {} is missing, so that none of them would be taken: put the saved file there \
     (mode 0600), or start with --new-pepper and create all keys anew", .path.display()
)]
struct PepperMissing {
    keys: usize,
    path: PathBuf,
}

/// Everything behind the doors.
struct House {
    store: OpenStore,
    desk: Arc<Desk>,
    metrics: PrometheusHandle,
}

impl House {
    async fn open(config: &Config, data: &DataDir, manner: Manner) -> anyhow::Result<Self> {
        let metrics = measures::install()?;
        measures::keep_up(metrics.clone());
        let (peppers, fresh) = match secrets::peppers(data, &MachineRandomness)? {
            FoundPeppers::Kept(peppers) => (peppers, false),
            FoundPeppers::Fresh(peppers) => (peppers, true),
        };
        let store = OpenStore::open(config, data, manner.create_tables).await?;
        let (clock, randomness) = (Arc::new(MachineClock), Arc::new(MachineRandomness));
        let node = if store.is_shared() { Node::server(&*randomness) } else { Node::sole() };
        let node = node.with_capacity(config.capacity);
        let desk = Desk::open(store.port(), peppers, clock, randomness, node).await;
        let desk = desk.context("the store holds what this program cannot read")?;
        let desk = Arc::new(desk.with_address_terms(config.addresses.terms.clone()));
        let keys = desk.gate().keys_without_pepper();
        if fresh {
            anyhow::ensure!(
                keys == 0 || manner.new_pepper,
                PepperMissing { keys, path: data.path().join(PEPPER) }
            );
            secrets::keep(data, desk.gate().peppers())?;
        }
        if keys > 0 {
            tracing::warn!(keys, "keys are refused because the pepper that they were made under is not here");
        }
        Ok(Self { store, desk, metrics })
    }

    fn routers(
        &self,
        config: &Config,
        token: AdminToken,
        draining: &Draining,
        logs: &Logs,
        screening: Arc<Screening>,
    ) -> Routers {
        Routers::of(Parts {
            config,
            desk: &self.desk,
            store: &self.store,
            token,
            draining,
            metrics: self.metrics.clone(),
            lines: logs.lines(),
            screening,
        })
    }

    /// Writes down what the agencies have used, and closes the store.
    async fn close(self) -> anyhow::Result<()> {
        let settled = tokio::time::timeout(SETTLE_MAX, self.desk.settle_limits()).await;
        let recorded = self.desk.record_last_uses(Duration::ZERO);
        if !matches!(tokio::time::timeout(SETTLE_MAX, recorded).await, Ok(Ok(()))) {
            tracing::warn!("when keys were last used could not be written down");
        }
        // Closed in any case: what is on record then counts more as used, never less.
        self.store.close().await?;
        let told = "what the agencies have used could not be settled; what was leased lapses by itself";
        settled.context(told)?.context(told)
    }
}

/// An address that a caller on this machine can connect to: a listener on all addresses is reached on loopback.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => (Ipv4Addr::LOCALHOST, v4.port()).into(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => (Ipv6Addr::LOCALHOST, v6.port()).into(),
        address => address,
    }
}

#[derive(Debug, Clone, Copy)]
struct Addresses {
    /// Of the public address.
    scheme: &'static str,
    public: SocketAddr,
    admin: SocketAddr,
}

/// Tells on standard output where the server is, and what to do first.
async fn announce(at: Addresses, manner: Manner, demo: Option<&Demo>, desk: &Desk) -> anyhow::Result<()> {
    let text = if manner.json {
        let demo = demo.map(Demo::as_json);
        json!({ "public": format!("{}://{}", at.scheme, at.public), "admin": format!("http://{}", at.admin), "demo": demo })
            .to_string()
    } else {
        let hint = match demo {
            Some(demo) => format!("\n{}", demo.told(at.scheme, reachable(at.public))),
            None if desk.roster_size().await?.agencies == 0 => format!("\n{}", demo::FIRST_STEPS),
            None => String::new(),
        };
        format!("public {}://{}\nadmin http://{}{hint}", at.scheme, at.public, at.admin)
    };
    let mut out = io::stdout().lock();
    // Nobody may read it, as under a supervisor that closed the pipe; serving goes on all the same.
    if let Err(error) = writeln!(out, "{text}").and_then(|()| out.flush()) {
        tracing::warn!(%error, "the addresses could not be printed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_reached_on_loopback() {
        for (bound, reached) in
            [("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "[::1]:80"), ("192.0.2.1:80", "192.0.2.1:80")]
        {
            assert_eq!(reachable(bound.parse().unwrap()).to_string(), reached);
        }
    }
}
