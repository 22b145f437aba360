//! Numbers used once, where nodes share a store: a record each, made once, which settles it between all of them.
//!
//! A record says until when it matters (`expires_at`, seconds since 1970), so that a table with a time to live on that
//! attribute forgets it; the store's own time decides nothing. A sole node writes none: its memory is enough.

use skybridge_gate::{Caller, Nonce};
use skybridge_store::{Attributes, Commit, CommitError, Key, Record, StoreError, Table, Write};

use crate::Desk;

/// How much longer than a signature can be taken its record is kept: clocks of nodes may be apart.
const MARGIN_SECONDS: u64 = 3_600;

impl Desk {
    /// Spends `nonce` for all nodes; `false` if one of them has spent it. `age_max` is how many seconds old a signature
    /// may be.
    ///
    /// # Errors
    /// What the store said. If it is open whether the record was made, the request counts as not taken, and its
    /// nonce as spent.
    pub async fn spend_nonce(
        &self,
        caller: &Caller,
        nonce: &Nonce,
        age_max: u64,
    ) -> Result<bool, StoreError> {
        if !self.gate.node().shares() {
            return Ok(true);
        }
        let id = format!("nonce#{}#{:032x}", caller.key_id(), nonce.digest());
        let expires_at = nonce.created().saturating_add(age_max).saturating_add(MARGIN_SECONDS);
        let attributes = Attributes::with_capacity(1).with("expires_at", expires_at);
        let record = Record { key: Key::new(Table::Limits, id), version: 1, listing: None, attributes };
        match self.store.commit(Commit::of(Write::create(record))).await {
            Ok(()) => Ok(true),
            Err(CommitError::ConditionFailed { .. }) => Ok(false),
            Err(CommitError::Store(error)) => Err(error),
        }
    }
}
