//! Programs from PyPI, each in a virtual environment of its own below `target`, at a pinned version.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::cargo;

/// Where the environments are, seen from the root.
const FOLDER: &str = "target/python";

/// Brings `program` of `package` at `version` (`awscli`, `1.46.0`, `aws`), installing it the first time.
///
/// # Errors
/// Without Python, its module venv, or a package index; the text says what to install.
pub(crate) fn program(package: &str, version: &str, program: &str) -> Result<PathBuf> {
    let folder = format!("{FOLDER}/{package}-{version}");
    let bin = cargo::root().join(&folder).join("bin");
    let path = bin.join(program);
    // Written last, so that an installation that broke off is not taken for one.
    let done = cargo::root().join(&folder).join("installed");
    if !done.exists() {
        println!("installing {package} {version} below target");
        let missing = || {
            format!(
                "{package} {version} is needed from PyPI: python3 with venv and pip must be there (Debian: apt install \
                 python3-venv), and a package index must be reachable"
            )
        };
        cargo::output(&mut cargo::command("python3", &["-m", "venv", "--clear", &folder]))
            .with_context(missing)?;
        let pip = bin.join("pip");
        let requirement = format!("{package}=={version}");
        let pip = pip.to_str().context("the workspace's path is not UTF-8")?;
        cargo::output(&mut cargo::command(
            pip,
            &["install", "--quiet", "--disable-pip-version-check", &requirement],
        ))
        .with_context(missing)?;
        std::fs::write(&done, "")?;
    }
    Ok(path)
}
