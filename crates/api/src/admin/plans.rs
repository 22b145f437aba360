//! `PUT /admin/v1/plans/{name}`, `GET /admin/v1/plans`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use skybridge_desk::partners::PlanEntry;
use skybridge_domain::operation::Operation;
use skybridge_domain::plan::{Plan, Quota, Rate, RoutePace, RouteRule};
use skybridge_domain::time::Timestamp;

use super::request::{JsonBody, invalid, operator, plan_name};
use super::{Office, refuse};
use crate::answer;
use crate::path::Segment;
use crate::problem::Refusal;
use crate::public::paced_operations;

/// A plan as an operator writes it: `rate` per second as `"10"` or `"0.5"`, `quota` as `"10000/day"`. What is left out
/// is not limited, and routes that are left out have no rules any more.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanBody {
    rate: String,
    burst: u32,
    quota: Option<String>,
    in_flight: Option<u32>,
    #[serde(default)]
    routes: Vec<RouteBody>,
}

/// A rule for a route: `route` as `"POST /v1/bookings"`, what a call costs, and a rate and burst of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteBody {
    route: String,
    cost: Option<u32>,
    rate: Option<String>,
    burst: Option<u32>,
}

impl RouteBody {
    fn rule(self, paced: &[Operation]) -> Result<RouteRule, Refusal> {
        let Some(operation) = paced.iter().find(|operation| operation.as_str() == self.route) else {
            let known: Vec<&str> = paced.iter().map(Operation::as_str).collect();
            let (route, known) = (&self.route, known.join(", "));
            return Err(invalid(format!("There is no route {route:?}. A plan can have rules for: {known}.")));
        };
        let rate = self.rate.as_deref().map(Rate::parse).transpose();
        let rate = rate.map_err(|error| invalid(format!("{error}.")))?;
        let pace = RoutePace::of(rate, self.burst).ok_or_else(|| {
            invalid(format!("{operation} has a rate or a burst, but not the other; give both or none."))
        })?;
        Ok(RouteRule { operation: operation.clone(), cost: self.cost.unwrap_or(1), pace })
    }
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
    let paced: &[Operation] =
        if body.routes.is_empty() { &[] } else { office.paced.get_or_init(paced_operations) };
    let routes = body.routes.into_iter().map(|route| route.rule(paced)).collect::<Result<_, _>>()?;
    let plan = Plan::new(plan_name(&name)?, rate, body.burst, quota, body.in_flight)
        .and_then(|plan| plan.with_routes(routes))
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
    routes: Vec<RouteDocument<'a>>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize)]
struct RouteDocument<'a> {
    route: &'a str,
    cost: u32,
    rate: Option<String>,
    burst: Option<u32>,
}

impl<'a> RouteDocument<'a> {
    fn of(rule: &'a RouteRule) -> Self {
        Self {
            route: rule.operation.as_str(),
            cost: rule.cost,
            rate: rule.pace.map(|pace| pace.rate.to_string()),
            burst: rule.pace.map(|pace| pace.burst),
        }
    }
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
            routes: plan.routes().iter().map(RouteDocument::of).collect(),
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}
