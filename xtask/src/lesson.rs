//! `cargo xtask lesson`: the lesson that SkyBridge grew from, walked with its own commands.
//!
//! `aws dynamodb create-table` as the lesson writes it; our function in place of its Python handler, called with the
//! event that API Gateway makes of its `curl`; the item looked at; `aws dynamodb delete-table`. All of it against a
//! DynamoDB on loopback and under a Lambda runtime API on loopback: no account is needed, and none is touched.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use skybridge_dynamodb_local::LocalDynamo;
use skybridge_lambda_local::{LocalLambda, Outcome};

use crate::bench::process::Process;
use crate::{cargo, python};

/// The command line that the lesson uses, from PyPI.
const AWSCLI: &str = "1.46.3";

/// The lesson's step 1.
const CREATE_TABLE: &str = "dynamodb create-table --table-name skybridge-bookings \
    --attribute-definitions AttributeName=booking_id,AttributeType=S \
    --key-schema AttributeName=booking_id,KeyType=HASH --billing-mode PAY_PER_REQUEST";

/// The lesson's clean-up.
const DELETE_TABLE: &str = "dynamodb delete-table --table-name skybridge-bookings";

/// A pepper as a data directory holds it; the server that makes the key and the function share it.
const PEPPER: &str = "lesson:5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e";

/// Brings the lesson's command line; an error says what is missing.
pub(crate) fn aws_command_line() -> Result<PathBuf> {
    python::program("awscli", AWSCLI, "aws")
}

/// Walks the lesson.
pub(crate) fn run() -> Result<()> {
    let aws_program = aws_command_line()?;
    let skybridge = cargo::build(&["--package", "skybridge"], Vec::new(), "skybridge")?;
    let bootstrap = cargo::build(&["--package", "skybridge-lambda"], Vec::new(), "bootstrap")?;
    let dynamo = LocalDynamo::start()?;
    let lesson = Lesson { aws: aws_program, endpoint: dynamo.endpoint() };

    let created = lesson.aws(CREATE_TABLE)?;
    ensure!(created["TableDescription"]["TableName"] == "skybridge-bookings", "unexpected: {created}");
    let directory = tempfile::Builder::new().prefix("skybridge-lesson-").tempdir()?;
    let key = lesson.key(&skybridge, directory.path())?;
    let booking_id = lesson.book(&bootstrap, &key)?;

    let wanted = json!({ "booking_id": { "S": booking_id } }).to_string();
    let item =
        lesson.aws_with("dynamodb get-item --table-name skybridge-bookings --key", &[&wanted])?["Item"]
            .take();
    for (name, value) in [("booking_id", booking_id.as_str()), ("agency", "PartnerCo"), ("status", "CREATED")]
    {
        ensure!(item[name] == json!({ "S": value }), "{name} of the item is {}", item[name]);
    }
    println!("the item has booking_id, agency and status as the lesson's handler writes them");
    lesson.aws(DELETE_TABLE)?;
    let left = lesson.aws("dynamodb list-tables")?;
    let names = left["TableNames"].as_array().context("the tables could not be listed")?;
    ensure!(!names.contains(&json!("skybridge-bookings")), "the table is still there: {left}");
    println!("the lesson is done: booked, read back, cleaned up");
    Ok(())
}

struct Lesson {
    aws: PathBuf,
    endpoint: String,
}

impl Lesson {
    /// Runs `aws` with these words, which hold no spaces of their own, and prints the command.
    fn aws(&self, words: &str) -> Result<Value> {
        self.aws_with(words, &[])
    }

    fn aws_with(&self, words: &str, more: &[&str]) -> Result<Value> {
        println!("$ aws {words} {}", more.join(" "));
        let mut command = Command::new(&self.aws);
        command.args(words.split(' ').filter(|word| !word.is_empty())).args(more);
        let told = cargo::output(self.environment(&mut command).args(["--output", "json"]))?;
        serde_json::from_str(&told).with_context(|| format!("aws printed no JSON: {told}"))
    }

