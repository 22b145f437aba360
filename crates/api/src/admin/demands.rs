//! `/admin/v1/agencies/{name}/requirement` and `/admin/v1/agencies/{name}/certificates`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use skybridge_domain::agency::Requirement;
use skybridge_domain::certificate::Fingerprint;

use super::agencies::AgencyDocument;
use super::request::{JsonBody, agency_name, invalid, operator};
use super::{Office, refuse};
use crate::answer;
use crate::path::Segment;
use crate::problem::Refusal;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequirementBody {
    requires: String,
}

/// A certificate in PEM, or its fingerprint.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CertificateBody {
    certificate: String,
}

pub(super) async fn require_of_agency(
    State(office): State<Arc<Office>>,
    Segment(name): Segment,
    headers: HeaderMap,
    JsonBody(body): JsonBody<RequirementBody>,
) -> Result<Response, Refusal> {
    let requirement = Requirement::parse(&body.requires).ok_or_else(|| {
        let given = &body.requires;
        invalid(format!("{given:?} is no requirement; none, signature, certificate and both are."))
    })?;
    let changed = office.desk.require_of_agency(&operator(&headers), &agency_name(&name)?, requirement).await;
    Ok(answer::document(StatusCode::OK, &AgencyDocument::of(&changed.map_err(refuse::partner)?)))
}

pub(super) async fn pin_certificate(
    State(office): State<Arc<Office>>,
    Segment(name): Segment,
    headers: HeaderMap,
    JsonBody(body): JsonBody<CertificateBody>,
) -> Result<Response, Refusal> {
    let fingerprint = fingerprint(&body.certificate)?;
    let changed = office.desk.pin_certificate(&operator(&headers), &agency_name(&name)?, fingerprint).await;
    Ok(answer::document(StatusCode::OK, &AgencyDocument::of(&changed.map_err(refuse::partner)?)))
}

pub(super) async fn unpin_certificate(
    State(office): State<Arc<Office>>,
    Path((name, pinned)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let fingerprint = fingerprint(&pinned)?;
    let changed = office.desk.unpin_certificate(&operator(&headers), &agency_name(&name)?, fingerprint).await;
    Ok(answer::document(StatusCode::OK, &AgencyDocument::of(&changed.map_err(refuse::partner)?)))
}

fn fingerprint(text: &str) -> Result<Fingerprint, Refusal> {
    Fingerprint::parse(text).map_err(|error| invalid(format!("The certificate {error}.")))
}
