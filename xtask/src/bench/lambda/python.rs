//! The lesson's function, as Lambda's Python runtime runs it: its handler, `awslambdaric` and `boto3` from PyPI, in a
//! virtual environment under cargo's target directory.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::cargo;

/// The lesson's handler, letter for letter.
const HANDLER: &str = include_str!("handler.py");

/// What it runs on, at the versions that the figures are of. Lambda's own Python comes with both.
const PACKAGES: [&str; 2] = ["awslambdaric==4.2.2", "boto3==1.44.5"];

/// An installed Python with what the handler needs.
pub(super) struct Python {
    directory: PathBuf,
}

impl Python {
    /// Installs what is missing; the network is only asked the first time.
    pub(super) fn set_up(directory: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&directory)
            .with_context(|| format!("cannot make {}", directory.display()))?;
        std::fs::write(directory.join("handler.py"), HANDLER)?;
        let python = Self { directory };
        if !python.is_installed() {
            let venv = python.directory.join("venv");
            cargo::output(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv)).context(
                "the lesson's function needs python3 with venv; install it (Debian, Ubuntu: apt install python3-venv)",
            )?;
            let mut pip = Command::new(python.interpreter());
            cargo::output(pip.args(["-m", "pip", "install", "--quiet"]).args(PACKAGES))
                .context("awslambdaric and boto3 could not be installed from PyPI")?;
        }
        Ok(python)
    }

    fn is_installed(&self) -> bool {
        let mut check = Command::new(self.interpreter());
        check.args(["-c", "import awslambdaric, boto3"]).stdout(Stdio::null()).stderr(Stdio::null());
        check.status().is_ok_and(|status| status.success())
    }

    fn interpreter(&self) -> PathBuf {
        self.directory.join("venv/bin/python3")
    }

    /// What starts the function.
    pub(super) fn command(&self) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(self.interpreter());
        command.args(["-m", "awslambdaric", "handler.booking"]).current_dir(&self.directory);
        command.env("LAMBDA_TASK_ROOT", &self.directory);
        command
    }

    /// The versions of all that is measured.
    pub(super) fn versions(&self) -> Result<String> {
        const ASK: &str = "import platform; from importlib.metadata import version as v; \
                           print(f\"Python {platform.python_version()}, awslambdaric {v('awslambdaric')}, boto3 {v('boto3')}\")";
        let versions = cargo::output(Command::new(self.interpreter()).args(["-c", ASK]))?;
        Ok(versions.trim().to_owned())
    }
}

/// Where the environment is kept: beside what cargo builds.
pub(super) fn directory_beside(program: &Path) -> Result<PathBuf> {
    let builds = program.ancestors().nth(3).context("cargo put the program in an unexpected place")?;
    Ok(builds.join("lambda").join("lesson"))
}
