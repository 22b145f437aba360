//! The list of networks when it is full.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use skybridge_desk::partners::{NetworkOrder, PartnerError};
use skybridge_domain::network::{ListAction, ListedNetwork, Network};
use skybridge_store::{Commit, Key, Listing, Record, Store as _, Table, Write};

use crate::kit::Counter;

const DAY: Duration = Duration::from_secs(86_400);

/// The nth of the networks that fill a list.
fn nth(number: u32) -> Network {
    let address = IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number));
    Network::parse(&format!("{address}/32")).unwrap()
}

impl Counter {
    async fn block(&self, network: Network, lasts: Option<Duration>) -> Result<ListedNetwork, PartnerError> {
        let expires_at = lasts.map(|lasts| self.desk.now().plus(lasts));
        let order = NetworkOrder {
            network,
            action: ListAction::Block,
            reason: None,
            expires_at,
            deliberately: false,
        };
        self.desk.list_network(&self.operator, &order).await
    }

    /// Lists every network from the second on that a full list has room for, as `block` would one by one.
    async fn fill_list(&mut self) {
        self.block(nth(1), None).await.unwrap();
        let key = |network| Key::new(Table::Partners, format!("network#{network}"));
        let model = self.store.get(&key(nth(1))).await.unwrap().unwrap();
        let copies: Vec<Write> = (2..10_000)
            .map(|number| {
                let network = nth(number);
                let listing =
                    model.listing.clone().map(|listing| Listing { sort: network.to_string(), ..listing });
                let attributes = model.attributes.clone().with("network", network.to_string());
                Write::create(Record { key: key(network), version: 1, listing, attributes })
            })
            .collect();
        for writes in copies.chunks(50) {
            self.store.commit(Commit { writes: writes.to_vec() }).await.unwrap();
        }
        self.crash().await;
    }

    /// What was done to networks, newest first.
    async fn trail(&self) -> Vec<(String, String, String)> {
        let entries = self.desk.audit(3, None).await.unwrap().entries;
        entries.into_iter().map(|entry| (entry.action, entry.subject, entry.detail)).collect()
    }
}

#[tokio::test]
async fn an_ended_entry_whose_place_is_needed_leaves_the_list_with_an_audit_entry() {
    let mut here = Counter::open("50", 100).await;
    here.block(nth(0), Some(DAY)).await.unwrap();
    here.fill_list().await;
    let full = here.block(nth(20_000), None).await;
    assert!(matches!(full, Err(PartnerError::TooManyNetworks)), "{full:?}");

    here.advance(2 * DAY);
    here.block(nth(20_000), None).await.unwrap();
    let listed = here.desk.listed_networks().await.unwrap();
    assert_eq!(listed.len(), 10_000);
    assert!(listed.iter().all(|entry| entry.network != nth(0)));
    let trail = here.trail().await;
    let about = |network: Network| {
        let subject = format!("network {network}");
        trail
            .iter()
            .find(|(_, of, _)| *of == subject)
            .map(|(action, _, detail)| (action.as_str(), detail.as_str()))
    };
    assert_eq!(about(nth(20_000)), Some(("network.blocked", "block, until it is removed")));
    let (action, detail) = about(nth(0)).unwrap();
    assert_eq!(action, "network.unlisted");
    assert!(detail.starts_with("ended, and its place was needed; was: block, until "), "{detail}");
}
