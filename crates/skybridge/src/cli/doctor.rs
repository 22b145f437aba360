//! `skybridge doctor`: is this a healthy installation, and if not, what to do.

mod checks;
mod screening;

use serde_json::json;

use super::failure::Failure;
use super::session::Session;
use crate::config::{Config, Options};
use checks::Finding;

/// Check the installation: configuration, data directory, server, store, clock and limits
///
/// Each line is ok, warn or fail and says what to do. Exit code 1 if anything fails.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

impl Args {
    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        let findings = examine(session);
        let sound = findings.iter().all(|finding| finding.grade != Grade::Fail);
        let answer =
            json!({ "ok": sound, "checks": findings.iter().map(Finding::as_json).collect::<Vec<_>>() });
        session.show(&answer, |_| {
            let lines: Vec<String> = findings.iter().map(Finding::as_text).collect();
            lines.join("\n")
        })?;
        if sound { Ok(()) } else { Err(Failure::Told) }
    }
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grade {
    Ok,
    Warn,
    Fail,
}

impl Grade {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// All checks that make sense, in the order in which one depends on the other.
fn examine(session: &Session) -> Vec<Finding> {
    let config = session.layers(Options::new()).and_then(|layers| Ok(Config::read(&layers)?));
    let config = match config {
        Ok(config) => config,
        Err(failure) => return vec![checks::configuration_is_wrong(&failure)],
    };
    let mut findings = vec![checks::configuration()];
    findings.extend(checks::data_directory(&config));
    findings.push(checks::clock(&config));
    findings.push(checks::open_files(&config));
    findings.extend(checks::certificate(&config));
    findings.extend(screening::findings(&config));
    findings.extend(checks::address_files(&config));
    findings.extend(checks::server(session, &config));
    findings
}
