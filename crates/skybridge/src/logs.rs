//! Logs: one JSON object per line for machines, readable lines on a terminal, both on standard error.
//!
//! What is logged names agencies, key ids, booking ids, codes and durations. Keys, tokens, the pepper and
//! anything about passengers stay out: nothing in the program passes them to a log.
//!
//! Lines are handed to a thread that writes many at once: a reader who is too slow loses lines rather than slow the
//! counter down, or stop it. Those that tell of requests, of which there is one for each, are built without the ways of
//! a general formatter.

mod access;
mod lines;

use std::io::{self, IsTerminal as _};

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{Log, LogFormat};
use access::JsonLines;
use lines::LineWriter;
pub(crate) use lines::Lines;

/// The target of the lines that tell of requests.
const ACCESS: &str = "skybridge::access";

/// Logging, for as long as this is held. Dropped, it writes what waits.
pub(crate) struct Logs {
    _writer: LineWriter,
    lines: Lines,
}

impl Logs {
    /// The lines that tell of requests.
    pub(crate) fn lines(&self) -> Lines {
        self.lines.clone()
    }
}

/// Starts logging. Once per process.
pub(crate) fn start(log: &Log) -> anyhow::Result<Logs> {
    let events = EnvFilter::try_new(filter_of(&log.level))?.add_directive(format!("{ACCESS}=off").parse()?);
    let requests = if log.access { LevelFilter::INFO } else { LevelFilter::OFF };
    let (lines, writer) = Lines::written_to(io::stderr())?;
    let requests_layer =
        if is_json(log.format) { JsonLines(lines.clone()).boxed() } else { layer(log.format, lines.clone()) };
    tracing_subscriber::registry()
        .with(vec![
            layer(log.format, lines.clone()).with_filter(events).boxed(),
            requests_layer.with_filter(Targets::new().with_target(ACCESS, requests)).boxed(),
        ])
        .try_init()?;
    // Only the place: a panic's message may quote the very text that it stumbled over.
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(place = panic.location().map(tracing::field::display), "panicked");
    }));
    Ok(Logs { _writer: writer, lines })
}

/// Lines in `format`, for `writer`.
fn layer<W>(format: LogFormat, writer: W) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    if is_json(format) {
        lines.json().flatten_event(true).with_span_list(false).boxed()
    } else {
        lines.with_ansi(io::stderr().is_terminal()).boxed()
    }
}

fn is_json(format: LogFormat) -> bool {
    match format {
        LogFormat::Auto => !io::stderr().is_terminal(),
        LogFormat::Json => true,
        LogFormat::Pretty => false,
    }
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
