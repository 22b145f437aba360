//! `PUT /admin/v1/plans/{name}`, `GET /admin/v1/plans`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use skybridge_desk::partners::PlanEntry;
use skybridge_domain::plan::{Plan, Quota, Rate};
use skybridge_domain::time::Timestamp;

use super::request::{JsonBody, invalid, operator, plan_name};
use super::{Office, refuse};
use crate::answer;
use crate::path::Segment;
use crate::problem::Refusal;

/// A plan as an operator writes it: `rate` per second as `"10"` or `"0.5"`, `quota` as `"10000/day"`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanBody {
    rate: String,
    burst: u32,
    quota: Option<String>,
    in_flight: Option<u32>,
}

pub(super) async fn set_plan(
    State(office): State<Arc<Office>>,
    Segment(name): Segment,
    headers: HeaderMap,
    JsonBody(body): JsonBody<PlanBody>,
) -> Result<Response, Refusal> {
    let rate = Rate::parse(&body.rate).map_err(|error| invalid(format!("{error}.")))?;
    let quota = body.quota.as_deref().map(Quota::parse).transpose();
    let quota = quota.map_err(|error| invalid(format!("{error}.")))?;
    let plan = Plan::new(plan_name(&name)?, rate, body.burst, quota, body.in_flight)
        .map_err(|error| invalid(format!("{error}.")))?;
    let entry = office.desk.set_plan(&operator(&headers), plan).await.map_err(refuse::partner)?;
    let status = if entry.created_at == entry.updated_at { StatusCode::CREATED } else { StatusCode::OK };
    Ok(answer::document(status, &PlanDocument::of(&entry)))
}

pub(super) async fn list_plans(State(office): State<Arc<Office>>) -> Result<Response, Refusal> {
    let entries = office.desk.plans().await.map_err(refuse::partner)?;
    let plans = entries.iter().map(PlanDocument::of).collect();
    Ok(answer::document(StatusCode::OK, &PlansDocument { plans }))
}

#[derive(Serialize)]
struct PlansDocument<'a> {
    plans: Vec<PlanDocument<'a>>,
}

#[derive(Serialize)]
struct PlanDocument<'a> {
    name: &'a str,
    rate: String,
    burst: u32,
    quota: Option<String>,
    in_flight: Option<u32>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl<'a> PlanDocument<'a> {
    fn of(entry: &'a PlanEntry) -> Self {
        let plan = &entry.plan;
        Self {
            name: plan.name().as_str(),
            rate: plan.rate().to_string(),
            burst: plan.burst(),
            quota: plan.quota().map(|quota| quota.to_string()),
            in_flight: plan.in_flight(),
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}
