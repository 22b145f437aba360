//! Calling cargo, from the workspace's root.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// The workspace's root directory.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the root")
}

/// A command that runs in the workspace's root.
pub(crate) fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    // What cargo told us of ourselves: a build script that watches such variables would otherwise run anew, and what
    // depends on it be built again, each time that a build here follows one of the user's, and the other way round.
    let of_ourselves = |name: &String| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for name in std::env::vars().map(|(name, _)| name).filter(of_ourselves) {
        command.env_remove(name);
    }
    command
}

/// What a command writes to standard output, or an error with what it wrote to standard error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?} failed ({}): {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    String::from_utf8(output.stdout).with_context(|| format!("{command:?} wrote what is not UTF-8"))
}

/// Builds one package as `cargo build --release` does and tells where its executable `name` is.
///
/// One package at a time: building two in one call would unify their features, and the program measured would not
/// be the one that users build.
pub(crate) fn build_release(package: &str, name: &str) -> Result<PathBuf> {
    build(&["--release", "--package", package], Vec::new(), name)
}

/// Runs `cargo build` with these arguments and this environment, and tells where the executable `name` is.
pub(crate) fn build(arguments: &[&str], environment: Vec<(String, String)>, name: &str) -> Result<PathBuf> {
    run("build", arguments, environment, name)
}

/// The same for one executable of a package, with these options for the compiler of it and of nothing below it. Where
/// all is optimised in one piece at the end, that is enough.
pub(crate) fn build_with(
    options: &[&str],
    arguments: &[&str],
    environment: Vec<(String, String)>,
    name: &str,
) -> Result<PathBuf> {
    run("rustc", &[arguments, &["--bin", name, "--"], options].concat(), environment, name)
}

fn run(
    subcommand: &str,
    arguments: &[&str],
    environment: Vec<(String, String)>,
    name: &str,
) -> Result<PathBuf> {
    let mut command = command("cargo", &[subcommand, "--message-format", "json-render-diagnostics"]);
    let messages = output(command.args(arguments).envs(environment).stderr(Stdio::inherit()))?;
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Artifact>(line).ok())
        .filter(|artifact| artifact.target.name == name)
        .find_map(|artifact| artifact.executable)
        .with_context(|| format!("cargo built no executable {name} from {arguments:?}"))
}

/// The part of cargo's `compiler-artifact` message that is needed here.
#[derive(Deserialize)]
struct Artifact {
    target: Target,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}
