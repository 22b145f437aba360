//! uvicorn with uvloop and httptools, as `uvicorn[standard]` brings them: the usual, and the fastest common, way to run
//! a service in Python.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::free_address;
use crate::bench::process::Process;
use crate::cargo;

/// What it consists of.
pub(super) const PACKAGES: [&str; 3] = ["uvicorn==0.54.0", "uvloop==0.23.0", "httptools==0.9.0"];

/// Starts `application` (`module:name`) of `folder` with a worker process per core.
pub(super) fn start(
    bin: &Path,
    folder: &Path,
    application: &str,
    variables: &[(&str, String)],
) -> Result<(Process, SocketAddr)> {
    let address = free_address()?;
    let workers = std::thread::available_parallelism().context("cannot count the processors")?;
    let mut command = Command::new(bin.join("python3"));
    command.args([
        "-m",
        "uvicorn",
        application,
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        "--no-access-log",
    ]);
    command.args(["--log-level", "warning", "--timeout-keep-alive", "600", "--backlog", "4096"]);
    command.args(["--host", &address.ip().to_string(), "--port", &address.port().to_string()]);
    command.args(["--workers", &workers.to_string()]).envs(variables.iter().cloned()).current_dir(folder);
    let process = Process::start(&mut command)?;
    process.accepts_at(address)?;
    Ok((process, address))
}

/// The versions of Python and of these packages, in half a line.
pub(super) fn versions(bin: &Path, packages: &[&str]) -> Result<String> {
    let ask = format!(
        "import platform; from importlib.metadata import version as v; \
         print('Python', platform.python_version() + ''.join(f', {{p}} {{v(p)}}' for p in {packages:?}))"
    );
    let told = cargo::output(Command::new(bin.join("python3")).args(["-c", &ask]))?;
    Ok(told.trim().to_owned())
}
