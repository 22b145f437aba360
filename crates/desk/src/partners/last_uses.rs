//! When keys were last used, written down: one record per agency, far less often than they are used.
//!
//! It stands beside the agency's limits, as state that nodes write while they serve; changing the keys' own records
//! would make every node read its roster anew. Nodes merge what they know: of several moments the latest counts.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use skybridge_domain::agency::AgencyName;
use skybridge_domain::key::{Key, KeyId};
use skybridge_domain::time::Timestamp;
use skybridge_gate::KeyUse;
use skybridge_store::{
    self as store, Attributes, Commit, CommitError, Record, StoreError, Table, Value, Write,
};

use crate::Desk;
use crate::attribute::{Unreadable, damaged};

/// How often a record is merged anew after another node was faster. What is not written then is written the next time.
const ATTEMPTS_MAX: usize = 4;

/// When the uses were looked through last, for a process that can do so only on the way of a call.
#[derive(Debug, Default)]
pub(crate) struct UsesLookedAt(AtomicU64);

/// The last use of each key, by its id.
type Moments = HashMap<KeyId, Timestamp>;

impl Desk {
    /// Writes down the last uses of keys, where what is written is older by `at_least` or more. At most one write per
    /// agency, and none for agencies that did not call.
    ///
    /// # Errors
    /// What the store said; what is not written yet is written by the next call.
    pub async fn record_last_uses(&self, at_least: Duration) -> Result<(), StoreError> {
        let mut by_agency: HashMap<AgencyName, Vec<KeyUse>> = HashMap::new();
        for one in self.gate.unrecorded_uses(at_least) {
            by_agency.entry(one.agency.clone()).or_default().push(one);
        }
        for (agency, uses) in by_agency {
            self.record_uses_of(&agency, &uses, at_least).await?;
        }
        Ok(())
    }

    /// As [`record_last_uses`](Self::record_last_uses), unless that was done less than `every` ago: for a process
    /// that is frozen between calls and has no background.
    ///
    /// # Errors
    /// What the store said.
    pub async fn record_last_uses_now_and_then(
        &self,
        every: Duration,
        at_least: Duration,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let before = self.uses_looked_at.0.load(Ordering::Relaxed);
        let due = now.since(Timestamp::from_nanos(before)) >= every;
        let claim = |at: &AtomicU64| {
            at.compare_exchange(before, now.as_nanos(), Ordering::Relaxed, Ordering::Relaxed).is_ok()
        };
        if due && claim(&self.uses_looked_at.0) {
            return self.record_last_uses(at_least).await;
        }
        Ok(())
    }

    async fn record_uses_of(
        &self,
        agency: &AgencyName,
        uses: &[KeyUse],
        at_least: Duration,
    ) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS_MAX {
            let (version, mut moments) = self.recorded_uses(agency).await?;
            // Another node may have written nearly the same a moment ago; that is near enough, unless it is the end.
            let is_new = |one: &&KeyUse| {
                let Some(known) = moments.get(&one.key) else { return true };
                *known < one.at && (one.is_final || one.at.since(*known) >= at_least)
            };
            let new: Vec<&KeyUse> = uses.iter().filter(is_new).collect();
            for one in &new {
                moments.insert(one.key, one.at);
            }
            let wrote =
                if new.is_empty() { Ok(()) } else { self.write_uses(agency, version, &moments).await };
            match wrote {
                Ok(()) => {
                    uses.iter().for_each(|one| one.recorded(one.at));
                    return Ok(());
                }
                Err(CommitError::ConditionFailed { .. }) => {}
                Err(CommitError::Store(error)) => return Err(error),
            }
        }
        Ok(())
    }

    async fn write_uses(
        &self,
        agency: &AgencyName,
        version: u64,
        moments: &Moments,
    ) -> Result<(), CommitError> {
        let mut keys = Attributes::with_capacity(moments.len());
        for (id, at) in moments {
            keys.set(id.as_str(), at.as_millis());
        }
        let attributes = Attributes::with_capacity(1).with("keys", keys);
        let record = Record { key: key_of(agency), version: version + 1, listing: None, attributes };
        let write = if version == 0 { Write::create(record) } else { Write::replace(record, version) };
        self.store.commit(Commit::of(write)).await
    }

    async fn recorded_uses(&self, agency: &AgencyName) -> Result<(u64, Moments), StoreError> {
        let key = key_of(agency);
        let Some(record) = self.store.get(&key).await? else { return Ok((0, Moments::new())) };
        let moments = moments_of(&record.attributes).map_err(|error| damaged(&key, error))?;
        Ok((record.version, moments))
    }

    /// When each of `agency`'s keys was last used: as written down by any node, or as this one remembers.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn last_uses(
        &self,
        agency: &AgencyName,
        keys: &[Key],
    ) -> Result<HashMap<KeyId, Timestamp>, StoreError> {
        let (_, mut moments) = self.recorded_uses(agency).await?;
        for key in keys {
            let latest = moments.get(&key.id).copied().max(self.gate.last_use(&key.id));
            if let Some(latest) = latest {
                moments.insert(key.id, latest);
            }
        }
        Ok(moments)
    }
}

/// A name has no `#`, so this is nobody's record of limits.
fn key_of(agency: &AgencyName) -> store::Key {
    store::Key::new(Table::Limits, format!("last-uses#{agency}"))
}

fn moments_of(attributes: &Attributes) -> Result<Moments, Unreadable> {
    let Some(Value::M(keys)) = attributes.get("keys") else { return Err(Unreadable("keys")) };
    keys.iter()
        .map(|(id, at)| match (KeyId::parse(id), at) {
            (Some(id), Value::N(at)) => Ok((id, Timestamp::from_millis(*at))),
            _ => Err(Unreadable("keys")),
        })
        .collect()
}
