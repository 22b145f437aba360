//! `GET /admin/v1/audit`: who changed what, newest first.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use skybridge_desk::audit::Entry;
use skybridge_domain::time::Timestamp;

use super::{Office, refuse};
use crate::answer;
use crate::problem::Refusal;
use crate::query::QueryMembers;

pub(super) async fn list_entries(
    State(office): State<Arc<Office>>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refusal> {
    let mut members = QueryMembers::read(query.as_deref())?;
    let (limit, cursor) = (members.limit(50, 500)?, members.take("cursor"));
    members.finish()?;
    let page = office.desk.audit(limit, cursor.as_deref()).await.map_err(refuse::audit)?;
    let entries = page.entries.iter().map(EntryDocument::of).collect();
    Ok(answer::document(StatusCode::OK, &AuditDocument { entries, next_cursor: page.next_cursor.as_deref() }))
}

#[derive(Serialize)]
struct AuditDocument<'a> {
    entries: Vec<EntryDocument<'a>>,
    next_cursor: Option<&'a str>,
}

#[derive(Serialize)]
struct EntryDocument<'a> {
    at: Timestamp,
    actor: &'a str,
    action: &'a str,
    subject: &'a str,
    detail: &'a str,
}

impl<'a> EntryDocument<'a> {
    fn of(entry: &'a Entry) -> Self {
        Self {
            at: entry.at,
            actor: entry.operator.as_str(),
            action: &entry.action,
            subject: &entry.subject,
            detail: &entry.detail,
        }
    }
}
