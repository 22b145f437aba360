//! Records that are out of date, and the merge that moves the others out of their file.

use std::fs;

use super::kit::{Dir, block_on, booking, next, put_bookings, replace};
use crate::{EmbeddedStore, Options, verify};
use skybridge_store::Store;

const BOOKINGS: usize = 64;
const FILES: usize = 8;

/// Of the first files of values three quarters go out of date; what a merge leaves is read and found whole, also by the
/// next process.
#[test]
fn a_merge_moves_what_is_still_in_use() {
    let dir = Dir::new();
    let store = dir.store();
    let records = &store.shared.engine.records;
    // Several files: only the older ones are looked at.
    for batch in 0..FILES {
        put_bookings(&store, (0..BOOKINGS).filter(|n| n % FILES == batch));
        records.rotate_memtable_and_wait().unwrap();
    }
    let first = values(&dir);
    let confirmed = |n: usize| !(n / FILES).is_multiple_of(4);
    for n in (0..BOOKINGS).filter(|n| confirmed(*n)) {
        block_on(store.commit(replace(next(&booking(n), "CONFIRMED")))).unwrap();
    }
    records.rotate_memtable_and_wait().unwrap();
    // The first merge finds out what is out of date, the next ones move the rest.
    (0..3).for_each(|_| records.major_compact().unwrap());
    let is_right = |store: &EmbeddedStore| {
        (0..BOOKINGS).all(|n| {
            let expected = if confirmed(n) { next(&booking(n), "CONFIRMED") } else { booking(n) };
            block_on(store.get(&booking(n).key)).unwrap() == Some(expected)
        })
    };
    assert!(is_right(&store));
    drop(store);
    assert!(verify(&dir.path(), &|_| Ok(())).unwrap().is_whole());
    let store = EmbeddedStore::open(&dir.path(), Options::default()).unwrap();
    assert!(is_right(&store));
    let left = values(&dir);
    assert!(first.iter().any(|file| !left.contains(file)), "nothing was moved: {first:?}, {left:?}");
}

fn values(dir: &Dir) -> Vec<String> {
    let folder = dir.part("database").join("keyspaces/1/blobs");
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}
