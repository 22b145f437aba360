//! `skybridge screen refusals`: what the running server found lately.

use serde_json::Value;

use crate::cli::client::with_query;
use crate::cli::failure::Failure;
use crate::cli::fields::Fields as _;
use crate::cli::session::Session;
use crate::cli::table;

/// List the requests that screening refused lately, newest first: who, which rule, where, and a masked excerpt
///
/// A server remembers its last 512 findings, in memory only, so each server has its own and a restart forgets them. The
/// excerpts show the shape of what was met, never the text itself.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this agency's
    #[arg(long)]
    agency: Option<String>,

    /// Only the request that an agency quotes
    #[arg(long, value_name = "ID")]
    request: Option<String>,

    /// Also what was only counted
    #[arg(long)]
    counted: bool,

    /// How many
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=512))]
    limit: u32,
}

impl Args {
    pub(super) fn run(self, session: &Session) -> Result<(), Failure> {
        let parameters = [
            ("limit", Some(self.limit.to_string())),
            ("agency", self.agency),
            ("request_id", self.request),
            ("counted", self.counted.then(|| "true".to_owned())),
        ];
        let answer = session.client()?.get(&with_query("/admin/v1/screening/refusals", &parameters))?;
        session.show(&answer, render)
    }
}

fn render(answer: &Value) -> String {
    let rows = answer.list("refusals").iter().flat_map(|refusal| {
        refusal.list("findings").iter().map(|finding| {
            [
                refusal.moment("at"),
                refusal.text("agency"),
                refusal.text("key_id"),
                refusal.text("request_id"),
                if refusal["code"].is_null() { "counted".to_owned() } else { refusal.text("code") },
                finding.text("rule"),
                finding.text("place"),
                finding.text("excerpt"),
            ]
        })
    });
    let headings = ["AT (UTC)", "AGENCY", "KEY", "REQUEST", "AS", "RULE", "WHERE", "SHAPE"];
    table::of(
        headings,
        rows.collect(),
        "No such refusal is kept. A server keeps its latest ones, from its start on; the access log names their rules.",
    )
}
