//! `/admin/v1/agencies` and what stands below one agency, but its keys.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use skybridge_desk::partners::PartnerError;
use skybridge_domain::agency::{Agency, ScreeningException, Standing};
use skybridge_domain::certificate::PinnedCertificate;
use skybridge_domain::time::Timestamp;

use super::request::{JsonBody, agency_name, operator, plan_name};
use super::{Office, refuse};
use crate::answer;
use crate::path::Segment;
use crate::problem::Refusal;
use crate::usage::UsageDocument;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgencyBody {
    name: String,
    plan: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanChoice {
    plan: String,
}

pub(super) async fn create_agency(
    State(office): State<Arc<Office>>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<AgencyBody>,
) -> Result<Response, Refusal> {
    let (name, plan) = (agency_name(&body.name)?, plan_name(&body.plan)?);
    let agency = office.desk.create_agency(&operator(&headers), name, plan).await.map_err(refuse::partner)?;
    Ok(answer::document(StatusCode::CREATED, &AgencyDocument::of(&agency)))
}

pub(super) async fn list_agencies(State(office): State<Arc<Office>>) -> Result<Response, Refusal> {
    let agencies = office.desk.agencies().await.map_err(refuse::partner)?;
    let agencies = agencies.iter().map(AgencyDocument::of).collect();
    Ok(answer::document(StatusCode::OK, &AgenciesDocument { agencies }))
}

pub(super) async fn show_agency(
    State(office): State<Arc<Office>>,
    Segment(name): Segment,
) -> Result<Response, Refusal> {
    let agency = office.desk.agency(&agency_name(&name)?).await.map_err(refuse::partner)?;
    Ok(answer::document(StatusCode::OK, &AgencyDocument::of(&agency)))
}

pub(super) async fn suspend_agency(
    State(office): State<Arc<Office>>,
    Segment(name): Segment,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let name = agency_name(&name)?;
    let agency = office.desk.suspend_agency(&operator(&headers), &name).await.map_err(refuse::partner)?;
    Ok(answer::document(StatusCode::OK, &AgencyDocument::of(&agency)))
}

pub(super) async fn resume_agency(
    State(office): State<Arc<Office>>,
    Segment(name): Segment,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let name = agency_name(&name)?;
    let agency = office.desk.resume_agency(&operator(&headers), &name).await.map_err(refuse::partner)?;
    Ok(answer::document(StatusCode::OK, &AgencyDocument::of(&agency)))
}

pub(super) async fn put_agency_on_plan(
    State(office): State<Arc<Office>>,
    Segment(name): Segment,
    headers: HeaderMap,
    JsonBody(body): JsonBody<PlanChoice>,
) -> Result<Response, Refusal> {
    let (name, plan) = (agency_name(&name)?, plan_name(&body.plan)?);
    let changed = office.desk.put_agency_on_plan(&operator(&headers), &name, &plan).await;
    Ok(answer::document(StatusCode::OK, &AgencyDocument::of(&changed.map_err(refuse::partner)?)))
}

pub(super) async fn show_usage(
    State(office): State<Arc<Office>>,
    Segment(name): Segment,
) -> Result<Response, Refusal> {
    let name = agency_name(&name)?;
    let usage = office.desk.usage(&name).await.map_err(PartnerError::from);
    let usage = usage.and_then(|usage| usage.ok_or_else(|| PartnerError::AgencyNotFound(name.clone())));
    let usage = usage.map_err(refuse::partner)?;
    Ok(answer::document(StatusCode::OK, &UsageDocument::of(&name, &usage)))
}

#[derive(Serialize)]
struct AgenciesDocument<'a> {
    agencies: Vec<AgencyDocument<'a>>,
}

#[derive(Serialize)]
pub(super) struct AgencyDocument<'a> {
    name: &'a str,
    plan: &'a str,
    status: &'static str,
    created_at: Timestamp,
    suspended_at: Option<Timestamp>,
    requires: &'static str,
    certificates: Vec<CertificateDocument>,
    screening_exceptions: Vec<ExceptionDocument<'a>>,
}

/// A rule of screening that is not applied to the agency's texts.
#[derive(Serialize)]
struct ExceptionDocument<'a> {
    rule: &'a str,
    granted_at: Timestamp,
    until: Timestamp,
    reason: &'a str,
}

/// A certificate that counts as the agency's, by the SHA-256 of its DER.
#[derive(Serialize)]
struct CertificateDocument {
    sha256: String,
    pinned_at: Timestamp,
}

impl<'a> AgencyDocument<'a> {
    pub(super) fn of(agency: &'a Agency) -> Self {
        let (status, suspended_at) = match agency.standing {
            Standing::Active => ("ACTIVE", None),
            Standing::Suspended { at } => ("SUSPENDED", Some(at)),
        };
        let (name, plan) = (agency.name.as_str(), agency.plan.as_str());
        let pinned = agency.demands.certificates.iter();
        let certificate = |one: &PinnedCertificate| CertificateDocument {
            sha256: one.fingerprint.to_string(),
            pinned_at: one.pinned_at,
        };
        let certificates = pinned.map(certificate).collect();
        let requires = agency.demands.requirement.as_str();
        let exception = |one: &'a ScreeningException| ExceptionDocument {
            rule: one.rule.as_str(),
            granted_at: one.granted_at,
            until: one.until,
            reason: one.reason.as_str(),
        };
        let screening_exceptions = agency.exceptions.iter().map(exception).collect();
        let created_at = agency.created_at;
        Self { name, plan, status, created_at, suspended_at, requires, certificates, screening_exceptions }
    }
}
