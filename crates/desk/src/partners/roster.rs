//! The roster: all partners as the gate wants to know them.

use skybridge_domain::agency::Agency;
use skybridge_domain::key::{Key, KeyState};
use skybridge_domain::time::Timestamp;
use skybridge_gate::Partners;
use skybridge_store::Store;

use super::{PartnerError, PlanEntry, all_kept};
use crate::Desk;

/// How many partners there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RosterSize {
    /// Plans.
    pub plans: usize,
    /// Agencies, suspended ones too.
    pub agencies: usize,
    /// Keys that hold now.
    pub keys: usize,
}

impl Desk {
    /// Lets the gate know of every change that was committed up to now; [`PartnerError::NotInForce`] if it cannot.
    pub(crate) async fn reload_roster(&self) -> Result<(), PartnerError> {
        self.take_roster().await.map_err(|error| PartnerError::NotInForce { source: Box::new(error) })
    }

    async fn take_roster(&self) -> Result<(), PartnerError> {
        // One at a time, or a reader that was overtaken would put an older roster over a newer one.
        let _turn = self.roster.lock().await;
        let partners = read_roster(&*self.store, self.clock.now()).await?;
        self.gate.replace(partners, self.clock.now())?;
        self.write_lagging_limits().await?;
        Ok(())
    }

    /// How many partners there are.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn roster_size(&self) -> Result<RosterSize, PartnerError> {
        let Partners { plans, agencies, keys } = read_roster(&*self.store, self.clock.now()).await?;
        Ok(RosterSize { plans: plans.len(), agencies: agencies.len(), keys: keys.len() })
    }
}

/// Reads all partners; keys that hold no more are left out, as the gate answers them like unknown ones.
pub(crate) async fn read_roster(store: &dyn Store, now: Timestamp) -> Result<Partners, PartnerError> {
    // Keys first, plans last: whoever is added meanwhile is missing rather than half there.
    let mut keys: Vec<Key> = all_kept(store, None, None).await?;
    let agencies: Vec<Agency> = all_kept(store, None, None).await?;
    let plans: Vec<PlanEntry> = all_kept(store, None, None).await?;
    keys.retain(|key| key.state(now) == KeyState::Active);
    Ok(Partners { plans: plans.into_iter().map(|entry| entry.plan).collect(), agencies, keys })
}
