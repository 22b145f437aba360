//! `/admin/v1/agencies/{name}/signing-keys` and `/admin/v1/signing-keys/{key_id}`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use skybridge_desk::partners::{IssuedSigningKey, KeyRequest, Signer};
use skybridge_domain::key::{Algorithm, Ed25519PublicKey, Key};

use super::keys::{KeyBody, KeyDocument, KeysDocument, ReplacedDocument, grace};
use super::request::{JsonBody, agency_name, invalid, key_id, operator};
use super::{Office, refuse};
use crate::answer;
use crate::path::Segment;
use crate::problem::Refusal;

/// A signing key as an operator asks for it: as an API key, with its algorithm, and with a public key in PEM if it is
/// one of Ed25519.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SigningKeyBody {
    algorithm: String,
    public_key: Option<String>,
    name: Option<String>,
    mode: Option<String>,
    scopes: Option<Vec<String>>,
    #[serde(default)]
    allowed_cidrs: Vec<String>,
    expires_in_seconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SigningRotationBody {
    grace_seconds: u64,
    public_key: Option<String>,
}

impl SigningKeyBody {
    fn signer(&self) -> Result<Signer, Refusal> {
        let public_key = self.public_key.as_deref().map(public_key).transpose()?;
        match (Algorithm::parse(&self.algorithm), public_key) {
            (Some(Algorithm::Ed25519), Some(public_key)) => Ok(Signer::Ed25519(public_key)),
            (Some(Algorithm::HmacSha256), None) => Ok(Signer::HmacSha256),
            (Some(Algorithm::Ed25519), None) => {
                Err(invalid("A key of ed25519 is registered by its public_key, in PEM.".to_owned()))
            }
            (Some(Algorithm::HmacSha256), Some(_)) => {
                Err(invalid("A key of hmac-sha256 has no public_key; its secret is made here.".to_owned()))
            }
            (None, _) => Err(invalid(format!(
                "{:?} is not an algorithm; ed25519 and hmac-sha256 are.",
                self.algorithm
            ))),
        }
    }

    fn request(self) -> Result<KeyRequest, Refusal> {
        let Self { name, mode, scopes, allowed_cidrs, expires_in_seconds, .. } = self;
        KeyBody { name, mode, scopes, allowed_cidrs, expires_in_seconds }.request()
    }
}

fn public_key(pem: &str) -> Result<Ed25519PublicKey, Refusal> {
    Ed25519PublicKey::from_pem(pem)
        .map_err(|error| invalid(format!("The public_key cannot be taken: {error}.")))
}

pub(super) async fn issue_signing_key(
    State(office): State<Arc<Office>>,
    Segment(agency): Segment,
    headers: HeaderMap,
    JsonBody(body): JsonBody<SigningKeyBody>,
) -> Result<Response, Refusal> {
    let (agency, signer) = (agency_name(&agency)?, body.signer()?);
    let issued = office.desk.issue_signing_key(&operator(&headers), &agency, signer, body.request()?).await;
    let issued = issued.map_err(refuse::partner)?;
    Ok(answer::document(StatusCode::CREATED, &IssuedDocument::of(&issued, None)))
}

pub(super) async fn list_signing_keys(
    State(office): State<Arc<Office>>,
    Segment(agency): Segment,
) -> Result<Response, Refusal> {
    let agency = agency_name(&agency)?;
    let mut keys = office.desk.keys_of(&agency).await.map_err(refuse::partner)?;
    keys.retain(|key| key.proof.algorithm().is_some());
    let uses = office.desk.last_uses(&agency, &keys).await.map_err(crate::refuse::store)?;
    let now = office.desk.now();
    let keys = keys.iter().map(|key| KeyDocument::of(key, uses.get(&key.id).copied(), now)).collect();
    Ok(answer::document(StatusCode::OK, &KeysDocument { keys }))
}

pub(super) async fn rotate_signing_key(
    State(office): State<Arc<Office>>,
    Segment(id): Segment,
    headers: HeaderMap,
    JsonBody(body): JsonBody<SigningRotationBody>,
) -> Result<Response, Refusal> {
    let successor = body.public_key.as_deref().map(public_key).transpose()?;
    let (id, grace) = (key_id(&id)?, grace(body.grace_seconds)?);
    let rotation = office.desk.rotate_signing_key(&operator(&headers), id, grace, successor).await;
    let rotation = rotation.map_err(refuse::partner)?;
    Ok(answer::document(StatusCode::CREATED, &IssuedDocument::of(&rotation.issued, Some(&rotation.replaced))))
}

/// A signing key that was just made. `secret`, in base64, is shown here and never again.
#[derive(Serialize)]
struct IssuedDocument<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    #[serde(flatten)]
    kept: KeyDocument<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<ReplacedDocument<'a>>,
}

impl<'a> IssuedDocument<'a> {
    fn of(issued: &'a IssuedSigningKey, replaced: Option<&'a Key>) -> Self {
        Self {
            secret: issued.secret.map(|secret| STANDARD.encode(secret)),
            kept: KeyDocument::of(&issued.key, None, issued.key.created_at),
            replaces: replaced
                .map(|key| ReplacedDocument { key_id: key.id.as_str(), expires_at: key.expires_at }),
        }
    }
}
