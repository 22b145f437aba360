//! The lesson's function, as Lambda's Python runtime runs it: its handler, `awslambdaric` and `boto3` from PyPI, in a
//! virtual environment below `target`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{cargo, python};

/// The lesson's handler, letter for letter.
pub(in crate::bench) const HANDLER: &str = include_str!("handler.py");

/// The client that it writes with, at the version that the figures are of. Lambda's own Python comes with both packages.
pub(in crate::bench) const BOTO3: &str = "boto3==1.44.5";

/// An installed Python with what the handler needs.
pub(super) struct Python {
    bin: PathBuf,
    /// Holds the handler.
    directory: tempfile::TempDir,
}

impl Python {
    /// Installs what is missing; the network is only asked the first time.
    pub(super) fn set_up() -> Result<Self> {
        let bin = python::environment("lesson-lambda", &["awslambdaric==4.2.2", BOTO3])
            .context("the lesson's function cannot be measured")?;
        let directory = tempfile::Builder::new().prefix("skybridge-bench-").tempdir()?;
        std::fs::write(directory.path().join("handler.py"), HANDLER)?;
        Ok(Self { bin, directory })
    }

    /// What starts the function.
    pub(super) fn command(&self) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(self.bin.join("python3"));
        command.args(["-m", "awslambdaric", "handler.booking"]).current_dir(self.directory.path());
        command.env("LAMBDA_TASK_ROOT", self.directory.path());
        command
    }

    /// The versions of all that is measured.
    pub(super) fn versions(&self) -> Result<String> {
        const ASK: &str = "import platform; from importlib.metadata import version as v; \
                           print(f\"Python {platform.python_version()}, awslambdaric {v('awslambdaric')}, boto3 {v('boto3')}\")";
        let versions = cargo::output(Command::new(self.bin.join("python3")).args(["-c", ASK]))?;
        Ok(versions.trim().to_owned())
    }
}
