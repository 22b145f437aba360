//! The set of listed networks, made for look-up.
//!
//! Networks are nested or apart, never crossed. So sorted by where they begin, wider ones first, every network stands
//! behind all that hold it, and the last one that begins at or before an address is the narrowest that can hold it;
//! whatever else holds the address, holds that one too. One binary search finds it, and from there the way goes from
//! each network to the next wider one, until one holds the address and has not expired. With 100,000 entries that is
//! 17 steps, and one more for each network that a network lies in.

use std::net::IpAddr;

use ipnet::IpNet;
use skybridge_domain::network::{ListAction, Network};
use skybridge_domain::time::Timestamp;

use super::lists::{Listing, ListingOrigin};

/// One entry, as a list has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) network: Network,
    pub(super) action: ListAction,
    pub(super) origin: ListingOrigin,
    pub(super) expires_at: Option<Timestamp>,
}

/// An immutable set.
#[derive(Debug, Default)]
pub(super) struct NetworkSet {
    v4: Tree,
    v6: Tree,
}

impl NetworkSet {
    pub(super) fn of(listed: impl IntoIterator<Item = Listed>) -> Self {
        let (v4, v6): (Vec<_>, Vec<_>) =
            listed.into_iter().partition(|entry| matches!(entry.network.as_net(), IpNet::V4(_)));
        Self { v4: Tree::of(v4), v6: Tree::of(v6) }
    }

    /// The entry that counts for `address` at `now`.
    pub(super) fn find(&self, address: IpAddr, now: Timestamp) -> Option<Listing> {
        let found = match address.to_canonical() {
            IpAddr::V4(address) => self.v4.find(address.to_bits().into(), now),
            IpAddr::V6(address) => self.v6.find(address.to_bits(), now),
        };
        found.map(|listed| Listing {
            network: listed.network,
            action: listed.action,
            origin: listed.origin,
            expires_at: listed.expires_at,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.v4.nodes.len() + self.v6.nodes.len()
    }
}

/// The networks of one kind of address.
#[derive(Debug, Default)]
struct Tree {
    /// Where each begins: beside the rest, so that a search touches little memory.
    starts: Vec<u128>,
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    /// Its last address.
    end: u128,
    /// The next wider network that holds it.
    parent: Option<u32>,
    listed: Listed,
}

impl Tree {
    fn of(mut listed: Vec<Listed>) -> Self {
        // Of entries for one network the last is found first: the one that allows; of two such, the one that stands
        // longer.
        listed.sort_by_key(|entry| {
            let (start, _) = ends(&entry.network);
            let until = entry.expires_at.map_or(u64::MAX, Timestamp::as_nanos);
            (start, entry.network.as_net().prefix_len(), entry.action, until)
        });
        let mut tree =
            Self { starts: Vec::with_capacity(listed.len()), nodes: Vec::with_capacity(listed.len()) };
        let mut around: Vec<u32> = Vec::new();
        for entry in listed {
            let (start, end) = ends(&entry.network);
            while around.last().is_some_and(|last| tree.nodes[place(*last)].end < start) {
                around.pop();
            }
            let this = u32::try_from(tree.nodes.len()).expect("lists are bounded far below four billion");
            tree.nodes.push(Node { end, parent: around.last().copied(), listed: entry });
            tree.starts.push(start);
            around.push(this);
        }
        tree
    }

    fn find(&self, address: u128, now: Timestamp) -> Option<&Listed> {
        let mut at = self.starts.partition_point(|start| *start <= address).checked_sub(1)?;
        loop {
            let node = &self.nodes[at];
            if node.end >= address && node.listed.expires_at.is_none_or(|end| end > now) {
                return Some(&node.listed);
            }
            at = place(node.parent?);
        }
    }
}

fn place(index: u32) -> usize {
    usize::try_from(index).expect("an index of this program's memory")
}

/// The first and the last address.
fn ends(network: &Network) -> (u128, u128) {
    match network.as_net() {
        IpNet::V4(network) => (network.network().to_bits().into(), network.broadcast().to_bits().into()),
        IpNet::V6(network) => (network.network().to_bits(), network.broadcast().to_bits()),
    }
}
