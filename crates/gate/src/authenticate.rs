//! Who calls?
//!
//! What can be told from a refusal: that a text is no key at all (its checksum fails), or that a key is not taken.
//! Whether a key never existed, expired, was revoked or was given with a wrong secret cannot be told, neither from
//! the answer nor from the work that was done for it.

use std::net::IpAddr;
use std::sync::Arc;

use skybridge_domain::agency::{AgencyName, Demands, ScreeningException, Standing};
use skybridge_domain::certificate::Fingerprint;
use skybridge_domain::key::{KeyId, KeyState, MalformedKey, Mode, PresentedKey, Proof, Scope, Scopes};
use skybridge_domain::time::Timestamp;
use subtle::ConstantTimeEq;

use crate::Gate;
use crate::registry::Credential;
use crate::throttle::{Pace, Rule};

/// Compared with when no key of that id exists, so that such a check costs what a real one costs.
const NO_HASH: [u8; 32] = [0; 32];

impl Gate {
    /// Checks the key that a caller presents from `source`. Allocates nothing; a malformed key is refused before
    /// anything is looked up.
    ///
    /// # Errors
    /// When the caller may not come in, with what may be told of the reason.
    pub fn authenticate(
        &self,
        presented: &str,
        source: IpAddr,
        now: Timestamp,
    ) -> Result<Caller, AuthenticationRefusal> {
        let presented = PresentedKey::parse(presented)?;
        let registry = self.registry.load();
        let found = registry.credential(&presented.id);

        // The same hash and comparison whether there is such a key or not.
        let stored = found.and_then(|known| match &known.key.proof {
            Proof::Secret { hash, .. } => Some((known.pepper?, hash)),
            _ => None,
        });
        let (position, expected) = match stored {
            Some((position, hash)) => (Some(position), hash),
            None => (None, &NO_HASH),
        };
        let hash = self.peppers.hash_under(position.unwrap_or(0), presented);
        let equal = bool::from(hash.ct_eq(expected)) && position.is_some();
        let genuine = found.filter(|known| equal && known.key.mode == presented.mode);
        let_in(genuine, source, now)
    }

    /// Lets in the holder of a key whose text somebody else has checked: a gateway that keeps the agencies' keys
    /// itself and passes on which of them a request came with. The secret is not compared, and no pepper is needed;
    /// all else holds: a key that is unknown, expired or revoked is refused in the same words, and so are addresses
    /// and suspended agencies.
    ///
    /// # Errors
    /// As [`authenticate`](Self::authenticate), except that such a key cannot be malformed any more.
    pub fn authenticate_vouched(
        &self,
        key: KeyId,
        mode: Mode,
        source: IpAddr,
        now: Timestamp,
    ) -> Result<Caller, AuthenticationRefusal> {
        let registry = self.registry.load();
        let is_it =
            |known: &&Arc<Credential>| known.key.mode == mode && known.key.proof.algorithm().is_none();
        let_in(registry.credential(&key).filter(is_it), source, now)
    }
}

/// What holds for a key however its secret was checked.
pub(crate) fn let_in(
    genuine: Option<&Arc<Credential>>,
    source: IpAddr,
    now: Timestamp,
) -> Result<Caller, AuthenticationRefusal> {
    let known = genuine
        .filter(|known| known.key.state(now) == KeyState::Active)
        .ok_or(AuthenticationRefusal::KeyUnknown)?;
    if !may_come_from(known, source) {
        return Err(AuthenticationRefusal::AddressNotAllowed);
    }
    match known.standing {
        Standing::Active => {
            known.last_use.note(now);
            Ok(Caller(Arc::clone(known)))
        }
        Standing::Suspended { .. } => Err(AuthenticationRefusal::AgencySuspended),
    }
}

/// An IPv4 address in IPv6 clothes (`::ffff:192.0.2.1`, as dual-stack sockets give it) is taken for what it is.
fn may_come_from(known: &Credential, source: IpAddr) -> bool {
    let allowed = &known.key.allowed_cidrs;
    let source = source.to_canonical();
    allowed.is_empty() || allowed.iter().any(|network| network.contains(&source))
}

