//! `skybridge`: the booking counter for partner agencies, as one program.
//!
//! This crate wires the rooms together and is the only one that reads the environment, files and the clock, or
//! names a store. [`cli`] is the command line, [`serve`] the server, [`config`] the layers of configuration,
//! [`data_dir`] what a server keeps on disk beside its store.

mod cli;
mod config;
mod data_dir;
mod duration;
mod logs;
mod screening;
mod serve;
mod store;

use std::process::ExitCode;

/// A request allocates and frees about a hundred small pieces, on another thread than the store's writer; the system's
/// allocator asks the kernel for pages while it does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
