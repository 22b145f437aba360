//! The lists in force: what the store has and what files have, as one set.

use std::net::IpAddr;
use std::sync::PoisonError;

use arc_swap::ArcSwap;
use skybridge_domain::network::{ListAction, ListedNetwork, Network};
use skybridge_domain::time::Timestamp;

use super::networks::{Listed, NetworkSet};
use crate::locks::Mutex;

/// Where an entry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListingOrigin {
    /// An operator set it; it is in the store.
    Store,
    /// A file has it.
    File,
}

impl ListingOrigin {
    /// Its word: `store` or `file`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::File => "file",
        }
    }
}

/// The entry that counts for an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listing {
    /// The network that holds the address.
    pub network: Network,
    /// What becomes of its requests.
    pub action: ListAction,
    /// Where the entry comes from.
    pub origin: ListingOrigin,
    /// Until when it counts.
    pub expires_at: Option<Timestamp>,
}

/// What files list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileLists {
    /// Networks whose requests are refused.
    pub block: Vec<Network>,
    /// Networks whose requests are never refused for their address.
    pub allow: Vec<Network>,
}

/// All lists.
#[derive(Default)]
pub(super) struct Lists {
    /// Swapped whole, so that a request never waits.
    in_force: ArcSwap<NetworkSet>,
    /// What it is made of; held while it is made anew.
    parts: Mutex<Parts>,
}

#[derive(Default)]
struct Parts {
    stored: Vec<Listed>,
    files: Vec<Listed>,
}

impl Lists {
    pub(super) fn find(&self, address: IpAddr, now: Timestamp) -> Option<Listing> {
        self.in_force.load().find(address, now)
    }

    pub(super) fn len(&self) -> usize {
        self.in_force.load().len()
    }

    pub(super) fn put_stored(&self, listed: Vec<ListedNetwork>) {
        let entry = |entry: ListedNetwork| Listed {
            network: entry.network,
            action: entry.action,
            origin: ListingOrigin::Store,
            expires_at: entry.expires_at,
        };
        self.change(|parts| parts.stored = listed.into_iter().map(entry).collect());
    }

    pub(super) fn put_files(&self, files: FileLists) {
        let entry =
            |action| move |network| Listed { network, action, origin: ListingOrigin::File, expires_at: None };
        let block = files.block.into_iter().map(entry(ListAction::Block));
        let listed = block.chain(files.allow.into_iter().map(entry(ListAction::Allow)));
        self.change(|parts| parts.files = listed.collect());
    }

    fn change(&self, change: impl FnOnce(&mut Parts)) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut parts);
        let all = parts.stored.iter().chain(&parts.files).copied();
        self.in_force.store(NetworkSet::of(all).into());
    }
}
