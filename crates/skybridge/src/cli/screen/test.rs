//! `skybridge screen test`: what rules say of texts, and what it costs.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use skybridge_screen::{Action, Exceptions, Field, Screen, Verdict, card_data};

use super::inputs::{self, Input};
use crate::cli::failure::Failure;
use crate::cli::fields::Fields as _;
use crate::cli::session::Session;
use crate::cli::table;
use crate::screening::{self, Loaded};

/// Try texts on the rules: verdict, rules and cost of each, without a server
///
/// A line of the file is a text, or {"field":"remarks","text":"…"}, or a sample that a server wrote. The profile and the
/// rule set are those of the configuration, unless options name others. Nothing is sent anywhere.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file; - is standard input
    file: PathBuf,

    /// What the texts are, where a line does not say
    #[arg(long, default_value = "remarks", value_parser = field)]
    field: Field,

    #[command(flatten)]
    rules: RuleArgs,
}

/// The rules to try.
#[derive(Debug, clap::Args)]
pub(super) struct RuleArgs {
    /// A profile in TOML, instead of the configured one
    #[arg(long, value_name = "FILE")]
    pub(super) profile: Option<PathBuf>,

    /// A directory with an OWASP CRS, instead of the configured one
    #[arg(long, value_name = "DIR")]
    pub(super) crs: Option<PathBuf>,
}

impl RuleArgs {
    /// The engine that they and the configuration describe, warmed.
    pub(super) fn engine(&self, session: &Session) -> Result<Screen, Failure> {
        Ok(self.load(session)?.screen)
    }

    /// The same, with what became of the rule set.
    pub(super) fn load(&self, session: &Session) -> Result<Loaded, Failure> {
        let mut config = session.config()?.screening;
        config.profile = self.profile.clone().or(config.profile);
        config.crs = self.crs.clone().or(config.crs);
        config.signatures = skybridge_api::screening::Signatures::Block;
        Ok(screening::load(&config)?)
    }
}

pub(super) fn field(name: &str) -> Result<Field, String> {
    Field::named(name).ok_or_else(inputs::fields)
}

/// What came of the texts of one line.
pub(super) struct Tried {
    pub(super) verdict: Option<Verdict>,
    cost: Duration,
}

impl Tried {
    #[expect(clippy::disallowed_methods, reason = "the cost of a text is what is asked for")]
    pub(super) fn of(input: &Input, screen: &Screen) -> Self {
        let begun = Instant::now();
        let card = input.texts().any(|text| card_data(text.value).is_some());
        let verdict = (!card).then(|| screen.inspect(input.texts(), Exceptions::NONE));
        Self { verdict, cost: begun.elapsed() }
    }

    /// `passed`, `counted`, `refused`, or `card-data`.
    pub(super) fn word(&self) -> &'static str {
        match &self.verdict {
            None => "card-data",
            Some(verdict) if verdict.action == Action::Block => "refused",
            Some(verdict) if verdict.hits.is_empty() => "passed",
            Some(_) => "counted",
        }
    }

    pub(super) fn rules(&self) -> Vec<String> {
        let hits = self.verdict.iter().flat_map(|verdict| verdict.hits.iter());
        let mut rules: Vec<String> = hits.map(|hit| hit.rule.to_string()).collect();
        rules.dedup();
        rules
    }
}

impl Args {
    pub(super) fn run(self, session: &Session) -> Result<(), Failure> {
        let inputs = inputs::read(&self.file, self.field)?;
        let screen = self.rules.engine(session)?;
        let lines: Vec<Value> = inputs.iter().map(|input| told(input, &Tried::of(input, &screen))).collect();
        let answer = json!({ "summary": summary(&lines), "texts": lines });
        session.show(&answer, render)
    }
}

fn told(input: &Input, tried: &Tried) -> Value {
    let fields: Vec<&str> = input.texts.iter().map(|(field, _)| field.as_str()).collect();
    json!({
        "line": input.line,
        "fields": fields,
        "verdict": tried.word(),
        "rules": tried.rules(),
        "overrun": tried.verdict.as_ref().is_some_and(|verdict| verdict.overrun),
        "microseconds": (tried.cost.as_secs_f64() * 1e7).round() / 10.0,
    })
}

fn summary(lines: &[Value]) -> Value {
    let count = |word: &str| lines.iter().filter(|line| line["verdict"] == word).count();
    let costs: Vec<f64> = lines.iter().filter_map(|line| line["microseconds"].as_f64()).collect();
    let total: f64 = costs.iter().sum();
    let dearest = costs.iter().copied().fold(0.0, f64::max);
    let mean = if lines.is_empty() { 0.0 } else { (total / costs.len() as f64 * 10.0).round() / 10.0 };
    json!({
        "texts": lines.len(),
        "passed": count("passed"),
        "counted": count("counted"),
        "refused": count("refused"),
        "card_data": count("card-data"),
        "microseconds_mean": mean,
        "microseconds_max": dearest,
    })
}

fn render(answer: &Value) -> String {
    let rows = answer.list("texts").iter().map(|line| {
        let cost = format!("{} us", line.text("microseconds"));
        [line.text("line"), line.text("verdict"), line.joined("fields"), cost, line.joined("rules")]
    });
    let listed =
        table::of(["LINE", "VERDICT", "FIELD", "COST", "RULES"], rows.collect(), "There is no text.");
    let summary = &answer["summary"];
    format!(
        "{listed}\n\n{} texts: {} passed, {} counted, {} refused, {} with card data; {} us each, {} us the dearest.",
        summary.number("texts"),
        summary.number("passed"),
        summary.number("counted"),
        summary.number("refused"),
        summary.number("card_data"),
        summary.text("microseconds_mean"),
        summary.text("microseconds_max"),
    )
}