/// Whoever presented a key that holds. Only the gate makes one; cheap to clone.
#[derive(Clone)]
pub struct Caller(Arc<Credential>);

impl Caller {
    /// The agency that calls.
    #[must_use]
    pub fn agency(&self) -> &AgencyName {
        &self.0.key.agency
    }

    /// Whether it is about real bookings.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.0.key.mode
    }

    /// The key it used.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.0.key.id
    }

    /// What the key may do.
    #[must_use]
    pub fn scopes(&self) -> Scopes {
        self.0.key.scopes
    }

    /// Makes sure that the caller, who `signed` the request or told a key, and proved to hold `certificate` if any, came
    /// with what its agency must come with.
    ///
    /// # Errors
    /// When something is missing; of two, the signature is told first.
    pub fn meets(&self, signed: bool, certificate: Option<&Fingerprint>) -> Result<(), Unmet> {
        let Demands { requirement, .. } = &*self.0.demands;
        if requirement.is_of_signature() && !signed {
            return Err(Unmet::SignatureMissing);
        }
        match certificate {
            _ if !requirement.is_of_certificate() => Ok(()),
            None => Err(Unmet::CertificateMissing),
            Some(certificate) if self.0.demands.pins(certificate) => Ok(()),
            Some(_) => Err(Unmet::CertificateNotPinned),
        }
    }

    /// What of screening is not applied to the agency's texts, ended exceptions too.
    #[must_use]
    pub fn exceptions(&self) -> &[ScreeningException] {
        self.0.exceptions.as_deref().unwrap_or_default()
    }

    /// The grace that the key is in, if it was rotated; `None` for a key that stands.
    #[must_use]
    pub fn grace(&self) -> Option<Grace> {
        let key = &self.0.key;
        key.replaced_by?;
        Some(Grace { rotated_at: key.rotated_at?, ends_at: key.expires_at? })
    }

    /// Makes sure that the key may do what `scope` says.
    ///
    /// # Errors
    /// When it may not.
    pub fn require(&self, scope: Scope) -> Result<(), ScopeMissing> {
        if self.scopes().contains(scope) { Ok(()) } else { Err(ScopeMissing { scope }) }
    }

    pub(crate) fn pace(&self) -> &Arc<Pace> {
        &self.0.pace
    }

    /// The rules for routes in the agency's plan.
    pub(crate) fn rules(&self) -> &[Rule] {
        self.0.rules.as_ref().map_or(&[], |rules| rules)
    }
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller")
            .field("agency", self.agency())
            .field("key", &self.key_id())
            .field("mode", &self.mode())
            .finish_non_exhaustive()
    }
}

/// A key that was rotated goes on working for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace {
    /// When another key took its place.
    pub rotated_at: Timestamp,
    /// From when on it is no longer taken.
    pub ends_at: Timestamp,
}

/// Why a caller may not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationRefusal {
    /// The text is no key.
    #[error(transparent)]
    KeyMalformed(#[from] MalformedKey),
    /// There is no such key, or it is not taken any more, or the secret is not its own.
    #[error("The key is not known.")]
    KeyUnknown,
    /// The signature does not fit, or there is no such key to sign with, or it is not taken any more.
    #[error("The signature does not fit.")]
    SignatureInvalid,
    /// The key may not be used from this address.
    #[error("The key may not be used from this address.")]
    AddressNotAllowed,
    /// The agency may not come in for the time being.
    #[error("The agency is suspended.")]
    AgencySuspended,
}

/// What a caller who is known should have come with, and did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unmet {
    /// The request is not signed.
    #[error("The request is not signed.")]
    SignatureMissing,
    /// The connection has no certificate.
    #[error("The connection has no certificate.")]
    CertificateMissing,
    /// It has one, and it is not the agency's.
    #[error("The certificate is not one of the agency's.")]
    CertificateNotPinned,
}

/// The key may not do this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("The key lacks the scope {scope}.")]
pub struct ScopeMissing {
    /// The scope that it would take.
    pub scope: Scope,
}
