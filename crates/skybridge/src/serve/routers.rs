//! The two routers, from what the other rooms offer.

use std::sync::Arc;

use axum::Router;
use metrics_exporter_prometheus::PrometheusHandle;
use skybridge_api::admin::{self, AdminToken};
use skybridge_api::screening::Screening;
use skybridge_api::{Draining, public};
use skybridge_desk::Desk;
use skybridge_gate::Lockout;

use super::maintenance;
use super::measures::Gauges;
use crate::config::Config;
use crate::logs::Lines;
use crate::store::OpenStore;

/// What the listeners serve.
#[derive(Debug)]
pub(super) struct Routers {
    /// For agencies.
    pub(super) public: Router,
    /// For operators.
    pub(super) admin: Router,
}

/// What the routers are made of.
pub(super) struct Parts<'a> {
    pub(super) config: &'a Config,
    pub(super) desk: &'a Arc<Desk>,
    pub(super) store: &'a OpenStore,
    pub(super) token: AdminToken,
    pub(super) draining: &'a Draining,
    pub(super) metrics: PrometheusHandle,
    pub(super) lines: Lines,
    pub(super) screening: Arc<Screening>,
}

impl Routers {
    /// Both routers.
    pub(super) fn of(parts: Parts<'_>) -> Self {
        let Parts { config, desk, store, token, draining, metrics, lines, screening } = parts;
        let lockout = Arc::new(Lockout::new(config.lockout));
        let options = public::Options {
            body_deadline: config.http.body_timeout,
            draining: draining.clone(),
            lockout: Arc::clone(&lockout),
            errors: config.errors,
            signatures: config.signatures,
            public_url: config.public_url.clone(),
            screening: Arc::clone(&screening),
        };
        let gauges = Gauges::of(Arc::clone(desk), store.clone(), lines);
        let settings = admin::Settings {
            token,
            store: config.store.name(),
            started_at: desk.now(),
            draining: draining.clone(),
            metrics: Box::new(move || {
                gauges.set();
                metrics.render()
            }),
            screening,
            lockout,
            maintenance: maintenance::router(store),
        };
        Self {
            public: public::router(Arc::clone(desk), options),
            admin: admin::router(Arc::clone(desk), settings),
        }
    }
}
