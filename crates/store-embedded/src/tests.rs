//! Tests of the store as its callers see it, and of what damage does to it.

mod backups;
mod creation;
mod damage;
mod faults;
mod flips;
mod groups;
mod kit;
mod moved_values;
mod stopping;

pub(crate) use faults::Faults;

use std::rc::Rc;

use kit::{Dir, block_on};
use skybridge_store::contract;

#[test]
fn keeps_the_contract() {
    let dir = Dir::new();
    block_on(contract::run_all(&dir.store(), "embedded"));
}

#[test]
fn agrees_with_the_model_across_reopening() {
    let dirs = Rc::new(std::cell::RefCell::new(Vec::new()));
    let open = || {
        let dir = Dir::new();
        let store = dir.store();
        dirs.borrow_mut().push((store.store_id, dir));
        store
    };
    let reopen = |store: crate::EmbeddedStore| {
        let id = store.store_id;
        drop(store);
        let dirs = dirs.borrow();
        dirs.iter().find(|(store_id, _)| *store_id == id).expect("opened above").1.store()
    };
    contract::agrees_with_model(24, open, reopen);
}

#[test]
fn what_a_run_leaves_behind_verifies() {
    let dir = Dir::new();
    let store = dir.store();
    block_on(contract::run_all(&store, "embedded"));
    let running = store.verify(&|_| Ok(()));
    assert!(running.is_whole(), "{running:?}");
    drop(store);
    let report = crate::verify(&dir.path(), &|_| Ok(())).unwrap();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!((report.records, report.entries), (running.records, report.listed));
    assert_eq!(report.sequence, report.mark);
}
