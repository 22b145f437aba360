//! Logs: one JSON object a line on standard error, which Lambda keeps in CloudWatch. What a line may hold is as in
//! the server: agencies, key ids, booking ids, codes and durations; no keys, and nothing about passengers.

use std::io;

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging. Once per process.
pub(crate) fn start(filter: Targets) {
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_writer(io::stderr);
    tracing_subscriber::registry().with(lines).with(filter).init();
    // Only the place: a panic's message may quote the very text that it stumbled over.
    std::panic::set_hook(Box::new(|panic| {
        tracing::error!(place = panic.location().map(tracing::field::display), "panicked");
    }));
}

/// A bare level is meant for this program: of the libraries under it, only warnings are of interest. Anything else is
/// taken as directives, `info,skybridge=debug`.
pub(crate) fn filter_of(text: &str) -> Option<Targets> {
    if let Ok(level) = text.parse::<Level>() {
        let ours = ["bootstrap", "skybridge"].map(|target| (target, level));
        let all = Targets::new().with_default(LevelFilter::WARN).with_targets(ours);
        // API Gateway tells of requests in its own access log; twice would only cost twice.
        return Some(all.with_target("skybridge::access", LevelFilter::OFF));
    }
    // A word that is no level would pass for the name of a target, and be of no use to anybody.
    if text.contains('=') { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_level_is_meant_for_this_program() {
        let filter = filter_of("debug").unwrap();
        assert!(filter.would_enable("skybridge_api::pipeline", &Level::DEBUG));
        assert!(filter.would_enable("bootstrap::function", &Level::DEBUG));
        assert!(!filter.would_enable("hyper::client", &Level::INFO));
        assert!(!filter.would_enable("skybridge::access", &Level::INFO));
        let filter = filter_of("info,hyper=trace").unwrap();
        assert!(filter.would_enable("hyper::client", &Level::TRACE));
        assert!(filter_of("loud").is_none());
    }
}
