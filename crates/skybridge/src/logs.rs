//! Logs: one JSON object per line for machines, readable lines on a terminal, both on standard error.
//!
//! What is logged names agencies, key ids, booking ids, codes and durations. Keys, tokens, the pepper and
//! anything about passengers stay out: nothing in the program passes them to a log.

use std::io::{self, IsTerminal as _};

use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Log, LogFormat};

/// Starts logging. Once per process.
pub(crate) fn start(log: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter_of(&log.level))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let json = match log.format {
        LogFormat::Auto => !io::stderr().is_terminal(),
        LogFormat::Json => true,
        LogFormat::Pretty => false,
    };
    if json {
        lines.json().flatten_event(true).finish().try_init()?;
    } else {
        lines.with_ansi(io::stderr().is_terminal()).finish().try_init()?;
    }
    // Only the place: a panic's message may quote the very text that it stumbled over.
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(place = panic.location().map(tracing::field::display), "panicked");
    }));
    Ok(())
}

/// A bare level is meant for this program: of the libraries under it, only warnings are of interest.
fn filter_of(level: &str) -> String {
    match level.parse::<Level>() {
        Ok(level) => format!("warn,skybridge={level}"),
        Err(_) => level.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_level_is_meant_for_this_program() {
        assert_eq!(filter_of("info"), "warn,skybridge=INFO");
        assert_eq!(filter_of("info,fjall=debug"), "info,fjall=debug");
        assert!(EnvFilter::try_new(filter_of("trace")).is_ok());
    }
}
