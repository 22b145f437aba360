//! `GET /healthz` and `GET /readyz`: is the process alive, and may it be sent requests?

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::json;
use skybridge_desk::Desk;

use super::Door;
use crate::draining::Draining;
use crate::openapi::schemas::Health;
use crate::problem::{Code, Refusal};
use crate::{answer, refuse};

/// Is the process alive?
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "Service",
    responses((status = 200, description = "The process answers", body = Health)),
)]
pub(crate) async fn healthz() -> Response {
    answer::document(StatusCode::OK, &json!({ "status": "ok" }))
}

/// May requests be sent here?
///
/// 503 while the store does not answer, and once the program has begun to shut down.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "Service",
    responses((status = 200, description = "The store answers", body = Health)),
)]
pub(super) async fn readyz(State(door): State<Arc<Door>>) -> Result<Response, Refusal> {
    ready(&door.desk, &door.draining).await
}

/// The answer of both listeners.
pub(crate) async fn ready(desk: &Desk, draining: &Draining) -> Result<Response, Refusal> {
    if draining.begun() {
        let detail = "The program is shutting down; send requests to another.";
        return Err(Refusal::new(Code::Draining, detail).retry_after(1));
    }
    desk.ready().await.map_err(refuse::store)?;
    Ok(answer::document(StatusCode::OK, &json!({ "status": "ready" })))
}
