//! The checks of screening: does the profile read, do the rules catch what they must, is anything sampled?

use skybridge_api::screening::{Signatures, described};
use skybridge_screen::CrsReport;

use super::checks::Finding;
use crate::cli::fields::Fields as _;
use crate::config::Config;
use crate::screening;

/// What there is to say about screening.
pub(super) fn findings(config: &Config) -> Vec<Finding> {
    let what = "screening";
    let settings = &config.screening;
    let mut findings = Vec::new();
    match screening::load(settings) {
        Err(error) => findings.push(Finding::fail(what, format!("{error:#}"))),
        Ok(_) if settings.signatures == Signatures::Off => {
            findings.push(Finding::warn(what, "texts are not looked at: screening.signatures is off"));
        }
        Ok(loaded) => {
            let mode = settings.signatures.name();
            let profile = settings
                .profile
                .as_ref()
                .map_or("the built-in profile".to_owned(), |path| path.display().to_string());
            let told = format!("{mode}, by {profile}; {}", rules(&described(&loaded.screen, None)));
            findings.push(Finding::ok(what, told));
            findings.extend(loaded.rule_set.as_ref().map(rule_set));
        }
    }
    if let Some(samples) = &settings.samples {
        let path = samples.path.display();
        findings.push(Finding::warn(
            "samples",
            format!("texts of requests, passengers' data, are written to {path}"),
        ));
    }
    findings
}

fn rules(described: &serde_json::Value) -> String {
    format!("rules: {}, each family catches its canary", described.list("rules").len())
}

/// Rules that were expected and are not applied are worth a warning, whatever the reason.
fn rule_set(report: &CrsReport) -> Finding {
    let told = report.to_string();
    let first = told.lines().next().unwrap_or_default();
    let told = format!("{first}; `skybridge screen rules` lists each with its reason");
    if report.not_honoured.is_empty() && report.unreadable.is_empty() && report.missing_files.is_empty() {
        Finding::ok("rule set", told)
    } else {
        Finding::warn("rule set", told)
    }
}
