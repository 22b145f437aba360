//! `/admin/v1/agencies/{name}/keys` and `/admin/v1/keys/{key_id}`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use skybridge_desk::partners::{IssuedKey, KeyRequest};
use skybridge_domain::booking::can_be_shown;
use skybridge_domain::key::{Algorithm, Key, KeyId, Mode, Scope, Scopes};
use skybridge_domain::time::Timestamp;

use super::request::{JsonBody, agency_name, invalid, key_id, operator};
use super::{Office, refuse};
use crate::answer;
use crate::path::Segment;
use crate::problem::Refusal;

/// A key as an operator asks for it. Without `scopes` it may do everything; without `allowed_cidrs` it may be
/// used from everywhere; without `expires_in_seconds` it holds for good.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyBody {
    pub(super) name: Option<String>,
    pub(super) mode: Option<String>,
    pub(super) scopes: Option<Vec<String>>,
    #[serde(default)]
    pub(super) allowed_cidrs: Vec<String>,
    pub(super) expires_in_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RotationBody {
    grace_seconds: u64,
}

const NAME_CHARS_MAX: usize = 64;
const CIDRS_MAX: usize = 64;
/// A hundred years: what is longer is meant as "for good".
const SECONDS_MAX: u64 = 3_155_760_000;

impl KeyBody {
    pub(super) fn request(self) -> Result<KeyRequest, Refusal> {
        let name_fits = self.name.as_ref().is_none_or(|name| {
            (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && name.chars().all(can_be_shown)
        });
        if !name_fits {
            return Err(invalid(format!(
                "A key's name takes 1 to {NAME_CHARS_MAX} characters that can be seen."
            )));
        }
        if self.allowed_cidrs.len() > CIDRS_MAX {
            return Err(invalid(format!("A key takes at most {CIDRS_MAX} CIDRs.")));
        }
        Ok(KeyRequest {
            mode: mode(self.mode.as_deref())?,
            name: self.name,
            scopes: scopes(self.scopes)?,
            allowed_cidrs: self.allowed_cidrs.iter().map(|text| cidr(text)).collect::<Result<_, _>>()?,
            expires_in: self.expires_in_seconds.map(seconds).transpose()?,
        })
    }
}

fn mode(word: Option<&str>) -> Result<Mode, Refusal> {
    let word = word.unwrap_or("live");
    Mode::parse(word).ok_or_else(|| invalid(format!("{word:?} is not a mode; live and test are.")))
}

fn scopes(words: Option<Vec<String>>) -> Result<Scopes, Refusal> {
    let Some(words) = words else { return Ok(Scopes::ALL) };
    if words.is_empty() {
        return Err(invalid(
            "A key without scopes could do nothing; leave them out for all of them.".to_owned(),
        ));
    }
    words.iter().map(|word| word.parse::<Scope>().map_err(|error| invalid(format!("{error}.")))).collect()
}

fn cidr(text: &str) -> Result<IpNet, Refusal> {
    let network =
        text.parse::<IpNet>().or_else(|_| text.parse().map(|address: std::net::IpAddr| address.into()));
    network.map(|network| network.trunc()).map_err(|_| {
        invalid(format!("{text:?} is not a CIDR such as 192.0.2.0/24 or 2001:db8::/48, nor an address."))
    })
}

fn seconds(seconds: u64) -> Result<Duration, Refusal> {
    if (1..=SECONDS_MAX).contains(&seconds) {
        Ok(Duration::from_secs(seconds))
    } else {
        Err(invalid(
            "A key expires after 1 second to 100 years; leave it out for a key that does not.".to_owned(),
        ))
    }
}

pub(super) fn grace(seconds: u64) -> Result<Duration, Refusal> {
    let within = seconds <= SECONDS_MAX;
    within
        .then(|| Duration::from_secs(seconds))
        .ok_or_else(|| invalid("The grace is at most 100 years.".to_owned()))
}

pub(super) async fn issue_key(
    State(office): State<Arc<Office>>,
    Segment(agency): Segment,
    headers: HeaderMap,
    JsonBody(body): JsonBody<KeyBody>,
) -> Result<Response, Refusal> {
    let agency = agency_name(&agency)?;
    let issued = office.desk.issue_key(&operator(&headers), &agency, body.request()?).await;
    Ok(answer::document(StatusCode::CREATED, &IssuedDocument::of(&issued.map_err(refuse::partner)?, None)))
}

pub(super) async fn list_keys(
    State(office): State<Arc<Office>>,
    Segment(agency): Segment,
) -> Result<Response, Refusal> {
    let agency = agency_name(&agency)?;
    let mut keys = office.desk.keys_of(&agency).await.map_err(refuse::partner)?;
    keys.retain(|key| key.proof.algorithm().is_none());
    let uses = office.desk.last_uses(&agency, &keys).await.map_err(crate::refuse::store)?;
    let now = office.desk.now();
    let keys = keys.iter().map(|key| KeyDocument::of(key, uses.get(&key.id).copied(), now)).collect();
    Ok(answer::document(StatusCode::OK, &KeysDocument { keys }))
}

pub(super) async fn rotate_key(
    State(office): State<Arc<Office>>,
    Segment(id): Segment,
    headers: HeaderMap,
    JsonBody(body): JsonBody<RotationBody>,
) -> Result<Response, Refusal> {
    let grace = grace(body.grace_seconds)?;
    let rotation = office.desk.rotate_key(&operator(&headers), key_id(&id)?, grace).await;
    let rotation = rotation.map_err(refuse::partner)?;
    Ok(answer::document(StatusCode::CREATED, &IssuedDocument::of(&rotation.issued, Some(&rotation.replaced))))
}

pub(super) async fn revoke_key(
    State(office): State<Arc<Office>>,
    Segment(id): Segment,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let key = office.desk.revoke_key(&operator(&headers), key_id(&id)?).await.map_err(refuse::partner)?;
    let uses = office.desk.last_uses(&key.agency, std::slice::from_ref(&key)).await;
    let last_use = uses.map_err(crate::refuse::store)?.get(&key.id).copied();
    Ok(answer::document(StatusCode::OK, &KeyDocument::of(&key, last_use, office.desk.now())))
}

#[derive(Serialize)]
pub(super) struct KeysDocument<'a> {
    pub(super) keys: Vec<KeyDocument<'a>>,
}

