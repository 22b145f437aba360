//! How a plan stands, as a document: for the agency itself, and for the airline.

use serde::Serialize;
use skybridge_desk::{RouteUsage, Usage};
use skybridge_domain::agency::AgencyName;
use skybridge_domain::time::Timestamp;
use skybridge_gate::Allowance;

/// What `GET /v1/usage` answers.
#[derive(Serialize)]
pub(crate) struct UsageDocument<'a> {
    agency: &'a str,
    plan: &'a str,
    policies: Vec<PolicyDocument<'a>>,
    in_flight: InFlightDocument,
    routes: Vec<RouteDocument<'a>>,
}

#[derive(Serialize)]
struct RouteDocument<'a> {
    route: &'a str,
    cost: u32,
    policy: Option<PolicyDocument<'a>>,
}

#[derive(Serialize)]
struct PolicyDocument<'a> {
    name: &'a str,
    limit: u64,
    used: u64,
    remaining: u64,
    window_seconds: u64,
    resets_at: Timestamp,
}

#[derive(Serialize)]
struct InFlightDocument {
    limit: Option<u32>,
    current: u32,
}

impl<'a> UsageDocument<'a> {
    pub(crate) fn of(agency: &'a AgencyName, usage: &'a Usage) -> Self {
        let pace = &usage.plan;
        let policies = std::iter::once(pace.burst()).chain(pace.quota());
        let route = |route: &'a RouteUsage| RouteDocument {
            route: route.operation.as_str(),
            cost: route.cost,
            policy: route.own.as_ref().map(|own| policy(own.burst())),
        };
        Self {
            agency: agency.as_str(),
            plan: pace.plan().name().as_str(),
            policies: policies.map(policy).collect(),
            in_flight: InFlightDocument { limit: pace.plan().in_flight(), current: pace.in_flight() },
            routes: usage.routes.iter().map(route).collect(),
        }
    }
}

fn policy(allowance: Allowance<'_>) -> PolicyDocument<'_> {
    PolicyDocument {
        name: allowance.name,
        limit: allowance.limit,
        used: allowance.used(),
        remaining: allowance.remaining,
        window_seconds: allowance.window_seconds,
        resets_at: allowance.resets_at,
    }
}
