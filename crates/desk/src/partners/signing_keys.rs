//! Signing keys: register a public key, or make a secret; rotate. They are keys like others, listed and revoked as they.

use std::time::Duration;

use skybridge_domain::agency::AgencyName;
use skybridge_domain::key::{Algorithm, Ed25519PublicKey, Key, KeyId, KeyState, Proof};
use skybridge_store::Write;

use super::keys::{KeyRequest, replaced_by, subject};
use super::record::Kept;
use super::{ATTEMPTS_MAX, Attempt, Change, PartnerError};
use crate::Desk;
use crate::audit::Operator;

/// What a new signing key signs with.
#[derive(Debug, Clone, Copy)]
pub enum Signer {
    /// The private key of this public one, which the agency has made and keeps.
    Ed25519(Ed25519PublicKey),
    /// A secret that is made with the key.
    HmacSha256,
}

/// A signing key that was just made.
pub struct IssuedSigningKey {
    /// What is kept of it.
    pub key: Key,
    /// The secret of an HMAC key. It follows from the pepper and the id, is kept nowhere, and is to be shown once.
    pub secret: Option<[u8; 32]>,
}

/// A signing key in place of another.
pub struct SigningRotation {
    /// The new one.
    pub issued: IssuedSigningKey,
    /// The old one, which holds until it expires.
    pub replaced: Key,
}

impl Desk {
    /// Makes a signing key for `agency`.
    ///
    /// # Errors
    /// When there is no such agency, or the store does not take it.
    pub async fn issue_signing_key(
        &self,
        operator: &Operator,
        agency: &AgencyName,
        signer: Signer,
        request: KeyRequest,
    ) -> Result<IssuedSigningKey, PartnerError> {
        self.agency(agency).await?;
        for _ in 0..ATTEMPTS_MAX {
            let issued = self.new_signing_key(agency, signer, request.clone());
            let writes = vec![Write::create(issued.key.record(1))];
            let algorithm = issued.key.proof.algorithm().map_or("", Algorithm::as_str);
            let detail = format!("for agency {agency}, {algorithm}, {} mode", request.mode.as_str());
            let subject = subject(issued.key.id);
            let attempt = self
                .commit_changes(operator, [Change::new("signing-key.created", subject, detail)], writes)
                .await?;
            if let Attempt::Done = attempt {
                return Ok(issued);
            }
        }
        Err(PartnerError::Contended)
    }

    /// Makes a signing key like `id`, which itself expires after `grace` (or earlier, if it was to). One of Ed25519
    /// needs the public key of its successor.
    ///
    /// # Errors
    /// When there is no such signing key, it holds no more, it was rotated before, the public key is missing or not
    /// needed, or the store does not take it.
    pub async fn rotate_signing_key(
        &self,
        operator: &Operator,
        id: KeyId,
        grace: Duration,
        public_key: Option<Ed25519PublicKey>,
    ) -> Result<SigningRotation, PartnerError> {
        for _ in 0..ATTEMPTS_MAX {
            let (standing, version) = self.kept_key(id).await?;
            let now = self.clock.now().whole_millis();
            if standing.state(now) != KeyState::Active {
                return Err(PartnerError::KeyNotActive(id));
            }
            if let Some(successor) = standing.replaced_by {
                return Err(PartnerError::KeyReplaced { key: id, successor });
            }
            let signer = match (&standing.proof, public_key) {
                (Proof::Ed25519(_), Some(public_key)) => Signer::Ed25519(public_key),
                (Proof::HmacSha256 { .. }, None) => Signer::HmacSha256,
                (Proof::Secret { .. }, _) => return Err(PartnerError::KeyDoesNotSign(id)),
                _ => return Err(PartnerError::PublicKeyMismatch(id)),
            };
            let mut issued = self.new_signing_key(&standing.agency, signer, KeyRequest::like(&standing));
            issued.key.rotated_from = Some(id);
            let replaced = replaced_by(standing, issued.key.id, now, grace);
            let writes = vec![
                Write::replace(replaced.record(version + 1), version),
                Write::create(issued.key.record(1)),
            ];
            let until =
                replaced.expires_at.map_or(String::new(), |at| format!("; the old one holds until {at}"));
            let detail = format!("by key {}{until}", issued.key.id);
            let attempt = self
                .commit_changes(operator, [Change::new("signing-key.rotated", subject(id), detail)], writes)
                .await?;
            if let Attempt::Done = attempt {
                return Ok(SigningRotation { issued, replaced });
            }
        }
        Err(PartnerError::Contended)
    }

    fn new_signing_key(&self, agency: &AgencyName, signer: Signer, request: KeyRequest) -> IssuedSigningKey {
        let id = KeyId::from_random(self.randomness.id_bytes());
        let (proof, secret) = match signer {
            Signer::Ed25519(public_key) => (Proof::Ed25519(public_key), None),
            Signer::HmacSha256 => {
                let (pepper_id, secret) = self.gate.peppers().signing_secret(id);
                (Proof::HmacSha256 { pepper_id }, Some(secret))
            }
        };
        let key = request.key(id, agency, proof, self.clock.now().whole_millis());
        IssuedSigningKey { key, secret }
    }
}
