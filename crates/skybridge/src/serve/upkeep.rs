//! What a running server does every now and then: it looks for changes that other processes made.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use metrics::{describe_gauge, gauge};
use skybridge_desk::Desk;
use tokio::time::MissedTickBehavior;

/// How often the server looks. A key revoked on another node is refused here at most this and one read later.
const EVERY: Duration = Duration::from_millis(500);

/// Keeps the roster up to date, for as long as the process runs. While the store does not answer, what was known
/// holds on, and that is told.
pub(super) fn keep_roster(desk: Arc<Desk>) {
    describe_gauge!(
        "skybridge_roster_stale",
        "1 while changes of partners cannot be looked for, 0 otherwise"
    );
    let stale = gauge!("skybridge_roster_stale");
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            ticks.tick().await;
            let looked = desk.refresh_roster(Duration::ZERO).await;
            match (&looked, failing) {
                (Err(error), false) => tracing::warn!(
                    error = error as &dyn Error,
                    "changes of partners cannot be looked for; those known before hold on"
                ),
                (Ok(()), true) => tracing::info!("changes of partners are looked for again"),
                _ => {}
            }
            failing = looked.is_err();
            stale.set(u8::from(failing));
        }
    });
}

/// How often the server gives back leases that no call needs.
const RETURN_EVERY: Duration = Duration::from_secs(1);

/// Gives back what is held of limits and not needed, for as long as the process runs. What cannot be given back
/// lapses; the desk tells when the store is away.
pub(super) fn return_leases(desk: Arc<Desk>) {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(RETURN_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = desk.return_idle_leases().await {
                tracing::debug!(
                    error = &error as &dyn Error,
                    "leases could not be given back, and will lapse"
                );
            }
        }
    });
}

/// How often the server writes down when keys were last used, and how much later than what is written a use must be.
const RECORD_USES_EVERY: Duration = Duration::from_secs(60);

/// Writes down when keys were last used, for as long as the process runs. What cannot be written now is written the
/// next time.
pub(super) fn record_last_uses(desk: Arc<Desk>) {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(RECORD_USES_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = desk.record_last_uses(RECORD_USES_EVERY).await {
                tracing::debug!(
                    error = &error as &dyn Error,
                    "the last uses of keys could not be written down yet"
                );
            }
        }
    });
}
