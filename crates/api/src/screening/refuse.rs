//! What a caller is told whose text was not taken.
//!
//! It names the fields, so that an honest caller knows where to look, and never the rule or the pattern: that would be
//! a lesson in how to write the next attempt. The operator sees both, under the request's id.

use std::sync::Arc;

use skybridge_domain::fault::{Fault, FaultKind};
use skybridge_screen::{CardFinding, Text};

use super::report::{FINDINGS_MAX, Finding, Report};
use crate::problem::{Code, Refusal};

/// A request in whose texts card data was found, if there was any. Nothing of it is repeated.
pub(super) fn cards<'a>(found: impl Iterator<Item = (Text<'a>, CardFinding)>) -> Option<Refusal> {
    let mut faults = Vec::new();
    let mut findings = Vec::new();
    let mut elsewhere = None;
    for (text, finding) in found {
        let (rule, detail) = match finding {
            CardFinding::Number(_) => ("card-number", "must not hold a card number"),
            CardFinding::SecurityCode => ("card-security-code", "must not hold a card's security code"),
        };
        let place = text.pointer.to_string();
        if place.starts_with('/') {
            faults.push(fault(&place, detail));
        } else {
            elsewhere = Some(format!("{} {detail}.", name_of(&place)));
        }
        if findings.len() < FINDINGS_MAX {
            findings.push(Finding {
                rule: rule.to_owned(),
                family: "card-data".to_owned(),
                mode: "block",
                score: 0,
                field: text.field.as_str(),
                place,
                excerpt: String::new(),
            });
        }
    }
    if findings.is_empty() {
        return None;
    }
    let mut refusal = Refusal::of_faults(Code::CardData, faults);
    if let Some(elsewhere) = elsewhere {
        refusal.detail = if refusal.errors.is_empty() {
            elsewhere.into()
        } else {
            format!("{} {elsewhere}", refusal.detail).into()
        };
    }
    refusal.report = Some(Arc::new(Report { findings, overrun: false }));
    Some(refusal)
}

/// A request whose texts look like an attack, or cost more to look at than they may: looking stops at the first text that
/// is to be refused, so a budget that ended says that none was found before.
pub(super) fn screened(report: Arc<Report>, advice: &str) -> Refusal {
    let refusal = if report.overrun { overrun() } else { attack(&report, advice) };
    Refusal { report: Some(report), ..refusal }
}

fn attack(report: &Report, advice: &str) -> Refusal {
    let mut places: Vec<&str> = Vec::new();
    for finding in report.findings.iter().filter(|finding| finding.mode == "block") {
        if !places.contains(&finding.place.as_str()) {
            places.push(&finding.place);
        }
    }
    let named = places.iter().map(|place| name_of(place)).collect::<Vec<_>>().join(", ");
    let detail =
        format!("What stands in {named} looks like an attack on a computer, and was not taken. {advice}");
    let in_body = places.iter().filter(|place| place.starts_with('/'));
    let errors = in_body.map(|place| fault(place, "was not taken by the screening of texts")).collect();
    Refusal { errors, ..Refusal::new(Code::Screened, detail) }
}

/// Not the caller's doing, in nearly all cases: a machine that is starved. So it is told to come again.
fn overrun() -> Refusal {
    let detail = "The texts of the request could not be looked through in the time that there is. Nothing was done; send \
                  the request again.";
    Refusal::new(Code::Overloaded, detail).retry_after(1)
}

fn fault(pointer: &str, detail: &str) -> Fault {
    Fault { pointer: pointer.to_owned(), kind: FaultKind::Invalid, detail: detail.to_owned() }
}

/// A place as a sentence names it.
fn name_of(place: &str) -> String {
    match place {
        body if body.starts_with('/') => body.to_owned(),
        "Idempotency-Key" => "the header Idempotency-Key".to_owned(),
        member => format!("the query's {member}"),
    }
}
