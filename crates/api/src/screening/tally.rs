//! Counting what was found, by rule and mode. A counter is made when its rule is first met, so a rule that never fires
//! costs nothing; and there is a bound to how many are counted by name, however many a rule set brings.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use metrics::{Counter, counter, describe_counter};

use super::report::Report;

/// How many pairs of rule and mode are counted by name; what comes after them is counted under [`OTHERS`].
const RULES_MAX: usize = 1000;

/// No rule's name begins with a parenthesis.
const OTHERS: &str = "(others)";

/// The metrics of screening.
pub(super) struct Tally {
    hits: Mutex<HashMap<(String, &'static str), Counter>>,
    others: Counter,
    refused: Counter,
    counted: Counter,
    cards: Counter,
    overruns: Counter,
}

impl Tally {
    /// Registers with the recorder that is installed now.
    pub(super) fn register() -> Self {
        describe_counter!(
            "skybridge_screening_hits_total",
            "Texts in which a rule of screening met something, by rule and by the mode it had there (block or count)"
        );
        describe_counter!(
            "skybridge_screening_requests_total",
            "Requests with findings: refused, counted (only noted), card-data (refused for card numbers)"
        );
        describe_counter!(
            "skybridge_screening_overruns_total",
            "Requests whose texts cost more than the profile's budget"
        );
        let requests =
            |outcome: &'static str| counter!("skybridge_screening_requests_total", "outcome" => outcome);
        Self {
            hits: Mutex::default(),
            others: counter!("skybridge_screening_hits_total", "rule" => OTHERS, "mode" => "any"),
            refused: requests("refused"),
            counted: requests("counted"),
            cards: requests("card-data"),
            overruns: counter!("skybridge_screening_overruns_total"),
        }
    }

    /// Counts what was found in one request, which was refused for it or not.
    pub(super) fn count(&self, report: &Report, refused: bool) {
        if report.overrun {
            self.overruns.increment(1);
        }
        if report.findings.is_empty() {
            return;
        }
        if refused { &self.refused } else { &self.counted }.increment(1);
        let mut hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
        for finding in &report.findings {
            let name = (finding.rule.clone(), finding.mode);
            let known = hits.len();
            if let Some(counter) = hits.get(&name) {
                counter.increment(1);
            } else if known >= RULES_MAX {
                self.others.increment(1);
            } else {
                let rule = finding.rule.clone();
                let counter =
                    counter!("skybridge_screening_hits_total", "rule" => rule, "mode" => finding.mode);
                counter.increment(1);
                hits.insert(name, counter);
            }
        }
    }

    /// Counts a request that was refused for card data.
    pub(super) fn count_card(&self) {
        self.cards.increment(1);
    }
}
