//! The command line: one module per noun, each with its arguments and its own `run`.
//!
//! All commands but `serve`, `config`, `doctor`, `openapi`, `restore`, `key check` and some of `screen` are clients of the admin API of a
//! running server. Exit codes: 0 done; 1 refused, failed, or something is wrong with what was checked; 2 the
//! command or the configuration makes no sense, or there is no server to ask.

mod address;
mod agency;
mod audit;
mod backup;
mod booking;
mod client;
mod config;
mod doctor;
mod failure;
mod fields;
mod key;
mod openapi;
mod output;
mod plan;
mod screen;
mod serve;
mod session;
mod signing_key;
mod table;
mod usage;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;
use session::Session;

/// The booking counter for partner agencies: it knows each agency, paces each agency, and records each booking
/// durably and exactly once.
#[derive(Debug, Parser)]
#[command(name = "skybridge", version, propagate_version = true, after_help = FIRST_STEPS)]
#[command(max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const FIRST_STEPS: &str = "\
First steps:
  skybridge serve --demo                              start with an agency to try things with
  skybridge plan set basic --rate 10 --burst 20       say how fast agencies may call
  skybridge agency create PartnerCo --plan basic      let an agency in
  skybridge key create PartnerCo                      give it its key

Exit codes: 0 done; 1 refused or failed; 2 the command makes no sense, or no server answers.";

/// Options that every command takes, before or after its words.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
struct Global {
    /// The data directory, where the server keeps its store and its secrets [default: ./skybridge-data]
    /// [env: SKYBRIDGE_DATA]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,

    /// A configuration file, laid over the built-in defaults [env: SKYBRIDGE_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    /// The admin address of the server to talk to, instead of the one that runs on the data directory
    /// [env: SKYBRIDGE_SERVER; its token: SKYBRIDGE_ADMIN_TOKEN]
    #[arg(long, global = true, value_name = "URL")]
    server: Option<String>,

    /// Print JSON for machines; refusals come as JSON on standard error
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    #[command(subcommand)]
    Plan(plan::Command),
    #[command(subcommand)]
    Agency(agency::Command),
    #[command(subcommand)]
    Key(key::Command),
    #[command(subcommand)]
    SigningKey(signing_key::Command),
    #[command(subcommand)]
    Address(address::Command),
    #[command(subcommand)]
    Booking(booking::Command),
    Usage(usage::Args),
    #[command(subcommand)]
    Screen(screen::Command),
    Audit(audit::Args),
    #[command(subcommand)]
    Config(config::Command),
    Doctor(doctor::Args),
    Openapi(openapi::Args),
    Backup(backup::BackupArgs),
    Restore(backup::RestoreArgs),
    Verify(verify::Args),
}

impl Command {
    fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Serve(args) => args.run(session),
            Self::Plan(command) => command.run(session),
            Self::Agency(command) => command.run(session),
            Self::Key(command) => command.run(session),
            Self::SigningKey(command) => command.run(session),
            Self::Address(command) => command.run(session),
            Self::Booking(command) => command.run(session),
            Self::Usage(args) => args.run(session),
            Self::Screen(command) => command.run(session),
            Self::Audit(args) => args.run(session),
            Self::Config(command) => command.run(session),
            Self::Doctor(args) => args.run(session),
            Self::Openapi(args) => args.run(session),
            Self::Backup(args) => args.run(session),
            Self::Restore(args) => args.run(session),
            Self::Verify(args) => args.run(session),
        }
    }
}

/// Reads the command line, does what it says, and tells how it went.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    let session = Session::new(cli.global);
    match cli.command.run(&session) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(session.wants_json()),
    }
}
