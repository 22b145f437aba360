//! What the airline does behind the counter: plans, agencies and keys.
//!
//! Every change is one commit of the record, its audit entry and the change log, on the condition that the record is
//! still the one that was decided on. After it, the gate takes the new roster, so the change holds from the next
//! request on; processes that share the store learn of it from the log ([`Desk::refresh_roster`]).

mod agencies;
mod change_log;
mod demands;
mod exceptions;
mod keys;
mod last_uses;
mod networks;
mod plans;
mod record;
mod roster;
mod signing_keys;

pub use keys::{IssuedKey, KeyRequest, Rotation};
pub(crate) use last_uses::UsesLookedAt;
pub use networks::NetworkOrder;
pub use plans::PlanEntry;
pub(crate) use roster::Roster;
pub use roster::RosterSize;
pub use signing_keys::{IssuedSigningKey, Signer, SigningRotation};

use skybridge_domain::agency::AgencyName;
use skybridge_domain::key::KeyId;
use skybridge_domain::network::Network;
use skybridge_domain::plan::PlanName;
use skybridge_gate::RegistryError;
use skybridge_store::{Commit, CommitError, Key, Record, Store, StoreError, Table, Version, Write};

use crate::attribute::damaged;
use crate::audit::{self, Entry, Operator};
use crate::{Desk, listing};
use record::Kept;

/// Why a partner was not changed.
#[derive(Debug, thiserror::Error)]
pub enum PartnerError {
    /// There is no such agency.
    #[error("there is no agency called {0}")]
    AgencyNotFound(AgencyName),
    /// There is no such plan.
    #[error("there is no plan called {0}")]
    PlanNotFound(PlanName),
    /// There is no such key.
    #[error("there is no key {0}")]
    KeyNotFound(KeyId),
    /// There is such an agency already.
    #[error("there is an agency called {0} already")]
    AgencyExists(AgencyName),
    /// The key is expired or revoked, so there is nothing to rotate.
    #[error("key {0} is expired or revoked; create a new one")]
    KeyNotActive(KeyId),
    /// The key was rotated before, and is in its grace: it has its successor, which can be rotated.
    #[error("key {key} was replaced by key {successor} already; rotate that one")]
    KeyReplaced {
        /// The key that was to be rotated.
        key: KeyId,
        /// The key in its place.
        successor: KeyId,
    },
    /// An API key was to be rotated, and this is a signing key.
    #[error("key {0} is a signing key, which `skybridge signing-key rotate` replaces")]
    KeySigns(KeyId),
    /// A signing key was to be rotated, and this is an API key.
    #[error("key {0} is an API key, which `skybridge key rotate` replaces")]
    KeyDoesNotSign(KeyId),
    /// The successor of a key of Ed25519 needs its public key, and that of an HMAC key has none.
    #[error("the successor of key {0} takes a public key if it signs with ed25519, and only then")]
    PublicKeyMismatch(KeyId),
    /// An agency has as many certificates pinned as it may.
    #[error("agency {0} has as many certificates pinned as it may; unpin one first")]
    TooManyCertificates(AgencyName),
    /// The agency has no certificate pinned, or would have none left, and must come with one.
    #[error("agency {0} must come with a certificate, and would have none pinned; nobody could call")]
    NoCertificateLeft(AgencyName),
    /// An agency has as many exceptions from screening as it may.
    #[error("agency {0} has as many exceptions from screening as it may; take one back first")]
    TooManyExceptions(AgencyName),
    /// The network is not on the list.
    #[error("network {0} is not on the list")]
    NetworkNotListed(Network),
    /// Blocking it would shut out a great part of all callers, and nobody said that it is meant.
    #[error("network {0} is a great part of all addresses")]
    NetworkVast(Network),
    /// Blocking it would shut out a trusted proxy, and nobody said that it is meant.
    #[error("network {network} has addresses of the trusted proxy {proxy}")]
    NetworkOfProxy {
        /// What was to be blocked.
        network: Network,
        /// The proxy's.
        proxy: Network,
    },
    /// The list is full.
    #[error("as many networks are listed as may be; a file takes more")]
    TooManyNetworks,
    /// Another operator changed the same thing at the same moment, again and again.
    #[error("the record changed meanwhile; try again")]
    Contended,
    /// What the store holds does not fit together.
    #[error(transparent)]
    Roster(#[from] RegistryError),
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What came of one attempt to change something.
enum Attempt {
    Done,
    /// Somebody else was faster: decide again.
    Lost,
}

/// What the audit trail says of a change, besides who made it and when.
struct Change {
    action: String,
    subject: String,
    detail: String,
}

impl Change {
    fn new(action: &str, subject: String, detail: String) -> Self {
        Self { action: action.to_owned(), subject, detail }
    }
}

/// How often a change is decided again before it is given up.
const ATTEMPTS_MAX: usize = 16;

impl Desk {
    /// What is kept under `key`, with the version it stands at.
    async fn kept<T: Kept>(&self, key: &Key) -> Result<Option<(T, Version)>, StoreError> {
        let Some(record) = self.store.get(key).await? else { return Ok(None) };
        let value = T::read(&record.attributes).map_err(|error| damaged(key, error))?;
        Ok(Some((value, record.version)))
    }

    /// Commits what an operator did, with an audit entry for each change that it brings about, and lets the gate know.
    async fn commit_changes(
        &self,
        operator: &Operator,
        changes: impl IntoIterator<Item = Change> + Send,
        mut writes: Vec<Write>,
    ) -> Result<Attempt, PartnerError> {
        let at = self.clock.now();
        let entries = changes.into_iter().map(|change| {
            let Change { action, subject, detail } = change;
            Entry { at, operator: operator.clone(), action, subject, detail }
        });
        // Held until the gate knows, so that changes come into force in the order in which they are recorded.
        let mut roster = self.roster.lock().await;
        let log = roster.log().after(&writes);
        let records: Vec<Record> = writes.iter().map(|write| write.record.clone()).collect();
        writes.push(log.write());
        writes.extend(entries.map(|entry| audit::write(&entry, &*self.randomness)));
        match self.store.commit(Commit { writes }).await {
            Ok(()) => {
                roster.take_own(log, &records, at)?;
                self.put_in_force(&mut roster, at)?;
                Ok(Attempt::Done)
            }
            Err(CommitError::ConditionFailed { .. }) => {
                self.catch_up(&mut roster, at).await?;
                Ok(Attempt::Lost)
            }
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}

/// Everything of one kind whose sort text is in `from..to`, in order.
async fn all_kept<T: Kept>(
    store: &dyn Store,
    from: Option<String>,
    to: Option<String>,
) -> Result<Vec<T>, StoreError> {
    let records = listing::all(store, Table::Partners, T::PARTITION, from, to).await?;
    records
        .iter()
        .map(|record| T::read(&record.attributes).map_err(|error| damaged(&record.key, error)))
        .collect()
}
