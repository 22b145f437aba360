//! What every store promises, with DynamoDB at its best and at its worst.

use std::cell::RefCell;
use std::collections::BTreeSet;

use skybridge_dynamodb_local::{Fault, Faults};
use skybridge_store::contract;

use crate::kit::Place;

/// How often a request fails where the door makes trouble.
const SHARE_PERCENT: u8 = 30;

#[tokio::test]
async fn keeps_the_contract() {
    let place = Place::new().await;
    contract::run_all(&place.store(), "dynamodb").await;
    assert_eq!(place.door.counts().eventual_reads, 0, "one's own fresh booking is always found");
}

#[tokio::test]
async fn keeps_the_contract_when_three_requests_of_ten_fail() {
    let mut met = BTreeSet::new();
    for seed in 0..3 {
        let place = Place::new().await;
        place.door.set(Faults::quick(SHARE_PERCENT, seed));
        contract::run_all(&place.store(), "faults").await;
        met.extend(place.door.counts().faults.into_keys().map(|(fault, _)| fault));
    }
    assert_eq!(met, BTreeSet::from(Fault::QUICK), "each kind was met");
}

#[test]
fn agrees_with_the_model() {
    agrees(12, &Faults::none());
}

#[test]
fn agrees_with_the_model_when_three_requests_of_ten_fail() {
    agrees(8, &Faults::quick(SHARE_PERCENT, 1));
}

/// Reopening is a new store on the same tables: another node.
fn agrees(cases: u32, faults: &Faults) {
    let current = RefCell::new(None::<Place>);
    let open = || {
        let place = Place::prepared();
        place.door.set(faults.clone());
        let store = place.store();
        current.replace(Some(place));
        store
    };
    let reopen = |_| current.borrow().as_ref().expect("opened above").store();
    contract::agrees_with_model(cases, open, reopen);
}
