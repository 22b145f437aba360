//! Logs: one JSON object per line for machines, readable lines on a terminal, both on standard error.
//!
//! What is logged names agencies, key ids, booking ids, codes and durations. Keys, tokens, the pepper and
//! anything about passengers stay out: nothing in the program passes them to a log.
//!
//! The lines that tell of requests go another way than the rest: there is one for each, so they are handed to a thread
//! that writes many at once, and a reader who is too slow loses lines rather than slow the counter down.

use std::io::{self, BufWriter, IsTerminal as _, Stderr};

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::config::{Log, LogFormat};

/// The target of the lines that tell of requests.
const ACCESS: &str = "skybridge::access";

/// How many of these lines may wait to be written: some megabytes.
const LINES_MAX: usize = 16_384;

/// Logging, for as long as this is held. Dropped, it writes what waits.
pub(crate) struct Logs {
    _writer: WorkerGuard,
    dropped: ErrorCounter,
}

impl Logs {
    /// Counts lines that could not be written in time.
    pub(crate) fn dropped(&self) -> ErrorCounter {
        self.dropped.clone()
    }
}

/// Starts logging. Once per process.
pub(crate) fn start(log: &Log) -> anyhow::Result<Logs> {
    let events = EnvFilter::try_new(filter_of(&log.level))?.add_directive(format!("{ACCESS}=off").parse()?);
    let requests = if log.access { LevelFilter::INFO } else { LevelFilter::OFF };
    let (lines, writer): (NonBlocking, WorkerGuard) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(LINES_MAX)
        .thread_name("access-log")
        .finish(BufWriter::<Stderr>::new(io::stderr()));
    let dropped = lines.error_counter();
    let requests = Targets::new().with_target(ACCESS, requests);
    tracing_subscriber::registry()
        .with(vec![
            layer(log.format, io::stderr).with_filter(events).boxed(),
            layer(log.format, lines).with_filter(requests).boxed(),
        ])
        .try_init()?;
    // Only the place: a panic's message may quote the very text that it stumbled over.
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(place = panic.location().map(tracing::field::display), "panicked");
    }));
    Ok(Logs { _writer: writer, dropped })
}

/// Lines in `format`, for `writer`.
fn layer<W>(format: LogFormat, writer: W) -> Box<dyn Layer<Registry> + Send + Sync>
where
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let json = match format {
        LogFormat::Auto => !io::stderr().is_terminal(),
        LogFormat::Json => true,
        LogFormat::Pretty => false,
    };
    if json {
        lines.json().flatten_event(true).with_span_list(false).boxed()
    } else {
        lines.with_ansi(io::stderr().is_terminal()).boxed()
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
