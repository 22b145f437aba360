//! Schemathesis: requests made from the OpenAPI document that the server serves, valid and not, and whether the answers
//! are those that it describes. A bounded run; CONTRIBUTING has the command for a longer one.

use anyhow::{Context, Result, ensure};

use super::Outcome;
use crate::bench::counter::Counter;
use crate::{cargo, python};

/// The settings, which say why they are what they are.
const SETTINGS: &str = "xtask/schemathesis.toml";

/// Requests per operation and phase; and the seed that makes a run the same each time.
const EXAMPLES: &str = "15";
const SEED: &str = "20270101";

/// Starts the server, and has schemathesis ask it for everything that it documents.
pub(super) fn check() -> Result<Outcome> {
    let program = match python::program("schemathesis", "4.32.5", "st") {
        Ok(program) => program,
        Err(error) => {
            println!("{error:#}");
            return Ok(Outcome::Missing {
                tool: "schemathesis",
                install: "pip could not bring it from PyPI",
            });
        }
    };
    // Not the release build: that of the tests is there, or is made for them next.
    let server = cargo::build(&["--package", "skybridge"], Vec::new(), "skybridge")?;
    // It tries many wrong keys, and much without one, and is to see each refused as such rather than be told to wait.
    let settings = [("SKYBRIDGE_LOCKOUT_FAILURES", "1000000"), ("SKYBRIDGE_SCREENING_ADDRESSES_RATE", "off")];
    let counter = Counter::start_with(&server, "memory", &settings)?;
    counter.set_plan("ample", 1_000_000, 1_000_000)?;
    let key = counter.create_agency("PartnerCo", "ample")?;

    let program = program.to_str().context("the workspace's path is not UTF-8")?;
    let document = format!("http://{}/openapi.json", counter.address);
    let mut command = cargo::command(program, &["--config-file", SETTINGS, "run", &document]);
    command.args([
        "--phases",
        "examples,coverage,fuzzing,stateful",
        "--max-examples",
        EXAMPLES,
        "--seed",
        SEED,
    ]);
    let output = command.env("SKYBRIDGE_KEY", key).output().context("cannot run schemathesis")?;
    let text = String::from_utf8_lossy(&output.stdout);
    // What follows the summary is what a reader wants; before it stands each failure with the request that shows it.
    let from = if output.status.success() { text.find("= SUMMARY").unwrap_or(0) } else { 0 };
    println!("{}", &text[from..]);
    ensure!(output.status.success(), "answers are not as the OpenAPI document describes them");
    Ok(Outcome::Passed)
}
