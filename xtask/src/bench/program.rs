//! Which build of ours is measured.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::cargo;

/// The server's executable: of this working copy, built as users build it, or another one.
#[derive(Args)]
pub(super) struct Program {
    /// Measure this executable of the server instead of building one: an earlier build, or the same for many benchmarks.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

impl Program {
    /// Where it is, built if need be.
    pub(super) fn path(&self) -> Result<PathBuf> {
        match &self.program {
            Some(program) => Ok(std::path::absolute(program)?),
            None => cargo::build_release("skybridge", "skybridge"),
        }
    }

    /// Sentences for the report: the commit beside the figures may not be that of another executable.
    pub(super) fn notes(&self) -> Option<String> {
        self.program.as_ref().map(|_| "program   given by --program, of whatever commit it is".to_owned())
    }
}
