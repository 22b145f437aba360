//! `bootstrap`: the program that Lambda starts. What it does stands in the library beside it.

#![forbid(unsafe_code)]

use std::process::ExitCode;

/// As in the server; and on musl, which the function is linked with, the system's allocator is several times slower.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // One event at a time, and it waits for the store most of that: a second thread would cost start and memory.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let served =
        runtime.map_err(anyhow::Error::from).and_then(|runtime| runtime.block_on(skybridge_lambda::serve()));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "ended");
            ExitCode::FAILURE
        }
    }
}
