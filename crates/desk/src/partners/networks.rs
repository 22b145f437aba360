//! Listed networks: block one, allow one, take one off the list.
//!
//! They are kept among the partners, and so hold on every node as soon as a revoked key is refused there.

use skybridge_domain::agency::Reason;
use skybridge_domain::network::{ListAction, ListedNetwork, Network};
use skybridge_domain::time::Timestamp;
use skybridge_gate::Caution;
use skybridge_store::{self as store, Attributes, Listing, Record, Table, Version, Write};

use super::record::Kept;
use super::{ATTEMPTS_MAX, Attempt, Change, PartnerError};
use crate::Desk;
use crate::attribute::{self, Unreadable};
use crate::audit::Operator;

/// How many networks may be listed this way; whole feeds of them belong into files.
const NETWORKS_MAX: usize = 10_000;

/// How many entries that have ended make room at once, where a new one needs it.
const DROPPED_AT_ONCE: usize = 8;

/// What an operator wants of a network.
#[derive(Debug, Clone)]
pub struct NetworkOrder {
    /// Which.
    pub network: Network,
    /// What is to become of it.
    pub action: ListAction,
    /// Why.
    pub reason: Option<Reason>,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// That it is meant, even if it shuts out everybody.
    pub deliberately: bool,
}

/// What the store says of one network. Records are never deleted: one that is taken off the list says so.
#[derive(Debug, Clone)]
pub(super) enum NetworkRecord {
    Listed(ListedNetwork),
    Removed { network: Network, removed_at: Timestamp },
}

impl NetworkRecord {
    pub(super) fn network(&self) -> Network {
        match self {
            Self::Listed(listed) => listed.network,
            Self::Removed { network, .. } => *network,
        }
    }
}

pub(super) fn network_key(network: &Network) -> store::Key {
    store::Key::new(Table::Partners, format!("network#{network}"))
}

impl Kept for NetworkRecord {
    const PARTITION: &'static str = "networks";

    fn key(&self) -> store::Key {
        network_key(&self.network())
    }

    fn sort(&self) -> String {
        self.network().to_string()
    }

    fn attributes(&self) -> Attributes {
        let mut attributes = Attributes::with_capacity(6).with("network", self.network().to_string());
        match self {
            Self::Removed { removed_at, .. } => attributes.set("removed_at", removed_at.as_millis()),
            Self::Listed(listed) => {
                attributes.set("action", listed.action.as_str());
                attributes.set("created_at", listed.created_at.as_millis());
                attributes.set("updated_at", listed.updated_at.as_millis());
                if let Some(reason) = &listed.reason {
                    attributes.set("reason", reason.as_str());
                }
                if let Some(end) = listed.expires_at {
                    attributes.set("expires_at", end.as_millis());
                }
            }
        }
        attributes
    }

    fn read(attributes: &Attributes) -> Result<Self, Unreadable> {
        let network = attribute::parsed(attributes, "network", |text| Network::parse(text).ok())?;
        if let Some(removed_at) = attribute::number_if_any(attributes, "removed_at")? {
            return Ok(Self::Removed { network, removed_at: Timestamp::from_millis(removed_at) });
        }
        Ok(Self::Listed(ListedNetwork {
            network,
            action: attribute::parsed(attributes, "action", ListAction::parse)?,
            reason: attribute::parsed_if_any(attributes, "reason", Reason::parse)?,
            created_at: attribute::moment(attributes, "created_at")?,
            updated_at: attribute::moment(attributes, "updated_at")?,
            expires_at: attribute::number_if_any(attributes, "expires_at")?.map(Timestamp::from_millis),
        }))
    }

    /// What is off the list stands in none.
    fn record(&self, version: Version) -> Record {
        let listing = match self {
            Self::Listed(_) => Some(Listing { partition: Self::PARTITION.to_owned(), sort: self.sort() }),
            Self::Removed { .. } => None,
        };
        Record { key: self.key(), version, listing, attributes: self.attributes() }
    }
}

