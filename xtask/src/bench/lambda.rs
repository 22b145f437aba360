//! `cargo xtask bench lambda`: what the function costs beside the lesson's own, under the same Lambda and over the
//! same table.
//!
//! Each round starts each function anew, in turn, hands it a first event that was waiting for it, then others one by
//! one, and stops it. Both get the same bytes and write one item per event. Ours does what the lesson leaves out on
//! the way (key, limits, checks, the booking's record), which is part of the comparison and not taken off.

mod figures;
mod python;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::json;
use skybridge_dynamodb_local::LocalDynamo;
use skybridge_lambda_local::{LocalLambda, Outcome};

use super::http::hand_over_to_release_build;
use super::machine::Machine;
use super::process::Process;
use crate::cargo;
use crate::package_lambda::{self, Architecture};
use figures::{Report, Run, peak_kib};
use python::Python;

/// How much is measured.
#[derive(Args)]
pub(crate) struct Options {
    /// How often each function is started.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How many events each gets after its first, one at a time.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    events: u32,
    /// Write every round's figures to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// The secret that keys are hashed under, which server and function share.
const PEPPER: &str = "bench:5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e";

/// Measures and prints the report.
pub(crate) fn run(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) {
        return hand_over_to_release_build();
    }
    let packaged = package_lambda::package(Architecture::here()?)?;
    let python = Python::set_up(python::directory_beside(&packaged.program)?)?;
    let dynamo = LocalDynamo::start()?;
    let api_key = create_key(&dynamo)?;
    let bench = Bench { dynamo, event: event(&api_key), events: options.events as usize };
    let machine = Machine::here()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut lesson, mut ours) = (Vec::new(), Vec::new());
    // The first round is not counted: it leaves the files of both in the system's cache, and Python's compiled.
    for round in 0..=options.rounds {
        let theirs = runtime.block_on(bench.run(python.command())).context("the lesson's function")?;
        let own = runtime.block_on(bench.run(function(&packaged.program))).context("our function")?;
        if round == 0 {
            continue;
        }
        println!("round {round:<3} lesson {:>7.1} ms   skybridge {:>7.1} ms", theirs.start_ms, own.start_ms);
        lesson.push(theirs);
        ours.push(own);
    }
    let report = Report {
        machine,
        lesson_versions: python.versions()?,
        warm_events: bench.events,
        program_bytes: packaged.program_bytes,
        zip_bytes: packaged.zip_bytes,
        lesson,
        ours,
    };
    println!("\n{}", report.text());
    if let Some(file) = &options.json {
        let json = serde_json::to_string_pretty(&report)?;
        std::fs::write(file, json).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// All that the rounds have in common.
struct Bench {
    dynamo: LocalDynamo,
    event: String,
    events: usize,
}

impl Bench {
    /// Starts a function, hands it its events, and stops it.
    async fn run(&self, mut command: tokio::process::Command) -> Result<Run> {
        for (name, value) in access(&self.dynamo) {
            command.env(name, value);
        }
        let begin = Instant::now();
        let mut function = LocalLambda::start(command).await?;
        self.invoke(&mut function).await?;
        let start = begin.elapsed();
        let mut warm = Vec::with_capacity(self.events);
        for _ in 0..self.events {
            warm.push(self.invoke(&mut function).await?);
        }
        let pid = function.pid().context("the function ended")?;
        Ok(Run::new(start, peak_kib(pid)?, warm))
    }

    /// How long the answer to the event takes.
    async fn invoke(&self, function: &mut LocalLambda) -> Result<Duration> {
        let begin = Instant::now();
        let outcome = function.invoke(self.event.clone()).await?;
        let took = begin.elapsed();
        let Outcome::Answered(answer) = outcome else { bail!("the function failed: {outcome:?}") };
        let answer: serde_json::Value = serde_json::from_slice(&answer)?;
        ensure!(answer["statusCode"] == 201, "an answer is not 201: {answer}");
        Ok(took)
    }
}

/// What starts our function.
fn function(program: &Path) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(program);
    command.env("SKYBRIDGE_PEPPER", PEPPER);
    command
}

/// What every program needs to reach the table.
fn access(dynamo: &LocalDynamo) -> [(&'static str, String); 4] {
    [
        ("AWS_ENDPOINT_URL", dynamo.endpoint()),
        ("AWS_REGION", "us-east-2".to_owned()),
        ("AWS_ACCESS_KEY_ID", "local".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
    ]
}

/// Makes the tables, and an agency that is never throttled, through the server, as an operator would.
fn create_key(dynamo: &LocalDynamo) -> Result<String> {
    let program = cargo::build_release("skybridge", "skybridge")?;
    let directory = tempfile::Builder::new().prefix("skybridge-bench-").tempdir()?;
    let command = || {
        let mut command = Command::new(&program);
        command.arg("--data").arg(directory.path()).envs(access(dynamo)).env("SKYBRIDGE_PEPPER", PEPPER);
        command.env("SKYBRIDGE_LOG_LEVEL", "warn");
        command
    };
    let mut serve = command();
    serve.args(["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    let server = Process::start(serve.args(["--store", "dynamodb", "--create-tables"]))?;
    let [_public, _admin] = server.addresses(["public", "admin"])?;
    let call = |words: &str| cargo::output(command().args(words.split(' ')).arg("--json"));
    call("plan set bench --rate 1000000 --burst 1000000")?;
    call("agency create PartnerCo --plan bench")?;
    let created: serde_json::Value = serde_json::from_str(&call("key create PartnerCo")?)?;
    Ok(created["key"].as_str().context("the command line showed no key")?.to_owned())
}

/// The lesson's test call, as an HTTP API hands it on in payload format 2.0, with a key.
fn event(api_key: &str) -> String {
    json!({
        "version": "2.0",
        "routeKey": "POST /booking",
        "rawPath": "/booking",
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "content-length": "22",
            "content-type": "application/json",
            "host": "abcdefghij.execute-api.us-east-2.amazonaws.com",
            "user-agent": "curl/8.5.0",
            "x-amzn-trace-id": "Root=1-5eb33c07-de25b420912dee103a5db434",
            "x-api-key": api_key,
            "x-forwarded-for": "192.0.2.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "domainName": "abcdefghij.execute-api.us-east-2.amazonaws.com",
            "domainPrefix": "abcdefghij",
            "http": {
                "method": "POST",
                "path": "/booking",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.7",
                "userAgent": "curl/8.5.0",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": "POST /booking",
            "stage": "$default",
            "time": "10/Mar/2027:12:00:00 +0000",
            "timeEpoch": 1_804_680_000_000_u64,
        },
        "body": r#"{"agency":"PartnerCo"}"#,
        "isBase64Encoded": false,
    })
    .to_string()
}
