//! `skybridge screen replay`: what another profile would have done with what callers wrote.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use skybridge_screen::{Field, Screen};

use super::inputs::{self, Input};
use super::test::{RuleArgs, Tried};
use crate::cli::failure::Failure;
use crate::cli::fields::Fields as _;
use crate::cli::session::Session;
use crate::cli::table;

/// Run another profile over samples of what callers wrote, beside the configured one; refuses nobody
///
/// Samples are taken only while screening.samples names a file. They hold passengers' data; what is printed does not.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file with the samples [default: the configured one, and the older one beside it]
    file: Option<PathBuf>,

    #[command(flatten)]
    rules: RuleArgs,
}

impl Args {
    pub(super) fn run(self, session: &Session) -> Result<(), Failure> {
        let inputs = self.samples(session)?;
        let standing = RuleArgs { profile: None, crs: None }.engine(session)?;
        let proposed = self.rules.engine(session)?;
        session.show(&compared(&inputs, &standing, &proposed), render)
    }

    fn samples(&self, session: &Session) -> Result<Vec<Input>, Failure> {
        if let Some(file) = &self.file {
            return inputs::read(file, Field::Remarks);
        }
        let samples = session.config()?.screening.samples.ok_or_else(|| {
            let told = "no samples are taken: screening.samples names no file; give one";
            Failure::Unusable(told.to_owned())
        })?;
        let mut older = samples.path.clone().into_os_string();
        older.push(".1");
        let mut inputs = Vec::new();
        for file in [PathBuf::from(older), samples.path].iter().filter(|file| file.exists()) {
            inputs.extend(inputs::read(file, Field::Remarks)?);
        }
        Ok(inputs)
    }
}

fn compared(inputs: &[Input], standing: &Screen, proposed: &Screen) -> Value {
    let mut rules: BTreeMap<String, [u64; 2]> = BTreeMap::new();
    let mut refused = [0_u64; 2];
    let mut changed = Vec::new();
    for input in inputs {
        let tried = [standing, proposed].map(|screen| Tried::of(input, screen));
        for (which, one) in tried.iter().enumerate() {
            refused[which] += u64::from(one.word() == "refused");
            for rule in one.rules() {
                rules.entry(rule).or_default()[which] += 1;
            }
        }
        let [before, after] = &tried;
        if before.word() != after.word() {
            let (agency, rules) = (&input.agency, after.rules());
            let (from, to) = (before.word(), after.word());
            changed.push(
                json!({ "line": input.line, "agency": agency, "from": from, "to": to, "rules": rules }),
            );
        }
    }
    let of_rule = |(rule, [before, after]): (String, [u64; 2])| json!({ "rule": rule, "before": before, "after": after });
    json!({
        "requests": inputs.len(),
        "refused": { "before": refused[0], "after": refused[1] },
        "rules": rules.into_iter().map(of_rule).collect::<Vec<_>>(),
        "changed": changed,
    })
}

fn render(answer: &Value) -> String {
    let of_rule = |one: &Value| [one.text("rule"), one.number("before"), one.number("after")];
    let rules: Vec<_> = answer.list("rules").iter().map(of_rule).collect();
    let of_line = |one: &Value| {
        [one.text("line"), one.text("agency"), one.text("from"), one.text("to"), one.joined("rules")]
    };
    let changed: Vec<_> = answer.list("changed").iter().map(of_line).collect();
    let refused = &answer["refused"];
    format!(
        "{} requests: {} would be refused by the configured profile, {} by the other one.\n\n{}\n\n{}",
        answer.number("requests"),
        refused.number("before"),
        refused.number("after"),
        table::of(["RULE", "BEFORE", "AFTER"], rules, "No rule meets anything in them."),
        table::of(["LINE", "AGENCY", "FROM", "TO", "RULES"], changed, "Every request fares as before."),
    )
}
