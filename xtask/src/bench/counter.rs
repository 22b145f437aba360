//! A `skybridge serve` of its own for a benchmark, and its agencies, made as an operator makes them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::process::Process;
use crate::cargo;

/// A running server with a data directory of its own. The directory goes last.
pub(crate) struct Counter {
    process: Process,
    /// Its public listener.
    pub(crate) address: SocketAddr,
    program: PathBuf,
    data: PathBuf,
    _directory: tempfile::TempDir,
}

impl Counter {
    /// Starts `program` over an empty store of this kind, configured as users find it.
    pub(crate) fn start(program: &Path, store: &str) -> Result<Self> {
        Self::start_with(program, store, &[])
    }

    /// The same, with these variables of the configuration set.
    pub(crate) fn start_with(program: &Path, store: &str, variables: &[(&str, &str)]) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("skybridge-bench-").tempdir()?;
        let data = directory.path().join("data");
        let mut command = Command::new(program);
        command.args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
        command.envs(variables.iter().copied());
        let process = Process::start(command.args(["--store", store, "--data"]).arg(&data))?;
        // The admin listener's is waited for because the command line is its client.
        let [address, _admin] = process.addresses(["public", "admin"])?;
        Ok(Self { process, address, program: program.to_owned(), data, _directory: directory })
    }

    /// The server's process.
    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    /// Sets the plan `name`.
    pub(crate) fn set_plan(&self, name: &str, rate: u32, burst: u32) -> Result<()> {
        self.call(&format!("plan set {name} --rate {rate} --burst {burst}")).map(drop)
    }

    /// Makes an agency on a plan, and a key for it.
    pub(crate) fn create_agency(&self, name: &str, plan: &str) -> Result<String> {
        self.call(&format!("agency create {name} --plan {plan}"))?;
        let answer = self.call(&format!("key create {name}"))?;
        let created: CreatedKey =
            serde_json::from_str(&answer).with_context(|| format!("`key create` printed {answer}"))?;
        Ok(created.key)
    }

    fn call(&self, words: &str) -> Result<String> {
        let mut command = Command::new(&self.program);
        cargo::output(command.args(words.split(' ')).args(["--json", "--data"]).arg(&self.data))
    }
}

#[derive(Deserialize)]
struct CreatedKey {
    key: String,
}
