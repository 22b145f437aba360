//! `skybridge plan`: how fast, how much and how many at once agencies may call.

use clap::Subcommand;
use serde_json::{Value, json};

use super::client::segment;
use super::failure::Failure;
use super::fields::Fields as _;
use super::session::Session;
use super::table;

/// Usage plans: how fast, how much, and how many at once agencies may call
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Set(SetArgs),
    /// List the plans
    List,
}

/// Create a plan, or replace the limits of one
///
/// Agencies on the plan are paced by the new limits at once. What is not given is not limited.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  skybridge plan set basic --rate 10 --burst 20 --quota 10000/day --in-flight 8"
)]
pub(crate) struct SetArgs {
    /// The plan's name
    name: String,

    /// Calls per second in the long run, such as 10 or 0.5
    #[arg(long, value_name = "PER_SECOND")]
    rate: String,

    /// Calls that may come at once after a pause
    #[arg(long, value_name = "CALLS")]
    burst: u32,

    /// Calls per day, week or month in UTC, such as 10000/day
    #[arg(long, value_name = "CALLS/PERIOD")]
    quota: Option<String>,

    /// Calls that may be in progress at the same moment
    #[arg(long, value_name = "CALLS")]
    in_flight: Option<u32>,
}

impl Command {
    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        match self {
            Self::Set(args) => set(&args, session),
            Self::List => list(session),
        }
    }
}

fn set(args: &SetArgs, session: &Session) -> Result<(), Failure> {
    let limits =
        json!({ "rate": args.rate, "burst": args.burst, "quota": args.quota, "in_flight": args.in_flight });
    let path = format!("/admin/v1/plans/{}", segment(&args.name));
    let plan = session.client()?.send("PUT", &path, &limits)?;
    session.show(&plan, |plan| {
        format!("Plan {} now allows {}.\n\n{}", plan.text("name"), limits_in_words(plan), next_step(plan))
    })
}

fn next_step(plan: &Value) -> String {
    format!("Put an agency on it:  skybridge agency create NAME --plan {}", plan.text("name"))
}

/// One sentence's worth of limits.
fn limits_in_words(plan: &Value) -> String {
    let mut words = vec![
        format!("{} calls per second", rate(plan)),
        format!("{} at once after a pause", plan.number("burst")),
    ];
    if plan["quota"].is_string() {
        words.push(quota_in_words(plan));
    }
    if plan["in_flight"].is_u64() {
        words.push(format!("{} in progress", plan.number("in_flight")));
    }
    words.join(", ")
}

/// Calls per second, with or without its unit in the answer.
fn rate(plan: &Value) -> String {
    plan.text("rate").trim_end_matches("/s").to_owned()
}

/// `10000/day` as `10,000 per day`.
fn quota_in_words(plan: &Value) -> String {
    let quota = plan.text("quota");
    match quota.split_once('/').and_then(|(calls, period)| Some((calls.parse().ok()?, period))) {
        Some((calls, period)) => format!("{} per {period}", super::fields::grouped(calls)),
        None => quota,
    }
}

fn list(session: &Session) -> Result<(), Failure> {
    let answer = session.client()?.get("/admin/v1/plans")?;
    session.show(&answer, |answer| {
        let rows = answer.list("plans").iter().map(|plan| {
            let rate = format!("{}/s", rate(plan));
            let quota = quota_in_words(plan);
            [
                plan.text("name"),
                rate,
                plan.number("burst"),
                quota,
                plan.number("in_flight"),
                plan.moment("updated_at"),
            ]
        });
        table::of(
            ["NAME", "RATE", "BURST", "QUOTA", "IN FLIGHT", "CHANGED (UTC)"],
            rows.collect(),
            "There is no plan yet. Create one:  skybridge plan set basic --rate 10 --burst 20",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_read_as_a_sentence() {
        let full = json!({"rate": "10", "burst": 2000, "quota": "10000/day", "in_flight": 8});
        assert_eq!(
            limits_in_words(&full),
            "10 calls per second, 2,000 at once after a pause, 10,000 per day, 8 in progress"
        );
        let bare = json!({"rate": "0.5/s", "burst": 1, "quota": null, "in_flight": null});
        assert_eq!(limits_in_words(&bare), "0.5 calls per second, 1 at once after a pause");
    }
}
