//! `skybridge screen rules`: what is loaded.

use serde_json::Value;
use skybridge_api::screening::described;

use super::test::RuleArgs;
use crate::cli::failure::Failure;
use crate::cli::fields::Fields as _;
use crate::cli::session::Session;
use crate::cli::table;

/// List the rules that are loaded, with their families and scores, and what of a rule set cannot be honoured
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    rules: RuleArgs,
}

impl Args {
    pub(super) fn run(self, session: &Session) -> Result<(), Failure> {
        let loaded = self.rules.load(session)?;
        let told = loaded.rule_set.as_ref().map_or(String::new(), |report| format!("\n\n{report}"));
        session.show(&described(&loaded.screen, loaded.rule_set.as_ref()), |described| {
            format!("{}{}", render(described), told.trim_end())
        })
    }
}

fn render(described: &Value) -> String {
    let row = |rule: &Value| [rule.text("rule"), rule.text("family"), rule.text("score"), rule.text("why")];
    let rows = described.list("rules").iter().map(row);
    let rules = table::of(["RULE", "FAMILY", "SCORE", "WHY"], rows.collect(), "No rule is loaded.");
    let budget = &described["budget"];
    format!(
        "{rules}\n\nA text is refused from a score of {} on. A request may cost {} bytes and {} us; one that costs more \
         is {}.",
        described.text("threshold"),
        budget.number("bytes"),
        budget.number("microseconds"),
        if described["overrun"] == "refuse" { "refused" } else { "counted" },
    )
}
