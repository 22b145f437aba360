//! Reading what an operator sends.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use http::HeaderMap;
use serde::de::DeserializeOwned;
use skybridge_desk::audit::Operator;
use skybridge_domain::agency::AgencyName;
use skybridge_domain::key::KeyId;
use skybridge_domain::plan::PlanName;

use crate::body;
use crate::problem::{Code, Refusal};

/// How long an operator's body may take to arrive.
const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// A JSON body as `T`; whatever `T` does not know is refused.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Refusal> {
        body::require_json(request.headers())?;
        let body = body::read(request, BODY_DEADLINE).await?;
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            if error.is_data() {
                Refusal::new(Code::InvalidRequest, format!("The body is not what is needed here: {error}."))
            } else {
                Refusal::new(Code::MalformedJson, format!("The body is not JSON: {error}."))
            }
        })
    }
}

/// Who works: what the caller says of itself in `X-SkyBridge-Operator`.
pub(super) fn operator(headers: &HeaderMap) -> Operator {
    let name = headers.get("x-skybridge-operator").and_then(|value| value.to_str().ok());
    Operator::named(name.unwrap_or(""))
}

pub(super) fn agency_name(text: &str) -> Result<AgencyName, Refusal> {
    AgencyName::new(text).map_err(|error| invalid(format!("{text:?} is not a name: {error}.")))
}

pub(super) fn plan_name(text: &str) -> Result<PlanName, Refusal> {
    PlanName::new(text).map_err(|error| invalid(format!("{error}.")))
}

pub(super) fn key_id(text: &str) -> Result<KeyId, Refusal> {
    KeyId::parse(text).ok_or_else(|| Refusal::new(Code::NotFound, format!("There is no key {text:?}.")))
}

/// A value that is not one of its kind.
pub(super) fn invalid(detail: String) -> Refusal {
    Refusal::new(Code::InvalidRequest, detail)
}
