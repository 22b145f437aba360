//! The binary itself: started on ports that the system picks, with its data in a directory of its own, and killed
//! without mercy.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::Answer;
use super::signer::{Draft, Signer};

/// A running server.
pub(crate) struct Program {
    process: Child,
    /// Kept open: a server whose standard output is closed would be another case.
    stdout: BufReader<ChildStdout>,
    /// Its public address, `http://127.0.0.1:PORT`.
    pub(crate) public: String,
    /// Its admin address.
    pub(crate) admin: String,
}

impl Program {
    /// Starts `skybridge serve` on the data directory `data`, and waits until it has printed its addresses.
    pub(crate) fn serve(data: &Path, more: &[&str]) -> Self {
        Self::start(skybridge(data), more)
    }

    /// Starts `serve` of a program that was told the rest.
    pub(crate) fn start(program: Command, more: &[&str]) -> Self {
        Self::start_logging(program, more, Stdio::null())
    }

    /// The same, with its log sent to `log`.
    pub(crate) fn start_logging(mut program: Command, more: &[&str], log: Stdio) -> Self {
        let mut process = program
            .arg("serve")
            .args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the binary starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("standard output is piped"));
        let mut address_of = |listener: &str| {
            let line = line_of(&mut stdout);
            let address = line.strip_prefix(listener).and_then(|rest| rest.strip_prefix(' '));
            address.unwrap_or_else(|| panic!("instead of the {listener} address: {line:?}")).to_owned()
        };
        let (public, admin) = (address_of("public"), address_of("admin"));
        Self { process, stdout, public, admin }
    }

    /// What it prints after its addresses, to the line that has `last` in it.
    pub(crate) fn greeting(&mut self, last: &str) -> String {
        let mut greeting = String::new();
        while !greeting.contains(last) {
            greeting.push_str(&line_of(&mut self.stdout));
            greeting.push('\n');
        }
        greeting
    }

    /// Has it look at its certificate again.
    pub(crate) fn hang_up(&self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).expect("the process runs");
    }

    /// Ends the process as a crash would: SIGKILL.
    pub(crate) fn kill(mut self) {
        self.process.kill().expect("the process runs");
        self.process.wait().expect("the process ends");
    }

    /// Ends the process as an operator would: SIGTERM; gives whether it ended well.
    pub(crate) fn terminate(self) -> bool {
        self.ask_to_end();
        self.exit_code() == Some(0)
    }

    /// SIGTERM.
    pub(crate) fn ask_to_end(&self) {
        let pid = rustix::process::Pid::from_child(&self.process);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("the process runs");
    }

    /// Waits for the end; gives the code that the process ended with, if no signal ended it.
    pub(crate) fn exit_code(mut self) -> Option<i32> {
        self.process.wait().expect("the process ends").code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // A test that failed must not leave a server behind. One that ended already is not there to be killed.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn line_of(stdout: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    let read = stdout.read_line(&mut line).expect("standard output is text");
    assert!(read > 0, "the server ended while it was expected to print a line");
    line.trim_end().to_owned()
}

/// A profile of screening that lets no clock decide.
const PATIENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/kit/patient.toml");

/// The binary, told where its data is.
pub(crate) fn skybridge(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skybridge"));
    command
        .env_clear()
        .env("USER", "tester")
        .env("SKYBRIDGE_SCREENING_PROFILE", PATIENT)
        .arg("--data")
        .arg(data);
    command
}

/// The binary, told to find DynamoDB at `endpoint`. All of them share one pepper, as servers on the same tables do.
pub(crate) fn on_dynamodb(data: &Path, endpoint: &str) -> Command {
    let mut command = skybridge(data);
    command.env("AWS_ENDPOINT_URL", endpoint).env("AWS_REGION", "us-east-2");
    command.env("AWS_ACCESS_KEY_ID", "local").env("AWS_SECRET_ACCESS_KEY", "local");
    command.env("SKYBRIDGE_PEPPER", format!("shared:{}", "5e".repeat(32)));
    command
}

/// Runs a command of the CLI to its end, as [`on_dynamodb`] has it.
pub(crate) fn run_on_dynamodb(data: &Path, endpoint: &str, words: &[&str]) -> Output {
    on_dynamodb(data, endpoint).args(words).output().expect("the binary starts")
}

/// Runs a command of the CLI to its end.
pub(crate) fn run(data: &Path, words: &[&str]) -> Output {
    skybridge(data).args(words).output().expect("the binary starts")
}

/// Runs a command that must succeed with `--json`, and gives what it printed.
#[track_caller]
pub(crate) fn run_json(data: &Path, words: &[&str]) -> Value {
    let output = skybridge(data).args(words).arg("--json").output().expect("the binary starts");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{words:?} failed: {stdout}{stderr}");
    serde_json::from_str(&stdout)
        .unwrap_or_else(|error| panic!("{words:?} printed no JSON ({error}): {stdout}"))
}

/// Creates an agency on a plan that never refuses, and gives its key.
pub(crate) fn agency_with_key(data: &Path, name: &str) -> String {
    run_json(data, &["plan", "set", "ample", "--rate", "1000000", "--burst", "1000000"]);
    run_json(data, &["agency", "create", name, "--plan", "ample"]);
    run_json(data, &["key", "create", name])["key"].as_str().expect("the key is shown").to_owned()
}

/// An agency that calls over the network.
#[derive(Clone)]
pub(crate) struct Caller {
    client: Client<HttpConnector, Full<Bytes>>,
    key: String,
}

impl Caller {
    pub(crate) fn with_key(key: &str) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), key: key.to_owned() }
    }

    pub(crate) async fn get(&self, url: &str) -> Result<Answer, String> {
        self.send(Request::get(url), Bytes::new()).await
    }

    /// A request with a JSON body and more headers.
    pub(crate) async fn call(
        &self,
        method: Method,
        url: &str,
        more: &[(&str, &str)],
        body: &Value,
    ) -> Result<Answer, String> {
        let request = Request::builder().method(method).uri(url).header("content-type", "application/json");
        let request = more.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request, body.to_string().into()).await
    }

    /// `POST /v1/bookings` at `server` under the idempotency key `key`.
    pub(crate) async fn book(&self, server: &str, key: &str, body: &Value) -> Result<Answer, String> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{server}/v1/bookings"))
            .header("content-type", "application/json")
            .header("idempotency-key", key);
        self.send(request, body.to_string().into()).await
    }

    /// The request of `draft` to `server`, signed and with no key beside the signature.
    pub(crate) async fn signed(
        &self,
        server: &str,
        signer: &Signer,
        draft: &Draft,
    ) -> Result<Answer, String> {
        let url = format!("{server}{}", draft.target);
        self.deliver(signer.request(draft).uri(url), draft.body.clone().unwrap_or_default().into()).await
    }

    async fn send(&self, request: http::request::Builder, body: Bytes) -> Result<Answer, String> {
        self.deliver(request.header("x-api-key", &self.key), body).await
    }

    /// An answer that arrived whole; or what kept it from arriving.
    async fn deliver(&self, request: http::request::Builder, body: Bytes) -> Result<Answer, String> {
        let request = request.body(Full::new(body)).unwrap();
        let answer = self.client.request(request).await.map_err(|error| error.to_string())?;
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes().to_vec();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }
}
