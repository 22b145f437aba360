//! The roster: all partners as the gate wants to know them, kept up to date.
//!
//! A process changes its own roster with every change that it commits. What others committed to the same store it
//! learns from the change log: a read every now and then, and as many more as there were changes.

use std::collections::HashMap;
use std::error::Error;
use std::time::Duration;

use futures_util::future::try_join_all;
use skybridge_domain::agency::{Agency, AgencyName};
use skybridge_domain::key::{Key, KeyId, KeyState};
use skybridge_domain::network::{ListedNetwork, Network};
use skybridge_domain::plan::{Plan, PlanName};
use skybridge_domain::time::Timestamp;
use skybridge_gate::Partners;
use skybridge_store::{self as store, Record, Store, StoreError, Table};

use super::change_log::ChangeLog;
use super::networks::NetworkRecord;
use super::record::Partner;
use super::{PartnerError, PlanEntry};
use crate::Desk;

/// How often all partners are read until they fit together.
const LOADS_MAX: usize = 3;

/// How many partners there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RosterSize {
    /// Plans.
    pub plans: usize,
    /// Agencies, suspended ones too.
    pub agencies: usize,
    /// Those of them that must show a certificate.
    pub agencies_with_certificate: usize,
    /// Keys that hold now.
    pub keys: usize,
}

/// All partners, as of one state of the change log.
pub(crate) struct Roster {
    plans: HashMap<PlanName, Plan>,
    agencies: HashMap<AgencyName, Agency>,
    /// Without those that hold no more: the gate answers them like unknown ones.
    keys: HashMap<KeyId, Key>,
    /// On the list, expired ones too.
    networks: HashMap<Network, ListedNetwork>,
    /// Have they changed since the gate was told?
    networks_changed: bool,
    log: ChangeLog,
    /// When the log was read last.
    as_of: Timestamp,
}

impl Roster {
    /// Reads all partners. If they do not fit together, because somebody changed them meanwhile, once more.
    pub(crate) async fn load(store: &dyn Store, now: Timestamp) -> Result<Self, StoreError> {
        let mut roster = Self::load_once(store, now).await?;
        for _ in 1..LOADS_MAX {
            if roster.fits_together() {
                break;
            }
            roster = Self::load_once(store, now).await?;
        }
        Ok(roster)
    }

    /// Is everything there that something else names?
    fn fits_together(&self) -> bool {
        self.agencies.values().all(|agency| self.plans.contains_key(&agency.plan))
            && self.keys.values().all(|key| self.agencies.contains_key(&key.agency))
    }

