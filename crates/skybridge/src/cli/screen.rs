//! `skybridge screen`: what passes, what was refused, what a profile would do, and who is excepted from what.

mod exceptions;
mod explain;
mod inputs;
mod refusals;
mod replay;
mod rules;
mod test;

use clap::Subcommand;

use super::failure::Failure;
use super::session::Session;

/// Screening: what passes, what was refused and why, what a profile would do
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Print what passes: methods, paths, sizes, and every field with its type, length and characters
    Explain,
    Rules(rules::Args),
    Test(test::Args),
    Replay(replay::Args),
    Refusals(refusals::Args),
    Except(exceptions::ExceptArgs),
    Unexcept(exceptions::UnexceptArgs),
    /// List what is not applied to agencies' texts, until when, and why
    Exceptions {
        /// Only of this agency
        agency: Option<String>,
    },
}

impl Command {
    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Explain => explain::run(session),
            Self::Rules(args) => args.run(session),
            Self::Test(args) => args.run(session),
            Self::Replay(args) => args.run(session),
            Self::Refusals(args) => args.run(session),
            Self::Except(args) => args.run(session),
            Self::Unexcept(args) => args.run(session),
            Self::Exceptions { agency } => exceptions::list(agency, session),
        }
    }
}
