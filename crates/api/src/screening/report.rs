//! What was found in a request's texts, on its way from the operation to the log, the metrics and the operator.
//!
//! Holds rules, places and masked excerpts; never a text itself.

use std::sync::Arc;

use axum::response::Response;
use serde::Serialize;

use crate::problem::{Code, Refusal};

/// How many findings of one request are kept; more say nothing more.
pub(super) const FINDINGS_MAX: usize = 16;

/// How many rules stand in a line of the log.
const LABELS_MAX: usize = 8;

/// What was found in the texts of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    /// The findings, at most [`FINDINGS_MAX`], those that have it refused first.
    pub(crate) findings: Vec<Finding>,
    /// Did the texts cost more than they may?
    pub(crate) overrun: bool,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) rule: String,
    pub(crate) family: String,
    /// `block` or `count`: whether it can have a request refused.
    pub(crate) mode: &'static str,
    pub(crate) score: u8,
    pub(crate) field: &'static str,
    /// A JSON pointer, or the name of a header or query member.
    pub(crate) place: String,
    /// What was met, made unreadable but for its shape.
    pub(crate) excerpt: String,
}

impl Report {
    /// Where something was found, each place once.
    pub(crate) fn places(&self) -> String {
        let mut places: Vec<&str> = Vec::new();
        for finding in &self.findings {
            if !places.contains(&finding.place.as_str()) {
                places.push(&finding.place);
            }
        }
        places.join(",")
    }

    /// The rules, each once, as a line of the log has them.
    pub(crate) fn labels(&self) -> String {
        let mut labels: Vec<&str> = Vec::new();
        for finding in &self.findings {
            if labels.len() < LABELS_MAX && !labels.contains(&finding.rule.as_str()) {
                labels.push(&finding.rule);
            }
        }
        if self.overrun {
            labels.push("overrun");
        }
        labels.join(",")
    }
}

/// Puts `report` on an answer that the request gets all the same.
pub(crate) fn attach(answer: &mut Response, report: Option<Arc<Report>>) {
    if let Some(report) = report {
        answer.extensions_mut().insert(report);
    }
}

/// The report that came with an answer or a refusal, and the code of the refusal if screening was its reason.
pub(crate) fn of_outcome(outcome: &Result<Response, Refusal>) -> Option<(Arc<Report>, Option<Code>)> {
    match outcome {
        Ok(answer) => answer.extensions().get::<Arc<Report>>().map(|report| (Arc::clone(report), None)),
        Err(refusal) => refusal.report.as_ref().map(|report| (Arc::clone(report), Some(refusal.code))),
    }
}
