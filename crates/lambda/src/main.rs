//! `bootstrap`: the public router as a Lambda function, behind API Gateway (HTTP and REST APIs) or a function URL.
//!
//! The order of a start: settings, store, counter, then the first event. Whatever fails before that is told to
//! Lambda in one sentence. From then on Lambda hands over one event at a time and freezes the process in between, so
//! nothing here relies on time passing or on tasks in the background: the clock is read for each request, what other
//! processes changed is asked for before each, and a connection that died meanwhile is the store's to replace.
//!
//! A crate apart from the server's, so that neither binary carries what the other alone needs.

#![forbid(unsafe_code)]

mod answer;
mod event;
mod function;
mod init;
mod logs;
mod request;
mod settings;

use std::process::ExitCode;

/// As in the server; and on musl, which the function is linked with, the system's allocator is several times slower.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // One event at a time, and it waits for the store most of that: a second thread would cost start and memory.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let served = runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(init::serve()));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "ended");
            ExitCode::FAILURE
        }
    }
}
