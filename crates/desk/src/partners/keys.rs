//! Keys: issue, rotate, revoke. The secret is handed out once and kept nowhere.

use std::time::Duration;

use ipnet::IpNet;
use skybridge_domain::agency::AgencyName;
use skybridge_domain::key::{ApiKey, Key, KeyId, KeyState, Mode, Proof, Scopes};
use skybridge_domain::time::Timestamp;
use skybridge_store::Write;

use super::record::{Kept, key_key};
use super::{ATTEMPTS_MAX, Attempt, Change, PartnerError, all_kept};
use crate::Desk;
use crate::audit::Operator;

/// What a new key shall be.
#[derive(Debug, Clone)]
pub struct KeyRequest {
    /// What kind of bookings it makes.
    pub mode: Mode,
    /// What the agency calls it.
    pub name: Option<String>,
    /// What it may do.
    pub scopes: Scopes,
    /// Where it may be used from; empty is everywhere.
    pub allowed_cidrs: Vec<IpNet>,
    /// How long it holds; `None` is for good.
    pub expires_in: Option<Duration>,
}

impl KeyRequest {
    /// A key like `standing`, with its lifetime counted anew.
    pub(super) fn like(standing: &Key) -> Self {
        Self {
            mode: standing.mode,
            name: standing.name.clone(),
            scopes: standing.scopes,
            allowed_cidrs: standing.allowed_cidrs.clone(),
            expires_in: standing.expires_at.map(|at| at.since(standing.created_at)),
        }
    }

    /// The key itself, made `now`.
    pub(super) fn key(self, id: KeyId, agency: &AgencyName, proof: Proof, now: Timestamp) -> Key {
        Key {
            id,
            agency: agency.clone(),
            mode: self.mode,
            name: self.name,
            scopes: self.scopes,
            allowed_cidrs: self.allowed_cidrs,
            proof,
            created_at: now,
            expires_at: self.expires_in.map(|time| now.plus(time).whole_millis()),
            revoked_at: None,
            rotated_at: None,
            replaced_by: None,
            rotated_from: None,
        }
    }
}

/// A key that was just made: the only moment at which its text is known.
#[derive(Debug)]
pub struct IssuedKey {
    /// Its text.
    pub text: ApiKey,
    /// What is kept of it.
    pub key: Key,
}

/// A key in place of another.
#[derive(Debug)]
pub struct Rotation {
    /// The new one.
    pub issued: IssuedKey,
    /// The old one, which holds until it expires.
    pub replaced: Key,
}

impl Desk {
    /// Makes a key for `agency`.
    ///
    /// # Errors
    /// When there is no such agency, or the store does not take it.
    pub async fn issue_key(
        &self,
        operator: &Operator,
        agency: &AgencyName,
        request: KeyRequest,
    ) -> Result<IssuedKey, PartnerError> {
        self.agency(agency).await?;
        for _ in 0..ATTEMPTS_MAX {
            let issued = self.new_key(agency, request.clone());
            let writes = vec![Write::create(issued.key.record(1))];
            let detail = format!("for agency {agency}, {} mode", request.mode.as_str());
            let subject = subject(issued.key.id);
            let attempt =
                self.commit_changes(operator, [Change::new("key.created", subject, detail)], writes).await?;
            if let Attempt::Done = attempt {
                return Ok(issued);
            }
        }
        Err(PartnerError::Contended)
    }

