//! Programs and packages from PyPI, at pinned versions, in virtual environments below `target`.

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
    let bin = environment(&format!("{package}-{version}"), &[&format!("{package}=={version}")])?;
    Ok(bin.join(program))
}

/// Brings an environment with these packages (`boto3==1.44.5`), and tells where its executables are. They are
/// installed the first time, and again when others are asked for under the same name.
///
/// # Errors
/// As of [`program`].
pub(crate) fn environment(name: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = cargo::root().join(FOLDER).join(name);
    let bin = folder.join("bin");
    // Written last, so that an installation that broke off is not taken for one.
    let done = folder.join("installed");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&done).is_ok_and(|installed| installed == wanted) {
        return Ok(bin);
    }
    println!("installing {} below target", packages.join(", "));
    let missing = || {
        format!(
            "{} from PyPI: python3 with venv and pip must be there (Debian: apt install python3-venv), and a package index \
             must be reachable",
            packages.join(", ")
        )
    };
    let path = folder.to_str().context("the workspace's path is not UTF-8")?;
    cargo::output(&mut cargo::command("python3", &["-m", "venv", "--clear", path])).with_context(missing)?;
    let python = format!("{path}/bin/python3");
    let mut install =
        cargo::command(&python, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    cargo::output(install.args(packages)).with_context(missing)?;
    std::fs::write(&done, wanted)?;
    Ok(bin)
}
