//! A `skybridge serve` of its own for a benchmark, and its agencies, made as an operator makes them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use skybridge_dynamodb_local::LocalDynamo;

use super::process::Process;
use crate::cargo;

/// The secret that keys are hashed under where programs share their tables.
pub(crate) const PEPPER: &str = "bench:5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e";

/// How long a server may take until it is ready.
const READY_MAX: Duration = Duration::from_secs(120);

/// A running server with a data directory of its own. The directory goes last.
pub(crate) struct Counter {
    process: Process,
    /// Its public listener.
    pub(crate) address: SocketAddr,
    /// Its admin listener.
    admin: SocketAddr,
    settings: Settings,
    _directory: tempfile::TempDir,
}

/// What it is started with, each time.
struct Settings {
    program: PathBuf,
    data: PathBuf,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

impl Counter {
    /// Starts `program` over an empty store of this kind, configured as users find it.
    pub(crate) fn start(program: &Path, store: &str) -> Result<Self> {
        Self::start_with(program, store, &[])
    }

    /// The same, with these variables of the configuration set.
    pub(crate) fn start_with(program: &Path, store: &str, variables: &[(&str, &str)]) -> Result<Self> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self::start_as(program, &["--store", store], variables.iter().map(own).collect())
    }

    /// Starts `program` over this DynamoDB; tables that are missing are made.
    pub(crate) fn start_over(program: &Path, dynamo: &LocalDynamo) -> Result<Self> {
        let pepper = ("SKYBRIDGE_PEPPER".to_owned(), PEPPER.to_owned());
        let variables = access(dynamo).map(|(name, value)| (name.to_owned(), value));
        let variables = variables.into_iter().chain([pepper]).collect();
        Self::start_as(program, &["--store", "dynamodb", "--create-tables"], variables)
    }

    fn start_as(program: &Path, arguments: &[&str], variables: Vec<(String, String)>) -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("skybridge-bench-").tempdir()?;
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let data = directory.path().join("data");
        let settings = Settings { program: program.to_owned(), data, arguments, variables };
        let (process, [address, admin]) = settings.serve()?;
        Ok(Self { process, address, admin, settings, _directory: directory })
    }

    /// Kills the server (SIGKILL) and starts it again on the data that it leaves. Gives the time from its start until
    /// it told that it was ready.
    pub(crate) fn kill_and_reopen(&mut self) -> Result<Duration> {
        self.process.kill();
        let begun = Instant::now();
        let (process, [address, admin]) = self.settings.serve()?;
        (self.process, self.address, self.admin) = (process, address, admin);
        let ready = format!("http://{address}/readyz");
        while ureq::get(&ready).call().is_err() {
            ensure!(begun.elapsed() < READY_MAX, "the server was not ready within {READY_MAX:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(begun.elapsed())
    }

    /// What a metric of the server stands at; 0 if nothing was counted yet.
    pub(crate) fn metric(&self, name: &str) -> Result<f64> {
        let mut answer = ureq::get(format!("http://{}/metrics", self.admin)).call()?;
        let text = answer.body_mut().read_to_string()?;
        let figure = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        figure.map_or(Ok(0.0), |figure| figure.trim().parse().with_context(|| format!("{name} is {figure}")))
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
        cargo::output(self.settings.command().args(words.split(' ')).arg("--json"))
    }
}

impl Settings {
    /// The program, told which data it is about.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--data").arg(&self.data).envs(self.variables.iter().cloned());
        command
    }

    /// Starts the server, and waits until it takes requests. Both addresses are waited for: the command line is a
    /// client of the admin listener.
    fn serve(&self) -> Result<(Process, [SocketAddr; 2])> {
        let mut command = self.command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
        let process = Process::start(command.args(&self.arguments))?;
        let addresses = process.addresses(["public", "admin"])?;
        Ok((process, addresses))
    }
}

/// What a program needs to know to reach the tables there.
pub(crate) fn access(dynamo: &LocalDynamo) -> [(&'static str, String); 4] {
    [
        ("AWS_ENDPOINT_URL", dynamo.endpoint()),
        ("AWS_REGION", "us-east-2".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
    ]
}

#[derive(Deserialize)]
struct CreatedKey {
    key: String,
}
