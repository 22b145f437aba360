//! Reading what an operator sends.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use http::HeaderMap;
use serde::de::DeserializeOwned;
use skybridge_desk::audit::Operator;
use skybridge_domain::agency::{AgencyName, Reason};
use skybridge_domain::key::KeyId;
use skybridge_domain::plan::PlanName;
use skybridge_screen::card_data;

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

/// An operator's reason. The audit trail keeps it for good, so it may hold no card data.
pub(super) fn reason(text: &str) -> Result<Reason, Refusal> {
    let reason = Reason::parse(text).ok_or_else(|| {
        invalid(format!(
            "A reason takes 1 to {} characters that can be seen, on one line.",
            Reason::CHARS_MAX
        ))
    })?;
    if card_data(text).is_some() {
        return Err(Refusal::new(Code::CardData, "A reason must not hold a card's number or security code."));
    }
    Ok(reason)
}

/// A value that is not one of its kind.
pub(super) fn invalid(detail: String) -> Refusal {
    Refusal::new(Code::InvalidRequest, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_holds_no_card_data() {
        assert!(reason("asked for by their office, order 4711").is_ok());
        for text in ["card 4111111111111111", "4111 1111 1111 1111", "cvv 123"] {
            assert!(reason(text).is_err(), "{text}");
        }
        assert!(reason("").is_err());
    }
}
