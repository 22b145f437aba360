//! Counting: one counter per code, and how long answers take. Handles are made once; counting is an addition.

use std::time::Duration;

use axum::response::Response;
use metrics::{Counter, Histogram, counter, describe_counter, describe_histogram, histogram};

use crate::problem::{Code, Refusal};

/// The metrics of the public door.
pub(crate) struct Tally {
    answered: Counter,
    refused: Vec<(Code, Counter)>,
    seconds: Histogram,
}

impl Tally {
    /// Registers with the recorder that is installed now.
    pub(crate) fn register() -> Self {
        describe_counter!(
            "skybridge_requests_total",
            "Requests by the code of their refusal; `ok` if not refused"
        );
        describe_histogram!(
            "skybridge_request_seconds",
            "From the head of a request to its answer, in seconds"
        );
        let by_code = |code: &'static str| counter!("skybridge_requests_total", "code" => code);
        Self {
            answered: by_code("ok"),
            refused: Code::ALL
                .iter()
                .filter(|code| !code.of_admin_api())
                .map(|code| (*code, by_code(code.as_str())))
                .collect(),
            seconds: histogram!("skybridge_request_seconds"),
        }
    }

    /// Counts one answer that took `time`.
    pub(crate) fn count(&self, outcome: &Result<Response, Refusal>, time: Duration) {
        self.seconds.record(time.as_secs_f64());
        match outcome {
            Ok(_) => self.answered.increment(1),
            Err(refusal) => {
                if let Some((_, counter)) = self.refused.iter().find(|(code, _)| *code == refusal.code) {
                    counter.increment(1);
                }
            }
        }
    }
}
