//! `GET /v1/usage`: what is left of the agency's plan.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::Door;
use crate::answer;
use crate::openapi::schemas::Usage;
use crate::pipeline::Permitted;
use crate::problem::Refusal;
use crate::refuse;
use crate::usage::UsageDocument;

/// Show the plan's use
///
/// What the agency's plan allows, what is used of it, and when it is whole again; for routes with rules of their own,
/// what a call costs and what its own limit is. All keys of an agency share its limits; this call counts as any other.
#[utoipa::path(
    get,
    path = "/v1/usage",
    tag = "Usage",
    security(("api_key" = ["usage:read"])),
    responses((status = 200, description = "Limits and what is left of them", body = Usage)),
)]
pub(super) async fn usage(State(door): State<Arc<Door>>, permitted: Permitted) -> Result<Response, Refusal> {
    let caller = permitted.caller();
    let usage = door.desk.usage(caller.agency()).await.map_err(refuse::store)?;
    let usage = usage.ok_or_else(|| Refusal::internal("a caller's agency is not known to the gate"))?;
    Ok(answer::document(StatusCode::OK, &UsageDocument::of(caller.agency(), &usage)))
}
