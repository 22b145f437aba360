//! Counting: one counter per code, how long answers take, and whom the plans turned away. Handles are made once;
//! counting is an addition.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use axum::response::Response;
use metrics::{Counter, Histogram, Unit, counter, describe_counter, describe_histogram, histogram};
use skybridge_domain::agency::AgencyName;
use skybridge_gate::ThrottleRefusal;

use crate::problem::{Code, Refusal};
use crate::refuse;

/// How many agencies are counted by name, in the order in which they are first turned away. A set of labels must have
/// a bound; what the rest are turned away for is counted under [`OTHERS`].
const AGENCIES_MAX: usize = 1000;

/// No agency's name begins with a parenthesis.
const OTHERS: &str = "(others)";

/// The metrics of the public door.
pub(crate) struct Tally {
    answered: Counter,
    refused: Vec<(Code, Counter)>,
    seconds: Histogram,
    admitted: Counter,
    throttled: RwLock<HashMap<AgencyName, Throttled>>,
    others: Throttled,
}

/// How often one agency was turned away, by the limit that did it.
struct Throttled {
    rate: Counter,
    quota: Counter,
    in_flight: Counter,
}

impl Throttled {
    fn register(agency: &str) -> Self {
        let by_code = |code: Code| counter!("skybridge_throttled_total", "agency" => agency.to_owned(), "code" => code.as_str());
        Self {
            rate: by_code(Code::RateLimited),
            quota: by_code(Code::QuotaExceeded),
            in_flight: by_code(Code::TooManyInFlight),
        }
    }

    fn count(&self, refusal: &ThrottleRefusal) {
        let counter = match refuse::throttle_code(refusal) {
            Code::QuotaExceeded => &self.quota,
            Code::TooManyInFlight => &self.in_flight,
            _ => &self.rate,
        };
        counter.increment(1);
    }
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
            Unit::Seconds,
            "From the head of a request to its answer"
        );
        describe_counter!("skybridge_admitted_total", "Calls that a plan let in");
        describe_counter!("skybridge_throttled_total", "Calls that a plan turned away, by agency and limit");
        let by_code = |code: &'static str| counter!("skybridge_requests_total", "code" => code);
        Self {
            answered: by_code("ok"),
            refused: Code::ALL
                .iter()
                .filter(|code| !code.of_admin_api())
                .map(|code| (*code, by_code(code.as_str())))
                .collect(),
            seconds: histogram!("skybridge_request_seconds"),
            admitted: counter!("skybridge_admitted_total"),
            throttled: RwLock::default(),
            others: Throttled::register(OTHERS),
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

    /// Counts a call that came in.
    pub(crate) fn admitted(&self) {
        self.admitted.increment(1);
    }

    /// Counts a call that the agency's plan turned away.
    pub(crate) fn throttled(&self, agency: &AgencyName, refusal: &ThrottleRefusal) {
        let known = self.throttled.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(agency) {
            known.count(refusal);
            return;
        }
        if known.len() >= AGENCIES_MAX {
            self.others.count(refusal);
            return;
        }
        drop(known);
        let mut throttled = self.throttled.write().unwrap_or_else(PoisonError::into_inner);
        if throttled.len() < AGENCIES_MAX || throttled.contains_key(agency) {
            let known = throttled.entry(agency.clone());
            known.or_insert_with(|| Throttled::register(agency.as_str())).count(refusal);
        } else {
            self.others.count(refusal);
        }
    }
}
