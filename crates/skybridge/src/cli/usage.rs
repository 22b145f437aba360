//! `skybridge usage`: what an agency has used of its plan.

use serde_json::Value;

use super::client::segment;
use super::failure::Failure;
use super::fields::Fields as _;
use super::session::Session;
use super::table;
use crate::duration;

/// Show what an agency has used of its plan, and what is left
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The agency's name
    agency: String,
}

impl Args {
    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        let path = format!("/admin/v1/agencies/{}/usage", segment(&self.agency));
        let usage = session.client()?.get(&path)?;
        session.show(&usage, render)
    }
}

fn render(usage: &Value) -> String {
    let mut rows: Vec<[String; 6]> = usage.list("policies").iter().map(limit_row).collect();
    rows.extend(
        usage
            .list("routes")
            .iter()
            .filter(|route| route["policy"].is_object())
            .map(|route| limit_row(&route["policy"])),
    );
    if let Some(row) = in_flight(&usage["in_flight"]) {
        rows.push(row);
    }
    let headings = ["LIMIT", "ALLOWED", "USED", "LEFT", "WINDOW", "RESETS (UTC)"];
    let limits = table::of(headings, rows, "The plan sets no limit.");
    let costs = costs(usage);
    format!("{} is on plan {}.\n\n{limits}{costs}", usage.text("agency"), usage.text("plan"))
}

fn limit_row(policy: &Value) -> [String; 6] {
    let window = policy["window_seconds"].as_u64().map(std::time::Duration::from_secs);
    [
        policy.text("name"),
        policy.number("limit"),
        policy.number("used"),
        policy.number("remaining"),
        window.map_or_else(|| "-".to_owned(), duration::words),
        policy.moment("resets_at"),
    ]
}

/// What calls of some routes count as, where that is not one.
fn costs(usage: &Value) -> String {
    let line =
        |route: &Value| format!("\nA call of {} counts as {}.", route.text("route"), route.number("cost"));
    let lines: String = usage.list("routes").iter().filter(|route| route["cost"] != 1).map(line).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

fn in_flight(limit: &Value) -> Option<[String; 6]> {
    let allowed = limit["limit"].as_u64()?;
    let left = limit["current"].as_u64().map(|current| allowed.saturating_sub(current).to_string());
    let none = || "-".to_owned();
    Some([
        "in flight".to_owned(),
        limit.number("limit"),
        limit.number("current"),
        left.unwrap_or_else(none),
        none(),
        none(),
    ])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn usage_is_one_row_per_limit() {
        let text = render(&json!({
            "agency": "PartnerCo", "plan": "demo",
            "policies": [
                {"name": "burst", "limit": 100, "used": 1, "remaining": 99, "window_seconds": 2},
                {"name": "day", "limit": 100_000, "used": 10, "remaining": 99_990, "window_seconds": 86_400,
                 "resets_at": "2027-03-15T00:00:00.000Z"},
            ],
            "in_flight": {"limit": 50, "current": 1},
            "routes": [
                {"route": "GET /v1/bookings", "cost": 5, "policy": null},
                {"route": "POST /booking", "cost": 1, "policy":
                    {"name": "POST /booking", "limit": 4, "used": 1, "remaining": 3, "window_seconds": 2}},
            ],
        }));
        assert_eq!(
            text,
            "PartnerCo is on plan demo.\n\n\
             LIMIT          ALLOWED  USED  LEFT    WINDOW  RESETS (UTC)\n\
             burst          100      1     99      2s      -\n\
             day            100,000  10    99,990  1d      2027-03-15 00:00:00\n\
             POST /booking  4        1     3       2s      -\n\
             in flight      50       1     49      -       -\n\n\
             A call of GET /v1/bookings counts as 5."
        );
    }

    #[test]
    fn a_plan_without_limits_says_so() {
        assert!(render(&json!({"agency": "A", "plan": "p"})).contains("sets no limit"));
    }
}