    async fn load_once(store: &dyn Store, now: Timestamp) -> Result<Self, StoreError> {
        // Before anything else is read, so that every change behind it is named by the log of the next time.
        let log = ChangeLog::read(store).await?;
        let mut roster = Self {
            plans: HashMap::new(),
            agencies: HashMap::new(),
            keys: HashMap::new(),
            networks: HashMap::new(),
            networks_changed: true,
            log,
            as_of: now,
        };
        let mut after = None;
        loop {
            let page = store.scan(Table::Partners, after.as_deref()).await?;
            for record in &page.records {
                if let Some(partner) = Partner::of(record)? {
                    roster.put(partner, now);
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(roster);
            }
        }
    }

    /// Takes what changed in the store since it was read; `false` if nothing did.
    async fn catch_up(&mut self, store: &dyn Store, now: Timestamp) -> Result<bool, StoreError> {
        let log = ChangeLog::read(store).await?;
        if log == self.log {
            self.as_of = now;
            return Ok(false);
        }
        match log.since(&self.log) {
            None => *self = Self::load(store, now).await?,
            Some(changed) => {
                self.read_again(store, changed, now).await?;
                (self.log, self.as_of) = (log, now);
            }
        }
        Ok(true)
    }

    /// Reads the records `ids`, and takes what they say.
    async fn read_again(
        &mut self,
        store: &dyn Store,
        ids: &[String],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let reads = ids.iter().map(|id| async move {
            let key = store::Key::new(Table::Partners, id.as_str());
            Ok::<_, StoreError>((id, store.get(&key).await?))
        });
        for (id, record) in try_join_all(reads).await? {
            match record.as_ref().map(Partner::of) {
                None | Some(Ok(None)) => {}
                Some(Ok(Some(partner))) => self.put(partner, now),
                Some(Err(error)) => self.leave_out(id, &error),
            }
        }
        Ok(())
    }

    /// A record that does not read costs its own key, if it is one, and must not keep other changes from holding.
    fn leave_out(&mut self, id: &str, error: &StoreError) {
        tracing::error!(
            id,
            error = error as &dyn Error,
            "a partner's record cannot be read, and is left out"
        );
        if let Some(key) = id.strip_prefix("key#").and_then(KeyId::parse) {
            self.keys.remove(&key);
        }
    }

    fn put(&mut self, partner: Partner, now: Timestamp) {
        match partner {
            Partner::Plan(PlanEntry { plan, .. }) => {
                self.plans.insert(plan.name().clone(), plan);
            }
            Partner::Agency(agency) => {
                self.agencies.insert(agency.name.clone(), agency);
            }
            Partner::Key(key) if key.state(now) == KeyState::Active => {
                self.keys.insert(key.id, key);
            }
            Partner::Key(key) => {
                self.keys.remove(&key.id);
            }
            Partner::Network(record) => {
                self.networks_changed = true;
                match record {
                    NetworkRecord::Listed(listed) => self.networks.insert(listed.network, listed),
                    NetworkRecord::Removed { network, .. } => self.networks.remove(&network),
                };
            }
        }
    }

    /// Takes what a commit of this process put, which wrote `log` too.
    pub(super) fn take_own(
        &mut self,
        log: ChangeLog,
        records: &[Record],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for record in records {
            if let Some(partner) = Partner::of(record)? {
                self.put(partner, now);
            }
        }
        self.log = log;
        Ok(())
    }

    /// The partners as the gate takes them: whole ones. An agency whose plan is not known yet, and a key whose agency
    /// is not, are left out until they are.
    pub(crate) fn partners(&self, now: Timestamp) -> Partners {
        let is_whole = |agency: &Agency| self.plans.contains_key(&agency.plan);
        let has_agency = |key: &Key| self.agencies.get(&key.agency).is_some_and(is_whole);
        let holds = |key: &&Key| key.state(now) == KeyState::Active && has_agency(key);
        Partners {
            plans: self.plans.values().cloned().collect(),
            agencies: self.agencies.values().filter(|agency| is_whole(agency)).cloned().collect(),
            keys: self.keys.values().filter(holds).cloned().collect(),
        }
    }

    /// The networks on the list.
    pub(crate) fn networks(&self) -> Vec<ListedNetwork> {
        self.networks.values().cloned().collect()
    }

    /// The networks on the list, if the gate does not know them yet. From then on it is held to know.
    pub(crate) fn networks_if_changed(&mut self) -> Option<Vec<ListedNetwork>> {
        std::mem::take(&mut self.networks_changed).then(|| self.networks())
    }

    /// The log as it was when this was read.
    pub(super) fn log(&self) -> &ChangeLog {
        &self.log
    }
}

impl Desk {
    /// Learns of what other processes changed in the same store, if it last did so `max_age` ago or longer. From then
    /// on it holds here too.
    ///
    /// A server calls it again and again, a function before each of its calls: that is how a key revoked on one node
    /// is refused on all.
    ///
    /// # Errors
    /// When the store does not answer; what was known before holds on.
    pub async fn refresh_roster(&self, max_age: Duration) -> Result<(), PartnerError> {
        let mut roster = self.roster.lock().await;
        let now = self.clock.now();
        if roster.as_of <= now && now.since(roster.as_of) < max_age {
            return Ok(());
        }
        self.catch_up(&mut roster, now).await
    }

    /// Takes what changed in the store, and lets the gate know.
    pub(super) async fn catch_up(&self, roster: &mut Roster, now: Timestamp) -> Result<(), PartnerError> {
        if roster.catch_up(&*self.store, now).await? {
            self.put_in_force(roster, now)?;
        }
        Ok(())
    }

    /// Lets the gate know of the roster. If that fails, the next to catch up tries again.
    pub(super) fn put_in_force(&self, roster: &mut Roster, now: Timestamp) -> Result<(), PartnerError> {
        if let Some(networks) = roster.networks_if_changed() {
            self.gate.addresses().put_stored(networks);
        }
        let replaced = self.gate.replace(roster.partners(now), now);
        if replaced.is_err() {
            roster.log = ChangeLog::default();
        }
        Ok(replaced?)
    }

    /// How many partners there are.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn roster_size(&self) -> Result<RosterSize, PartnerError> {
        self.refresh_roster(Duration::ZERO).await?;
        let Partners { plans, agencies, keys } = self.roster.lock().await.partners(self.clock.now());
        let is_bound = |agency: &&Agency| agency.demands.requirement.is_of_certificate();
        Ok(RosterSize {
            plans: plans.len(),
            agencies: agencies.len(),
            agencies_with_certificate: agencies.iter().filter(is_bound).count(),
            keys: keys.len(),
        })
    }
}
