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
mod machine;
mod serve;
mod store;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