impl Desk {
    /// Puts a network on the list, or changes its entry. It holds from the next request on. Entries that have ended
    /// take nobody's place: where there is no room left some of them are taken off on the way.
    ///
    /// # Errors
    /// When it would shut out everybody and was not said to be meant, the list is full, or the store does not take it.
    pub async fn list_network(
        &self,
        operator: &Operator,
        order: &NetworkOrder,
    ) -> Result<ListedNetwork, PartnerError> {
        self.check(order)?;
        for _ in 0..ATTEMPTS_MAX {
            let now = self.clock.now().whole_millis();
            let standing = self.kept::<NetworkRecord>(&network_key(&order.network)).await?;
            let created_at = match &standing {
                Some((NetworkRecord::Listed(listed), _)) => listed.created_at,
                _ => now,
            };
            let listed = ListedNetwork {
                network: order.network,
                action: order.action,
                reason: order.reason.clone(),
                created_at,
                updated_at: now,
                expires_at: order.expires_at.map(Timestamp::whole_millis),
            };
            let action = match listed.action {
                ListAction::Block => "network.blocked",
                ListAction::Allow => "network.allowed",
            };
            let mut changes = self.make_room(listed.network, now).await?;
            let write = put(&NetworkRecord::Listed(listed.clone()), standing.map(|(_, version)| version));
            changes.push((change(action, listed.network, terms(&listed)), write));
            let (changes, writes): (Vec<_>, Vec<_>) = changes.into_iter().unzip();
            let attempt = self.commit_changes(operator, changes, writes).await?;
            if matches!(attempt, Attempt::Done) {
                return Ok(listed);
            }
        }
        Err(PartnerError::Contended)
    }

    /// Takes a network off the list. It holds from the next request on.
    ///
    /// # Errors
    /// When it is not on the list, or the store does not take it.
    pub async fn unlist_network(&self, operator: &Operator, network: Network) -> Result<(), PartnerError> {
        for _ in 0..ATTEMPTS_MAX {
            let standing = self.kept::<NetworkRecord>(&network_key(&network)).await?;
            let Some((NetworkRecord::Listed(listed), version)) = standing else {
                return Err(PartnerError::NetworkNotListed(network));
            };
            let removed_at = self.clock.now().whole_millis();
            let write = put(&NetworkRecord::Removed { network, removed_at }, Some(version));
            let change = change("network.unlisted", network, format!("was: {}", terms(&listed)));
            let attempt = self.commit_changes(operator, [change], vec![write]).await?;
            if matches!(attempt, Attempt::Done) {
                return Ok(());
            }
        }
        Err(PartnerError::Contended)
    }

    /// All networks on the list, expired entries too, in order.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn listed_networks(&self) -> Result<Vec<ListedNetwork>, PartnerError> {
        self.refresh_roster(std::time::Duration::ZERO).await?;
        let mut listed = self.roster.lock().await.networks();
        listed.sort_by_key(|entry| entry.network);
        Ok(listed)
    }

    fn check(&self, order: &NetworkOrder) -> Result<(), PartnerError> {
        if order.action == ListAction::Block && !order.deliberately {
            match self.gate.addresses().caution(&order.network) {
                None => {}
                Some(Caution::Vast) => return Err(PartnerError::NetworkVast(order.network)),
                Some(Caution::OfProxy(proxy)) => {
                    return Err(PartnerError::NetworkOfProxy { network: order.network, proxy });
                }
            }
        }
        Ok(())
    }

    /// What makes room for `network`, if it needs any: each entry that is taken off, and what the audit trail says of
    /// it.
    async fn make_room(
        &self,
        network: Network,
        now: Timestamp,
    ) -> Result<Vec<(Change, Write)>, PartnerError> {
        let listed = self.roster.lock().await.networks();
        if listed.len() < NETWORKS_MAX || listed.iter().any(|entry| entry.network == network) {
            return Ok(Vec::new());
        }
        let ended = listed.iter().filter(|entry| !entry.is_in_force(now)).take(DROPPED_AT_ONCE);
        let mut dropped = Vec::with_capacity(DROPPED_AT_ONCE);
        for entry in ended {
            let standing = self.kept::<NetworkRecord>(&network_key(&entry.network)).await?;
            // Another node may have listed it anew meanwhile.
            if let Some((NetworkRecord::Listed(entry), version)) = standing
                && !entry.is_in_force(now)
            {
                let removed = NetworkRecord::Removed { network: entry.network, removed_at: now };
                let detail = format!("ended, and its place was needed; was: {}", terms(&entry));
                let change = change("network.unlisted", entry.network, detail);
                dropped.push((change, put(&removed, Some(version))));
            }
        }
        if dropped.is_empty() { Err(PartnerError::TooManyNetworks) } else { Ok(dropped) }
    }
}

fn change(action: &str, network: Network, detail: String) -> Change {
    Change::new(action, format!("network {network}"), detail)
}

fn put(record: &NetworkRecord, standing: Option<Version>) -> Write {
    match standing {
        None => Write::create(record.record(1)),
        Some(version) => Write::replace(record.record(version + 1), version),
    }
}

/// What an entry says, for the audit trail.
fn terms(listed: &ListedNetwork) -> String {
    let until = listed.expires_at.map_or("until it is removed".to_owned(), |end| format!("until {end}"));
    let reason = listed.reason.as_ref().map_or(String::new(), |reason| format!(": {}", reason.as_str()));
    format!("{}, {until}{reason}", listed.action.as_str())
}
