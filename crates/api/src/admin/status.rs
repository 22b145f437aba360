//! `GET /admin/v1/status`, `GET /metrics`, `GET /readyz`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use http::header::{self, HeaderValue};
use serde::Serialize;
use skybridge_domain::time::Timestamp;

use super::{Office, refuse};
use crate::answer;
use crate::problem::Refusal;
use crate::public::health;

pub(super) async fn status(State(office): State<Arc<Office>>) -> Result<Response, Refusal> {
    let size = office.desk.roster_size().await.map_err(refuse::partner)?;
    let started_at = office.settings.started_at;
    Ok(answer::document(
        StatusCode::OK,
        &StatusDocument {
            version: env!("CARGO_PKG_VERSION"),
            store: office.settings.store,
            started_at,
            uptime_seconds: office.desk.now().since(started_at).as_secs(),
            plans: size.plans,
            agencies: size.agencies,
            agencies_with_certificate: size.agencies_with_certificate,
            keys: size.keys,
            keys_without_pepper: office.desk.gate().keys_without_pepper(),
            limits_ahead_seconds: office.desk.limits_ahead().as_secs(),
        },
    ))
}

pub(super) async fn metrics(State(office): State<Arc<Office>>) -> Response {
    let mut answer = Response::new(Body::from((office.settings.metrics)()));
    let media_type = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, media_type);
    answer
}

pub(super) async fn readyz(State(office): State<Arc<Office>>) -> Result<Response, Refusal> {
    health::ready(&office.desk, &office.settings.draining).await
}

#[derive(Serialize)]
struct StatusDocument {
    version: &'static str,
    store: &'static str,
    started_at: Timestamp,
    uptime_seconds: u64,
    plans: usize,
    agencies: usize,
    /// Those that must show a certificate.
    agencies_with_certificate: usize,
    keys: usize,
    keys_without_pepper: usize,
    /// For so long, limits stand still: a clock was ahead.
    limits_ahead_seconds: u64,
}
