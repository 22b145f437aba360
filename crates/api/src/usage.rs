//! How a plan stands, as a document: for the agency itself, and for the airline.

use serde::Serialize;
use skybridge_domain::agency::AgencyName;
use skybridge_domain::time::Timestamp;
use skybridge_gate::{Allowance, PaceSnapshot};

/// What `GET /v1/usage` answers.
#[derive(Serialize)]
pub(crate) struct UsageDocument<'a> {
    agency: &'a str,
    plan: &'a str,
    policies: Vec<PolicyDocument>,
    in_flight: InFlightDocument,
}

#[derive(Serialize)]
struct PolicyDocument {
    name: &'static str,
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
    pub(crate) fn of(agency: &'a AgencyName, pace: &'a PaceSnapshot) -> Self {
        let policies = std::iter::once(pace.burst()).chain(pace.quota());
        Self {
            agency: agency.as_str(),
            plan: pace.plan().name().as_str(),
            policies: policies.map(policy).collect(),
            in_flight: InFlightDocument { limit: pace.plan().in_flight(), current: pace.in_flight() },
        }
    }
}

fn policy(allowance: Allowance) -> PolicyDocument {
    PolicyDocument {
        name: allowance.name,
        limit: allowance.limit,
        used: allowance.used(),
        remaining: allowance.remaining,
        window_seconds: allowance.window_seconds,
        resets_at: allowance.resets_at,
    }
}
