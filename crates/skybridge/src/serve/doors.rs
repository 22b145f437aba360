//! The two doors: how long each waits, whom it believes, how many it lets in.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use skybridge_api::RequestIds;
use skybridge_listener::tls::Tls;
use skybridge_listener::{DrainSignal, Listener, Patience, Reception, Seats, TrustedProxies, Workers};
use skybridge_machine::MachineRandomness;

use crate::config::{Config, Http};

/// How long connections that rest outlast the beginning of a drain: as long as a request may be on its way around the
/// world.
const LAST_CALL: Duration = Duration::from_millis(500);

/// Takes the socket that was handed over for a listener, or else its address; `option` is how another is chosen.
pub(super) fn bind(
    name: &str,
    option: &str,
    address: SocketAddr,
    handed_over: Option<TcpListener>,
) -> anyhow::Result<Listener> {
    if let Some(socket) = handed_over {
        let taken = Listener::take_over(socket);
        return taken
            .with_context(|| format!("the socket handed over for the {name} listener cannot be used"));
    }
    Listener::bind(address).with_context(|| {
        format!(
            "the {name} address {address} cannot be listened on; stop what listens there, or choose another: {option} \
             127.0.0.1:0 takes a free port"
        )
    })
}

/// Opens the public door, for agencies.
pub(super) fn open_public(
    listener: Listener,
    router: Router,
    config: &Config,
    tls: Option<Arc<Tls>>,
    workers: Workers,
    drain: DrainSignal,
) {
    let http = &config.http;
    let mut reception = reception(router, http);
    reception.trusted_proxies = TrustedProxies::new(http.trusted_proxies.clone());
    tokio::spawn(listener.serve(reception, seats(http), tls, workers, drain));
}

/// Opens the admin door. What operators ask for may take its time, such as a backup; nobody comes through proxies, and
/// a tunnel has TLS of its own.
pub(super) fn open_admin(
    listener: Listener,
    router: Router,
    config: &Config,
    workers: Workers,
    drain: DrainSignal,
) {
    let mut reception = reception(router, &config.http);
    reception.patience.exchange = None;
    // It drains when all agencies are gone; whoever reads metrics comes again by himself.
    reception.patience.last_call = Duration::ZERO;
    tokio::spawn(listener.serve(reception, seats(&config.http), None, workers, drain));
}

fn seats(http: &Http) -> Seats {
    Seats::new(http.connections_max, http.connections_per_address_max)
}

fn reception(router: Router, http: &Http) -> Reception {
    Reception {
        router,
        patience: Patience {
            header: http.header_timeout,
            idle: http.idle_timeout,
            exchange: Some(http.exchange_timeout),
            last_call: LAST_CALL,
        },
        streams_max: http.streams_max,
        trusted_proxies: TrustedProxies::default(),
        request_ids: Arc::new(RequestIds::new(&MachineRandomness)),
    }
}