    /// Makes a key like `id`, which itself expires after `grace` (or earlier, if it was to).
    ///
    /// # Errors
    /// When there is no such key, it holds no more, it was rotated before, or the store does not take it.
    pub async fn rotate_key(
        &self,
        operator: &Operator,
        id: KeyId,
        grace: Duration,
    ) -> Result<Rotation, PartnerError> {
        for _ in 0..ATTEMPTS_MAX {
            let (standing, version) = self.kept_key(id).await?;
            let now = self.clock.now().whole_millis();
            if standing.state(now) != KeyState::Active {
                return Err(PartnerError::KeyNotActive(id));
            }
            // Its expiry is the end of its grace by now, and says nothing of how long a successor shall hold.
            if let Some(successor) = standing.replaced_by {
                return Err(PartnerError::KeyReplaced { key: id, successor });
            }
            if standing.proof.algorithm().is_some() {
                return Err(PartnerError::KeySigns(id));
            }
            let rotation = self.rotation(standing, now, grace);
            let replaced = &rotation.replaced;
            let writes = vec![
                Write::replace(replaced.record(version + 1), version),
                Write::create(rotation.issued.key.record(1)),
            ];
            let until =
                replaced.expires_at.map_or(String::new(), |at| format!("; the old one holds until {at}"));
            let detail = format!("by key {}{until}", rotation.issued.key.id);
            let attempt = self
                .commit_changes(operator, [Change::new("key.rotated", subject(id), detail)], writes)
                .await?;
            if let Attempt::Done = attempt {
                return Ok(rotation);
            }
        }
        Err(PartnerError::Contended)
    }

    /// Refuses the key from now on. Revoking it again changes nothing.
    ///
    /// # Errors
    /// When there is no such key, or the store does not take it.
    pub async fn revoke_key(&self, operator: &Operator, id: KeyId) -> Result<Key, PartnerError> {
        for _ in 0..ATTEMPTS_MAX {
            let (standing, version) = self.kept_key(id).await?;
            if standing.revoked_at.is_some() {
                // It may be another process's change, or one whose outcome was unknown.
                self.refresh_roster(Duration::ZERO).await?;
                return Ok(standing);
            }
            let revoked = Key { revoked_at: Some(self.clock.now().whole_millis()), ..standing };
            let writes = vec![Write::replace(revoked.record(version + 1), version)];
            let detail = format!("of agency {}", revoked.agency);
            if let Attempt::Done = self
                .commit_changes(operator, [Change::new("key.revoked", subject(id), detail)], writes)
                .await?
            {
                return Ok(revoked);
            }
        }
        Err(PartnerError::Contended)
    }

    /// The keys of `agency`, oldest first, those that hold no more too.
    ///
    /// # Errors
    /// When there is no such agency, or the store does not answer.
    pub async fn keys_of(&self, agency: &AgencyName) -> Result<Vec<Key>, PartnerError> {
        self.agency(agency).await?;
        // `$` comes right after `#`, which ends the agency's name in a key's sort text.
        Ok(all_kept(&*self.store, Some(format!("{agency}#")), Some(format!("{agency}$"))).await?)
    }

    pub(super) async fn kept_key(&self, id: KeyId) -> Result<(Key, u64), PartnerError> {
        self.kept(&key_key(id)).await?.ok_or(PartnerError::KeyNotFound(id))
    }

    fn new_key(&self, agency: &AgencyName, request: KeyRequest) -> IssuedKey {
        let text = ApiKey::generate(request.mode, &*self.randomness);
        let hashed = self.gate.peppers().hash(text.present());
        let proof = Proof::Secret { hash: hashed.hash, pepper_id: hashed.pepper_id };
        let key = request.key(text.id(), agency, proof, self.clock.now().whole_millis());
        IssuedKey { text, key }
    }

    fn rotation(&self, standing: Key, now: Timestamp, grace: Duration) -> Rotation {
        let request = KeyRequest::like(&standing);
        let mut issued = self.new_key(&standing.agency, request);
        issued.key.rotated_from = Some(standing.id);
        let replaced = replaced_by(standing, issued.key.id, now, grace);
        Rotation { issued, replaced }
    }
}

/// `standing` as it stands once `successor` was made in its place: it goes on for `grace`, or until it was to end.
pub(super) fn replaced_by(standing: Key, successor: KeyId, now: Timestamp, grace: Duration) -> Key {
    let end_of_grace = now.plus(grace).whole_millis();
    let expires_at = standing.expires_at.map_or(end_of_grace, |at| at.min(end_of_grace));
    Key { expires_at: Some(expires_at), rotated_at: Some(now), replaced_by: Some(successor), ..standing }
}

pub(super) fn subject(id: KeyId) -> String {
    format!("key {id}")
}
