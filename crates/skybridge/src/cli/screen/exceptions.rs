//! `skybridge screen except`, `unexcept` and `exceptions`: what is not applied to an agency's texts.

use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::client::{segment, with_query};
use crate::cli::failure::Failure;
use crate::cli::fields::Fields as _;
use crate::cli::session::Session;
use crate::cli::table;
use crate::duration;

/// Have a rule, or a family of them, not applied to one agency's texts, for a while and for a reason
///
/// Holds within a second on every node, and is written into the audit trail. Granted again, its end and reason are the
/// new ones. What refuses card data has no exceptions.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  skybridge screen except PartnerCo --rule sql --for 30d --reason \"books for a school of SQL\""
)]
pub(crate) struct ExceptArgs {
    /// The agency's name
    agency: String,

    /// The rule or family, as `screen refusals` and `screen rules` name it
    #[arg(long)]
    rule: String,

    /// For how long, at most a year
    #[arg(long = "for", value_name = "DURATION", value_parser = duration::parse)]
    lasts: Duration,

    /// Why, for whoever looks at it later
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl ExceptArgs {
    pub(super) fn run(self, session: &Session) -> Result<(), Failure> {
        let path = format!("/admin/v1/agencies/{}/screening-exceptions", segment(&self.agency));
        let wanted =
            json!({ "rule": self.rule, "expires_in_seconds": self.lasts.as_secs(), "reason": self.reason });
        let agency = session.client()?.send("POST", &path, &wanted)?;
        session.show(&agency, |agency| {
            let granted =
                agency.list("screening_exceptions").iter().find(|one| one["rule"] == self.rule.as_str());
            let until = granted.map_or("-".to_owned(), |one| one.moment("until"));
            format!("{} is not applied to texts of {} until {until} (UTC).", self.rule, agency.text("name"))
        })
    }
}

/// Have a rule applied to an agency's texts again, before its exception ends
#[derive(Debug, clap::Args)]
pub(crate) struct UnexceptArgs {
    /// The agency's name
    agency: String,

    /// The rule or family
    #[arg(long)]
    rule: String,
}

impl UnexceptArgs {
    pub(super) fn run(self, session: &Session) -> Result<(), Failure> {
        let (agency, rule) = (segment(&self.agency), segment(&self.rule));
        let path = format!("/admin/v1/agencies/{agency}/screening-exceptions/{rule}");
        let agency = session.client()?.send("DELETE", &path, &json!({}))?;
        session
            .show(&agency, |agency| format!("{} is applied to texts of {}.", self.rule, agency.text("name")))
    }
}

/// Lists them.
pub(super) fn list(agency: Option<String>, session: &Session) -> Result<(), Failure> {
    let path = with_query("/admin/v1/screening/exceptions", &[("agency", agency)]);
    session.show(&session.client()?.get(&path)?, render)
}

fn render(answer: &Value) -> String {
    let rows = answer.list("exceptions").iter().map(|one| {
        let state = if one["holds"] == true { "holds" } else { "ended" };
        [
            one.text("agency"),
            one.text("rule"),
            state.to_owned(),
            one.moment("granted_at"),
            one.moment("until"),
            one.text("reason"),
        ]
    });
    let headings = ["AGENCY", "RULE", "STATE", "GRANTED (UTC)", "UNTIL (UTC)", "REASON"];
    table::of(headings, rows.collect(), "No agency is excepted from anything.")
}