    /// What points everything at the DynamoDB here. The command line of PyPI knows the region by its older name.
    fn environment<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("AWS_ENDPOINT_URL", &self.endpoint).env("AWS_REGION", "us-east-2");
        command.env("AWS_DEFAULT_REGION", "us-east-2");
        command.env("AWS_ACCESS_KEY_ID", "local").env("AWS_SECRET_ACCESS_KEY", "local");
        command.env("SKYBRIDGE_PEPPER", PEPPER)
    }

    /// The agency's key, made by a server on the engineer's machine, which adds what the lesson's table lacks.
    fn key(&self, skybridge: &Path, data: &Path) -> Result<String> {
        let program = || {
            let mut command = Command::new(skybridge);
            self.environment(&mut command).arg("--data").arg(data);
            command
        };
        let mut serve = program();
        serve.args(["serve", "--store", "dynamodb", "--create-tables"]);
        println!("$ skybridge serve --store dynamodb --create-tables");
        let server =
            Process::start(serve.args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]))?;
        let [_public, _admin] = server.addresses(["public", "admin"])?;
        let call = |words: &str| {
            println!("$ skybridge {words}");
            cargo::output(program().args(words.split(' ')).arg("--json"))
        };
        call("plan set lesson --rate 10 --burst 20 --quota 10000/day")?;
        call("agency create PartnerCo --plan lesson")?;
        let key: Value = serde_json::from_str(&call("key create PartnerCo")?)?;
        Ok(key["key"].as_str().context("the command line showed no key")?.to_owned())
    }

    /// The lesson's `curl -s -X POST "$URL/booking" -d '{"agency":"PartnerCo"}'`, with the key, as the function sees it.
    fn book(&self, bootstrap: &Path, key: &str) -> Result<String> {
        println!(
            "$ curl -s -X POST \"$URL/booking\" -H \"x-api-key: $KEY\" -d '{{\"agency\":\"PartnerCo\"}}'"
        );
        let mut function = Command::new(bootstrap);
        self.environment(&mut function);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let outcome = runtime.block_on(async {
            let mut function = LocalLambda::start(function.into()).await?;
            anyhow::Ok(function.invoke(event(key).to_string()).await?)
        })?;
        let Outcome::Answered(answer) = outcome else { anyhow::bail!("the function failed: {outcome:?}") };
        let answer: Value = serde_json::from_slice(&answer)?;
        ensure!(answer["statusCode"] == 201, "the function answered {answer}");
        let body: Value = serde_json::from_str(answer["body"].as_str().context("the answer has no body")?)?;
        println!("{body}");
        ensure!(body["status"] == "CREATED", "the lesson's answer has another status");
        Ok(body["booking_id"].as_str().context("the answer names no booking")?.to_owned())
    }
}

/// What an HTTP API (payload 2.0) makes of that `curl`: `-d` says form, so the body comes in base64.
fn event(key: &str) -> Value {
    json!({
        "version": "2.0",
        "routeKey": "POST /booking",
        "rawPath": "/booking",
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "content-length": "22",
            "content-type": "application/x-www-form-urlencoded",
            "host": "lesson.execute-api.us-east-2.amazonaws.com",
            "user-agent": "curl/8.5.0",
            "x-api-key": key,
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "lesson",
            "domainName": "lesson.execute-api.us-east-2.amazonaws.com",
            "domainPrefix": "lesson",
            "http": {
                "method": "POST", "path": "/booking", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "curl/8.5.0",
            },
            "requestId": "lesson-1",
            "routeKey": "POST /booking",
            "stage": "$default",
            "time": "22/Nov/2026:12:00:00 +0000",
            "timeEpoch": 1_795_348_800_000_u64,
        },
        "body": "eyJhZ2VuY3kiOiJQYXJ0bmVyQ28ifQ==",
        "isBase64Encoded": true,
    })
}
