//! Metrics: one recorder for the process, rendered as Prometheus text on the admin listener.

use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use skybridge_desk::Desk;

use crate::logs::Lines;
use crate::store::OpenStore;

/// Bounds of the duration histograms, in seconds: from a refusal to a stalled disk.
const SECONDS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// How often samples move from the recorder's buffers into their buckets. Without it they pile up until
/// somebody reads the metrics, and maybe nobody does.
const UPKEEP: Duration = Duration::from_secs(5);

/// Bounds of the histograms of commits per group: from a lone commit to a full group.
const COMMITS: [f64; 8] = [1.0, 2.0, 4.0, 16.0, 64.0, 256.0, 512.0, 1024.0];

/// Installs the recorder, once per process.
pub(super) fn install() -> anyhow::Result<PrometheusHandle> {
    let builder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_commits".to_owned()), &COMMITS)?;
    Ok(builder.install_recorder()?)
}

/// What is looked up when somebody reads the metrics, rather than noted with every request.
pub(super) struct Gauges {
    desk: Arc<Desk>,
    store: OpenStore,
    lines: Lines,
}

impl Gauges {
    pub(super) fn of(desk: Arc<Desk>, store: OpenStore, lines: Lines) -> Self {
        describe_gauge!("skybridge_calls_in_flight", "Calls of agencies that are under way");
        describe_gauge!("skybridge_calls_in_flight_limit", "How many may be before calls are shed");
        describe_gauge!("skybridge_addresses_tracked", "Sources whose requests are counted");
        describe_gauge!("skybridge_addresses_penalised", "Sources that are under a penalty");
        describe_gauge!(
            "skybridge_address_networks",
            "Networks that are blocked or allowed, of store and files"
        );
        describe_counter!(
            "skybridge_access_lines_dropped_total",
            "Lines of the log, those of requests and others, that nobody took in time"
        );
        Self { desk, store, lines }
    }

    /// Sets them to what stands now.
    pub(super) fn set(&self) {
        let load = self.desk.gate().load();
        gauge!("skybridge_calls_in_flight").set(load.under_way);
        gauge!("skybridge_calls_in_flight_limit").set(load.limit);
        let addresses = self.desk.gate().addresses();
        gauge!("skybridge_addresses_tracked").set(addresses.tracked() as f64);
        gauge!("skybridge_addresses_penalised").set(addresses.penalised(self.desk.now()).len() as f64);
        gauge!("skybridge_address_networks").set(addresses.entries() as f64);
        counter!("skybridge_access_lines_dropped_total").absolute(self.lines.dropped());
        self.store.measure();
    }
}

/// Keeps the recorder's buffers small, for as long as the process runs.
pub(super) fn keep_up(handle: PrometheusHandle) {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            handle.run_upkeep();
        }
    });
}
