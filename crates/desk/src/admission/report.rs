//! What is told of leases: metrics, and the log when the store goes away and comes back.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};

use metrics::{Counter, Gauge, counter, describe_counter, describe_gauge, gauge};
use skybridge_store::{CommitError, StoreError};

/// Tells how leases go.
pub(super) struct Report {
    written: Counter,
    lost: Counter,
    failed: Counter,
    returned: Counter,
    renewals_failed: Counter,
    away_now: Gauge,
    away: AtomicBool,
}

impl Report {
    pub(super) fn new() -> Self {
        describe_counter!(
            "skybridge_limits_writes_total",
            "Writes of limits, by outcome: written, lost (another node was faster), failed"
        );
        describe_counter!("skybridge_limits_tokens_returned_total", "Leased calls given back unused");
        describe_counter!("skybridge_limits_renewals_failed_total", "Renewals that the store did not take");
        describe_gauge!(
            "skybridge_limits_store_away",
            "1 while limits cannot be read or written and calls go on out of what is held, 0 otherwise"
        );
        let writes = |outcome: &'static str| counter!("skybridge_limits_writes_total", "outcome" => outcome);
        Self {
            written: writes("written"),
            lost: writes("lost"),
            failed: writes("failed"),
            returned: counter!("skybridge_limits_tokens_returned_total"),
            renewals_failed: counter!("skybridge_limits_renewals_failed_total"),
            away_now: gauge!("skybridge_limits_store_away"),
            away: AtomicBool::new(false),
        }
    }

    pub(super) fn lease_written(&self, outcome: &Result<(), CommitError>) {
        match outcome {
            Ok(()) => self.written.increment(1),
            Err(CommitError::ConditionFailed { .. }) => self.lost.increment(1),
            Err(CommitError::Store(_)) => self.failed.increment(1),
        }
    }

    pub(super) fn returned(&self, tokens: u64) {
        self.returned.increment(tokens);
    }

    pub(super) fn renewal_failed(&self) {
        self.renewals_failed.increment(1);
    }

    /// Passes on what the store said, and tells when that is the first failure, or the first answer after one.
    pub(super) fn heard<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        let away = outcome.is_err();
        if self.away.swap(away, Ordering::Relaxed) != away {
            self.away_now.set(u8::from(away));
            match &outcome {
                Err(error) => tracing::warn!(
                    error = error as &dyn Error,
                    "limits cannot be read or written; calls go on out of what is held of them"
                ),
                Ok(_) => tracing::info!("limits can be read and written again"),
            }
        }
        outcome
    }
}
