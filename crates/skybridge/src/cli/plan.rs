//! `skybridge plan`: how fast, how much and how many at once agencies may call.

use clap::Subcommand;
use serde_json::{Value, json};
use skybridge_domain::plan::RouteRule;

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
/// Agencies on the plan are paced by the new limits at once, and what they have used stays used. What is not given is
/// not limited; rules for routes that are not given again are gone.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  skybridge plan set basic --rate 10 --burst 20 --quota 10000/day --in-flight 8\n  \
skybridge plan set basic --rate 10 --burst 20 --route \"POST /v1/bookings cost=5 rate=2 burst=10\""
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

    /// A rule for one route: what a call of it costs, and a rate and burst of its own; can be given again
    #[arg(long = "route", value_name = "\"METHOD /PATH cost=N rate=R burst=B\"")]
    routes: Vec<RouteRule>,
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
    let routes: Vec<Value> = args.routes.iter().map(rule).collect();
    let limits = json!({
        "rate": args.rate,
        "burst": args.burst,
        "quota": args.quota,
        "in_flight": args.in_flight,
        "routes": routes,
    });
    let path = format!("/admin/v1/plans/{}", segment(&args.name));
    let plan = session.client()?.send("PUT", &path, &limits)?;
    session.show(&plan, |plan| {
        format!("Plan {} now allows {}.\n\n{}", plan.text("name"), limits_in_words(plan), next_step(plan))
    })
}

fn rule(rule: &RouteRule) -> Value {
    json!({
        "route": rule.operation.as_str(),
        "cost": rule.cost,
        "rate": rule.pace.map(|pace| pace.rate.to_string()),
        "burst": rule.pace.map(|pace| pace.burst),
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
    words.extend(plan.list("routes").iter().map(route_in_words));
    words.join(", ")
}

/// `POST /v1/bookings (counts as 5, 2 per second, 4 at once)`.
fn route_in_words(route: &Value) -> String {
    let mut words = Vec::new();
    if route["cost"] != 1 {
        words.push(format!("counts as {}", route.number("cost")));
    }
    if route["burst"].is_u64() {
        words.push(format!("{} per second, {} at once", rate(route), route.number("burst")));
    }
    format!("{} ({})", route.text("route"), words.join(", "))
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

/// One line for each rule.
fn routes(plan: &Value) -> String {
    let rules: Vec<String> = plan.list("routes").iter().map(route_in_words).collect();
    if rules.is_empty() { "-".to_owned() } else { rules.join("\n") }
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
                routes(plan),
                plan.moment("updated_at"),
            ]
        });
        table::of(
            ["NAME", "RATE", "BURST", "QUOTA", "IN FLIGHT", "ROUTES", "CHANGED (UTC)"],
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
        let with_routes = json!({
            "rate": "10", "burst": 20, "routes": [
                {"route": "GET /v1/bookings", "cost": 5, "rate": null, "burst": null},
                {"route": "POST /v1/bookings", "cost": 1, "rate": "2/s", "burst": 4},
            ],
        });
        assert_eq!(
            limits_in_words(&with_routes),
            "10 calls per second, 20 at once after a pause, GET /v1/bookings (counts as 5), POST /v1/bookings (2 per \
             second, 4 at once)"
        );
        let bare = json!({"rate": "0.5/s", "burst": 1, "quota": null, "in_flight": null});
        assert_eq!(limits_in_words(&bare), "0.5 calls per second, 1 at once after a pause");
    }
}
