//! The linters of `deploy/aws/requirements.txt`, as far as this machine has them.
//!
//! cfn-lint is installed if it is missing (seconds, below `target`); sam and checkov are run where they are, since
//! each takes a minute to install. Every tool has a virtual environment of its own: their pins disagree.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::super::{Outcome, passes};
use super::FOLDER;
use super::document::text;
use crate::cargo;

const TEMPLATES: [&str; 3] =
    ["deploy/aws/tables.yaml", "deploy/aws/http-api.yaml", "deploy/aws/rest-api.yaml"];
/// Where the tools are, seen from the root.
const TOOLS: &str = "target/deploy-tools";

/// Lints the templates with what there is.
pub(super) fn run() -> Result<Outcome> {
    let requirements = text(&format!("{FOLDER}/requirements.txt"))?;
    if let Some(checkov) = installed("checkov", "checkov").or_else(|| on_path("checkov")) {
        let arguments = ["--directory", FOLDER, "--framework", "cloudformation"];
        passes(command(&checkov).args(arguments).args(["--compact", "--quiet", "--skip-download"]))?;
    }
    if let Some(sam) = installed("aws-sam-cli", "sam").or_else(|| on_path("sam")) {
        for template in TEMPLATES {
            let arguments = ["validate", "--lint", "--region", "us-east-2", "--template-file", template];
            passes(command(&sam).args(arguments).env("SAM_CLI_TELEMETRY", "0"))?;
        }
    }
    // The pinned one first, so that the gate gives the same verdict on the same commit.
    let pinned = pinned("cfn-lint", &requirements)?;
    match installed_as(pinned).or_else(|| install(pinned)).or_else(|| on_path("cfn-lint")) {
        Some(lint) => passes(command(&lint).args(TEMPLATES)),
        None => Ok(Outcome::Missing {
            tool: "cfn-lint",
            install: "python3 -m venv and pip could not bring it: pip install -r deploy/aws/requirements.txt",
        }),
    }
}

/// The line of `package`, such as `cfn-lint==1.58.0`: the two halves are the package and its version.
fn pinned<'r>(package: &str, requirements: &'r str) -> Result<(&'r str, &'r str)> {
    let mut lines = requirements.lines().filter_map(|line| line.split_once("=="));
    lines
        .find(|(name, _)| *name == package)
        .with_context(|| format!("the requirements do not name {package}"))
}

/// The program of `package`, if it was installed below [`TOOLS`].
fn installed(package: &str, program: &str) -> Option<PathBuf> {
    Some(bin(package).join(program)).filter(|path| path.exists())
}

/// The program named like its package, if just this version was installed.
fn installed_as((package, version): (&str, &str)) -> Option<PathBuf> {
    let answer = |path: &PathBuf| cargo::output(command(path).arg("--version"));
    installed(package, package).filter(|path| answer(path).is_ok_and(|answer| answer.contains(version)))
}

fn on_path(program: &str) -> Option<PathBuf> {
    let works = |path: &PathBuf| cargo::output(command(path).arg("--version")).is_ok();
    Some(PathBuf::from(program)).filter(works)
}

/// Installs a version; `None` without Python, pip or a network.
fn install(pinned: (&str, &str)) -> Option<PathBuf> {
    let installed = try_install(pinned);
    installed.inspect_err(|error| println!("{} is not installed: {error:#}", pinned.0)).ok()
}

fn try_install((package, version): (&str, &str)) -> Result<PathBuf> {
    let folder = format!("{TOOLS}/{package}");
    cargo::output(&mut cargo::command("python3", &["-m", "venv", "--clear", &folder]))?;
    let requirement = format!("{package}=={version}");
    cargo::output(command(&bin(package).join("pip")).args(["install", "--quiet", &requirement]))?;
    installed_as((package, version)).context("it does not start")
}

fn bin(package: &str) -> PathBuf {
    cargo::root().join(TOOLS).join(package).join("bin")
}

fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(cargo::root());
    command
}
