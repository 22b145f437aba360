//! The real program on a data directory of its own: started plainly or in a guise that makes something fail.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd as _, RawFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use command_fds::{CommandFdExt as _, FdMapping};
use rustix::process::{Pid, Signal, kill_process};

use super::call::{Call, Line};
use super::journal::Answer;
use crate::bench::process::Process;

/// Opens the admin API of every program that is started here. It guards what lives for seconds, on loopback.
const ADMIN_TOKEN: &str = "faults-0123456789abcdef0123456789abcdef";

/// Where the first socket is that a supervisor hands over.
const FIRST_HANDED_OVER: RawFd = 3;

/// How long a program that was told to drain may take.
const DRAIN_MAX: Duration = Duration::from_secs(20);

/// A data directory, and what the program needs to be told to use it.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) program: PathBuf,
    pub(super) data: PathBuf,
    pub(super) variables: Vec<(String, String)>,
    /// More arguments of `serve`.
    pub(super) arguments: Vec<String>,
    /// The socket that it is handed to listen on for agencies, as systemd would; without one it takes a free port.
    pub(super) socket: Option<Arc<TcpListener>>,
}

/// How the program is run: the words before it, such as those of strace, and variables for it.
#[derive(Debug, Clone, Default)]
pub(super) struct Guise {
    pub(super) words: Vec<String>,
    pub(super) variables: Vec<(String, String)>,
}

/// A running program.
pub(super) struct Server {
    process: Process,
    pub(super) public: SocketAddr,
    pub(super) admin: SocketAddr,
}

impl Site {
    /// Over the embedded store in `data`.
    pub(super) fn embedded(program: &Path, data: PathBuf) -> Self {
        Self { program: program.to_owned(), data, variables: Vec::new(), arguments: Vec::new(), socket: None }
    }

    /// Where the embedded store keeps its database.
    pub(super) fn store(&self) -> PathBuf {
        self.data.join("store")
    }

    /// Starts `serve` as an operator would.
    pub(super) fn start(&self) -> Result<Server> {
        self.start_as(&Guise::default())
    }

    /// Starts `serve` in a guise; an error is a program that ended before it served.
    pub(super) fn start_as(&self, guise: &Guise) -> Result<Server> {
        let mut command = self.command(guise);
        command.args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
        if let Some(socket) = &self.socket {
            let socket =
                FdMapping { parent_fd: socket.as_fd().try_clone_to_owned()?, child_fd: FIRST_HANDED_OVER };
            command.env("LISTEN_FDS", "1").fd_mappings(vec![socket])?;
        }
        let process = Process::start(command.args(&self.arguments))?;
        let [public, admin] = process.addresses(["public", "admin"])?;
        Ok(Server { process, public, admin })
    }

    /// Runs a command of the program to its end.
    pub(super) fn run(&self, words: &[&str]) -> Result<Output> {
        self.command(&Guise::default()).args(words).output().context("the program does not start")
    }

    fn command(&self, guise: &Guise) -> Command {
        let mut words = guise.words.iter().map(PathBuf::from).chain([self.program.clone()]);
        let mut command = Command::new(words.next().expect("there is the program at least"));
        command.args(words).arg("--data").arg(&self.data);
        command.env("SKYBRIDGE_ADMIN_TOKEN", ADMIN_TOKEN).env("SKYBRIDGE_LOG_ACCESS", "off");
        let variables = self.variables.iter().chain(&guise.variables);
        command.envs(variables.map(|(name, value)| (name, value)));
        command
    }
}

impl Server {
    pub(super) fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Its resident memory, in bytes.
    pub(super) fn resident_bytes(&self) -> Result<u64> {
        self.process.resident_bytes()
    }

    /// Kills it (SIGKILL), and gives what it had logged.
    pub(super) fn kill(mut self) -> Result<String> {
        self.signal(Signal::KILL);
        ensure!(self.process.ended_within(DRAIN_MAX)?.is_some(), "a killed process did not end");
        self.process.whole_log()
    }

    /// Has it drain (SIGTERM), waits until it has ended, well, and gives what it had logged.
    pub(super) fn drain(mut self) -> Result<String> {
        self.signal(Signal::TERM);
        let ended = self.process.ended_within(DRAIN_MAX)?.context("the drain did not end")?;
        let log = self.process.whole_log()?;
        ensure!(ended.success(), "the drain ended with {ended}: {log}");
        Ok(log)
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        // It fails only if the process has ended already.
        let _ = kill_process(pid.expect("a process id is positive"), signal);
    }

    /// Asks the admin API. The body may be empty.
    pub(super) async fn ask(&self, method: &str, path: &str, body: &str) -> Result<Answer> {
        let call = Call {
            method,
            path,
            credential: &format!("Authorization: Bearer {ADMIN_TOKEN}"),
            key: None,
            body,
        };
        let answer = Line::to(self.admin).exchange(&call).await;
        answer.with_context(|| format!("no answer to {method} {path} of the admin API"))
    }

    /// The same, for what must succeed.
    pub(super) async fn order(&self, method: &str, path: &str, body: &str) -> Result<serde_json::Value> {
        let answer = self.ask(method, path, body).await?;
        let is_well = (200..300).contains(&answer.status);
        ensure!(is_well, "{method} {path} {body} was answered {}: {}", answer.status, answer.body);
        serde_json::from_str(&answer.body).with_context(|| format!("{method} {path} answered no JSON"))
    }

    /// Sets a plan without a limit of calls in flight.
    pub(super) async fn set_plan(&self, name: &str, rate: &str, burst: u32, quota: &str) -> Result<()> {
        let mut body = String::new();
        write!(body, r#"{{"rate":"{rate}","burst":{burst},"quota":"{quota}"}}"#)?;
        self.order("PUT", &format!("/admin/v1/plans/{name}"), &body).await.map(drop)
    }

    /// Makes an agency on a plan, and gives its key.
    pub(super) async fn create_agency(&self, name: &str, plan: &str) -> Result<String> {
        let body = format!(r#"{{"name":"{name}","plan":"{plan}"}}"#);
        self.order("POST", "/admin/v1/agencies", &body).await?;
        let created = self.order("POST", &format!("/admin/v1/agencies/{name}/keys"), "{}").await?;
        Ok(created["key"].as_str().context("the created key has no text")?.to_owned())
    }
}
