//! `skybridge audit`: who changed what, when.

use serde_json::Value;

use super::client::with_query;
use super::failure::Failure;
use super::fields::Fields as _;
use super::session::Session;
use super::table;

/// List who changed plans, agencies and keys, newest first
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many entries
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    limit: u32,

    /// Where an earlier list ended
    #[arg(long)]
    cursor: Option<String>,
}

impl Args {
    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        let parameters = [("limit", Some(self.limit.to_string())), ("cursor", self.cursor)];
        let answer = session.client()?.get(&with_query("/admin/v1/audit", &parameters))?;
        session.show(&answer, render)
    }
}

fn render(answer: &Value) -> String {
    let rows = answer.list("entries").iter().map(|entry| {
        [
            entry.moment("at"),
            entry.text("actor"),
            entry.text("action"),
            entry.text("subject"),
            detail(&entry["detail"]),
        ]
    });
    let headings = ["AT (UTC)", "WHO", "DID", "TO", "DETAIL"];
    let mut text = table::of(headings, rows.collect(), "Nothing was changed yet.");
    if answer["next_cursor"].is_string() {
        text.push_str(&format!("\n\nThere are more:  --cursor {}", answer.text("next_cursor")));
    }
    text
}

/// A detail that is an object shows as `name=value` pairs.
fn detail(detail: &Value) -> String {
    match detail {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(members) => {
            let pairs = members.keys().map(|name| format!("{name}={}", detail.text(name)));
            pairs.collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}
