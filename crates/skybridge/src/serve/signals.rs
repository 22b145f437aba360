//! SIGTERM and SIGINT: the first one drains, the second one ends the process at once.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::logs::Lines;

/// What a shell reports for a process that SIGINT ended.
const EXIT_INTERRUPTED: i32 = 130;

/// Both signals, from the moment they are watched.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Watches both; their default effect, to end the process, is off from here on.
    pub(super) fn watch() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next of either, and gives its name.
    pub(super) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// From here on the next signal ends the process at once, when its line is in the log that `lines` go to.
    pub(super) fn end_at_next(mut self, lines: Lines) {
        tokio::spawn(async move {
            let name = self.next().await;
            tracing::warn!(signal = name, "a second signal: ending without waiting");
            lines.end();
            std::process::exit(EXIT_INTERRUPTED);
        });
    }
}
