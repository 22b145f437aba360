//! `cargo xtask bench lambda`: what the function costs beside the lesson's own, under the same Lambda and over the
//! same table.
//!
//! Each round starts each function anew, in turn, hands it a first event that was waiting for it, then others one by
//! one, and stops it. Both get the same bytes and write one item per event. Ours does what the lesson leaves out on
//! the way (key, limits, checks, the booking's record), which is part of the comparison and not taken off.

mod figures;
mod python;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::json;
use skybridge_dynamodb_local::LocalDynamo;
use skybridge_lambda_local::{LocalLambda, Outcome};

use super::counter::{Counter, PEPPER, access};
use super::http::hand_over_to_release_build;
use super::machine::Machine;
use super::report::{Column, Report, Scale, Table};
use crate::cargo;
use crate::package_lambda::{self, Architecture};
use figures::{figures, peak_kib};
use python::Python;
pub(super) use python::{BOTO3, HANDLER};

/// How much is measured.
#[derive(Args)]
pub(crate) struct Options {
    /// How often each function is started.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How many events each gets after its first, one at a time.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    events: u32,
}

/// Measures and reports.
pub(crate) fn run(options: &Options) -> Result<()> {
    if cfg!(debug_assertions) {
        return hand_over_to_release_build();
    }
    let packaged = package_lambda::package(Architecture::here()?)?;
    let python = Python::set_up()?;
    let dynamo = LocalDynamo::start()?;
    let api_key = create_key(&dynamo)?;
    let bench = Bench { dynamo, event: event(&api_key), events: options.events as usize };
    let machine = Machine::here()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut table = Table::new(
        "function",
        [
            Column::new("start ms", 1).drawn(Scale::Linear),
            Column::new("peak MiB", 1).drawn(Scale::Linear),
            Column::new("warm p50 ms", 2),
            Column::new("warm p99 ms", 2),
            Column::ratio("start ratio", 1, "start ms"),
            Column::ratio("memory ratio", 1, "peak MiB"),
        ],
    )
    .ours("skybridge");
    // The first round is not counted: it leaves the files of both in the system's cache, and Python's compiled.
    for round in 0..=options.rounds {
        let theirs = runtime.block_on(bench.run(python.command())).context("the lesson's function")?;
        let own = runtime.block_on(bench.run(function(&packaged.program))).context("our function")?;
        if round > 0 {
            println!("round {round:<3} lesson {:>7.1} ms   skybridge {:>7.1} ms", theirs[0], own[0]);
            table.add("skybridge", &own);
            table.add("the lesson's", &theirs);
        }
    }
    let load = format!(
        "POST /booking as an HTTP API sends it, one at a time, {} interleaved rounds of 1 + {} events, dynoxide on the \
         same machine",
        options.rounds, bench.events
    );
    let mut report = Report::new("lambda", "The Lambda function beside the lesson's", machine, load);
    report.versions.push(format!("{}; lambda profile for our function", python.versions()?));
    report.tables.push(table);
    let (zip, program) = (packaged.zip_bytes, packaged.program_bytes);
    report.notes.push(format!("our zip has {zip} bytes, of a program of {program} bytes"));
    report.finish()
}

/// All that the rounds have in common.
struct Bench {
    dynamo: LocalDynamo,
    event: String,
    events: usize,
}

impl Bench {
    /// Starts a function, hands it its events, and stops it.
    async fn run(&self, mut command: tokio::process::Command) -> Result<[f64; 4]> {
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
        Ok(figures(start, peak_kib(pid)?, warm))
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

/// Makes the tables, and an agency that is never throttled, through the server, as an operator would.
fn create_key(dynamo: &LocalDynamo) -> Result<String> {
    let program = cargo::build_release("skybridge", "skybridge")?;
    let counter = Counter::start_over(&program, dynamo)?;
    counter.set_plan("bench", 1_000_000, 1_000_000)?;
    counter.create_agency("PartnerCo", "bench")
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
