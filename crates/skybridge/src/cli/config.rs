//! `skybridge config`: what the configuration says, and whether it makes sense.

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::{Map, Value, json};
use skybridge_listener::tls::Tls;

use super::failure::Failure;
use super::fields::Fields as _;
use super::output;
use super::session::Session;
use super::table;
use crate::config::{Config, DEFAULT_TOML, Layers, Options, environment};
use crate::screening;
use crate::serve::address_files;

/// The configuration: what it says, and whether it makes sense
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check the configuration and the files that it names, and say everything that is wrong with them
    Check,
    /// Show every value and where it comes from
    Show {
        /// Print the built-in configuration file instead, with every key explained: a file to start from
        #[arg(long)]
        default: bool,
    },
}

impl Command {
    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Check => check(session),
            Self::Show { default: true } => output::print_bytes(DEFAULT_TOML.as_bytes()),
            Self::Show { default: false } => show(session),
        }
    }
}

fn check(session: &Session) -> Result<(), Failure> {
    let unknown = environment::unknown();
    let rule_set = read_all(session).map_err(|failure| with_unknown(failure, &unknown))?;
    let answer = json!({ "ok": true, "unknown_environment": unknown, "rule_set": rule_set });
    session.show(&answer, |answer| {
        let mut text = "The configuration is right.".to_owned();
        for told in answer.list("rule_set").iter().filter_map(Value::as_str) {
            text.push_str(&format!("\nscreening.crs: {told}"));
        }
        for name in answer.list("unknown_environment").iter().filter_map(Value::as_str) {
            text.push_str(&format!("\n{}", unknown_variable(name)));
        }
        text
    })
}

/// Reads the configuration and all that it names; gives what a start would only warn of.
fn read_all(session: &Session) -> Result<Vec<String>, Failure> {
    let config = Config::read(&session.layers(Options::new())?)?;
    named_files(config).map_err(Failure::Failed)
}

/// A misspelt variable may be why something else is wrong, so both are told at once.
fn with_unknown(failure: Failure, unknown: &[String]) -> Failure {
    if unknown.is_empty() {
        return failure;
    }
    let told =
        |why: String| unknown.iter().fold(why, |why, name| format!("{why}\n{}", unknown_variable(name)));
    match failure {
        Failure::Unusable(why) => Failure::Unusable(told(why)),
        Failure::Failed(error) => Failure::Failed(anyhow::anyhow!(told(format!("{error:#}")))),
        other => other,
    }
}

/// Reads every file that the configuration names, as a start would. What is wrong with any of them is one error; what a
/// rule set has that a start only warns of is the answer.
fn named_files(config: Config) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    let rules = screening::load(&config.screening).map_err(|error| faults.push(format!("{error:#}"))).ok();
    if let Err(error) = address_files::check(&config.addresses) {
        faults.push(format!("screening.addresses: {error}"));
    }
    let tls = config.tls.map(|tls| Tls::load(tls).context("tls.certificate and tls.key cannot be used"));
    if let Some(Err(error)) = tls {
        faults.push(format!("{error:#}"));
    }
    anyhow::ensure!(faults.is_empty(), "{}", faults.join("\n"));
    let rule_set = rules.and_then(|loaded| loaded.rule_set).unwrap_or_default();
    let unreadable = rule_set.unreadable.iter().map(|(file, line, why)| format!("{file} line {line}: {why}"));
    let missing = rule_set.missing_files.iter().map(|file| format!("{file} is not there"));
    Ok(unreadable.chain(missing).collect())
}

/// What is said about a variable that looks like ours but is not.
pub(crate) fn unknown_variable(name: &str) -> String {
    format!("The environment sets {name}, which means nothing here: is it misspelt?")
}

fn show(session: &Session) -> Result<(), Failure> {
    let layers = session.layers(Options::new())?;
    Config::read(&layers)?;
    session.show(&as_json(&layers), |_| {
        let rows =
            layers.iter().map(|(key, entry)| [key.to_owned(), entry.text.clone(), entry.source.to_string()]);
        table::of(["KEY", "VALUE", "FROM"], rows.collect(), "")
    })
}

fn as_json(layers: &Layers) -> Value {
    let values: Map<String, Value> = layers
        .iter()
        .map(|(key, entry)| {
            (key.to_owned(), json!({ "value": entry.text, "from": entry.source.to_string() }))
        })
        .collect();
    Value::Object(values)
}
