//! `/admin/v1/screening` and an agency's exceptions from it: what is loaded, what was found lately, what is not applied
//! to whom.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use skybridge_domain::agency::{Agency, RuleName, ScreeningException};
use skybridge_domain::time::Timestamp;

use super::agencies::AgencyDocument;
use super::request::{JsonBody, agency_name, invalid, operator, reason};
use super::{Office, refuse};
use crate::answer;
use crate::path::Segment;
use crate::problem::Refusal;
use crate::query::QueryMembers;
use crate::screening::Entry;

/// An exception lasts at most a year: whoever still needs it then looks at it again.
const SECONDS_MAX: u64 = 366 * 86_400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExceptionBody {
    rule: String,
    expires_in_seconds: u64,
    reason: String,
}

/// What is loaded.
pub(super) async fn show_screening(State(office): State<Arc<Office>>) -> Response {
    answer::document(StatusCode::OK, &office.settings.screening.described())
}

/// What was found lately, newest first: what was refused, and with `counted=true` also what was only counted.
pub(super) async fn list_refusals(
    State(office): State<Arc<Office>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let mut members = QueryMembers::read(query.as_deref())?;
    let limit = members.limit(50, 512)?;
    let agency = members.take("agency").map(|name| agency_name(&name)).transpose()?;
    let counted = members.parsed("counted", "true or false", |word| word.parse().ok())?.unwrap_or(false);
    let request_id = members.take("request_id");
    members.finish()?;
    let wanted = |entry: &Entry| {
        (counted || entry.code.is_some())
            && agency.as_ref().is_none_or(|agency| entry.agency.as_deref() == Some(agency.as_str()))
            && request_id.as_ref().is_none_or(|id| *id == entry.request_id)
    };
    let refusals = office.settings.screening.recent().newest(limit, wanted);
    Ok(answer::document(StatusCode::OK, &RefusalsDocument { refusals }))
}

/// All agencies' exceptions, or one agency's.
pub(super) async fn list_exceptions(
    State(office): State<Arc<Office>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let mut members = QueryMembers::read(query.as_deref())?;
    let agency = members.take("agency").map(|name| agency_name(&name)).transpose()?;
    members.finish()?;
    let agencies = match agency {
        Some(name) => vec![office.desk.agency(&name).await.map_err(refuse::partner)?],
        None => office.desk.agencies().await.map_err(refuse::partner)?,
    };
    let now = office.desk.now();
    let each = agencies.iter().flat_map(|agency| agency.exceptions.iter().map(move |one| (agency, one)));
    let exceptions = each.map(|(agency, one)| ExceptionDocument::of(one, agency, now)).collect();
    Ok(answer::document(StatusCode::OK, &ExceptionsDocument { exceptions }))
}

pub(super) async fn except_agency(
    State(office): State<Arc<Office>>,
    Segment(name): Segment,
    headers: HeaderMap,
    JsonBody(body): JsonBody<ExceptionBody>,
) -> Result<Response, Refusal> {
    let rule = rule(&body.rule)?;
    if !office.settings.screening.knows(rule.as_str()) {
        return Err(invalid(format!(
            "No rule or family called {rule} is loaded here; `skybridge screen rules` lists those that are. What refuses \
             card data has no exceptions."
        )));
    }
    let reason = reason(&body.reason)?;
    if !(1..=SECONDS_MAX).contains(&body.expires_in_seconds) {
        return Err(invalid(
            "An exception lasts 1 second to 366 days; whoever needs it then grants it anew.".to_owned(),
        ));
    }
    let lasts = Duration::from_secs(body.expires_in_seconds);
    let name = agency_name(&name)?;
    let changed = office.desk.except_from_screening(&operator(&headers), &name, rule, lasts, reason).await;
    Ok(answer::document(StatusCode::CREATED, &AgencyDocument::of(&changed.map_err(refuse::partner)?)))
}

pub(super) async fn screen_agency_again(
    State(office): State<Arc<Office>>,
    Path((name, excepted)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (name, rule) = (agency_name(&name)?, rule(&excepted)?);
    let changed = office.desk.screen_again(&operator(&headers), &name, &rule).await;
    Ok(answer::document(StatusCode::OK, &AgencyDocument::of(&changed.map_err(refuse::partner)?)))
}

fn rule(text: &str) -> Result<RuleName, Refusal> {
    RuleName::parse(text).ok_or_else(|| {
        invalid(format!("A rule is named by 1 to {} letters, digits and - _ . : /", RuleName::CHARS_MAX))
    })
}

#[derive(Serialize)]
struct RefusalsDocument {
    refusals: Vec<Entry>,
}

#[derive(Serialize)]
struct ExceptionsDocument<'a> {
    exceptions: Vec<ExceptionDocument<'a>>,
}

#[derive(Serialize)]
struct ExceptionDocument<'a> {
    agency: &'a str,
    rule: &'a str,
    granted_at: Timestamp,
    until: Timestamp,
    holds: bool,
    reason: &'a str,
}

impl<'a> ExceptionDocument<'a> {
    fn of(one: &'a ScreeningException, agency: &'a Agency, now: Timestamp) -> Self {
        let ScreeningException { rule, until, granted_at, reason } = one;
        let (agency, rule, reason) = (agency.name.as_str(), rule.as_str(), reason.as_str());
        Self { agency, rule, granted_at: *granted_at, until: *until, holds: one.holds(now), reason }
    }
}