/// What is kept of a key; never its secret, nor the secret's hash.
#[derive(Serialize)]
pub(super) struct KeyDocument<'a> {
    key_id: &'a str,
    agency: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<&'static str>,
    mode: &'static str,
    name: Option<&'a str>,
    status: &'static str,
    scopes: Vec<&'static str>,
    allowed_cidrs: &'a [IpNet],
    created_at: Timestamp,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
    rotated_at: Option<Timestamp>,
    replaced_by: Option<&'a str>,
    rotated_from: Option<&'a str>,
}

impl<'a> KeyDocument<'a> {
    pub(super) fn of(key: &'a Key, last_used_at: Option<Timestamp>, now: Timestamp) -> Self {
        Self {
            key_id: key.id.as_str(),
            agency: key.agency.as_str(),
            algorithm: key.proof.algorithm().map(Algorithm::as_str),
            mode: key.mode.as_str(),
            name: key.name.as_deref(),
            status: key.state(now).as_str(),
            scopes: key.scopes.iter().map(Scope::as_str).collect(),
            allowed_cidrs: &key.allowed_cidrs,
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked_at: key.revoked_at,
            last_used_at,
            rotated_at: key.rotated_at,
            replaced_by: key.replaced_by.as_ref().map(KeyId::as_str),
            rotated_from: key.rotated_from.as_ref().map(KeyId::as_str),
        }
    }
}

/// A key that was just made. `key` is its text, which is shown here and never again.
#[derive(Serialize)]
struct IssuedDocument<'a> {
    key: &'a str,
    #[serde(flatten)]
    kept: KeyDocument<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<ReplacedDocument<'a>>,
}

#[derive(Serialize)]
pub(super) struct ReplacedDocument<'a> {
    pub(super) key_id: &'a str,
    pub(super) expires_at: Option<Timestamp>,
}

impl<'a> IssuedDocument<'a> {
    fn of(issued: &'a IssuedKey, replaced: Option<&'a Key>) -> Self {
        Self {
            key: issued.text.reveal(),
            kept: KeyDocument::of(&issued.key, None, issued.key.created_at),
            replaces: replaced
                .map(|key| ReplacedDocument { key_id: key.id.as_str(), expires_at: key.expires_at }),
        }
    }
}
