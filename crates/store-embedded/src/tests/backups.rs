//! Backups hold a state that was, come back equal, and are refused when anything in them changed.

use std::sync::atomic::{AtomicBool, Ordering};

use skybridge_store::{Commit, Store, Write};

use super::kit::{Dir, block_on, booking, bookings, get, next, put_bookings, replace};
use crate::{EmbeddedStore, OpenError, Options, RestoreError, restore};

fn backup(store: &EmbeddedStore) -> Vec<u8> {
    let mut file = Vec::new();
    let summary = store.backup(&mut file).unwrap();
    assert_eq!(summary.bytes, file.len() as u64);
    file
}

#[test]
fn a_backup_comes_back_equal_and_serves() {
    let dir = Dir::new();
    let store = dir.store();
    put_bookings(&store, 0..600);
    let changed = next(&booking(7), "CONFIRMED");
    block_on(store.commit(replace(changed.clone()))).unwrap();
    let file = backup(&store);

    let restored = Dir::new();
    let summary = restore(&*file, &restored.path()).unwrap();
    assert_eq!((summary.sequence, summary.records), (601, 600));
    let report = crate::verify(&restored.path()).unwrap();
    assert!(report.is_whole(), "{report:?}");
    assert_eq!(
        (report.records, report.entries, report.sequence, report.mark),
        (600, 600, Some(601), Some(601))
    );
    let copy = restored.store();
    assert_eq!(get(&copy, 7), Some(changed));
    assert_eq!(bookings(&copy, 600).len(), 599);
    assert_ne!(copy.store_id, store.store_id);
    put_bookings(&copy, 600..602);
    assert_eq!(copy.verify().unwrap().sequence, Some(603));
}

#[test]
fn an_empty_store_has_a_backup() {
    let file = backup(&Dir::new().store());
    let restored = Dir::new();
    assert_eq!(restore(&*file, &restored.path()).unwrap().records, 0);
    put_bookings(&restored.store(), 0..2);
}

#[test]
fn a_backup_under_writes_is_the_state_after_some_commit() {
    // Each commit writes a pair. A state between two commits has whole pairs, numbered without a gap.
    let dir = Dir::new();
    let store = dir.store();
    let done = AtomicBool::new(false);
    let pair = |n: usize| Commit { writes: [2 * n, 2 * n + 1].map(|n| Write::create(booking(n))).into() };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..200 {
                block_on(store.commit(pair(n))).unwrap();
            }
            done.store(true, Ordering::Release);
        });
        let mut backups = 0;
        while !done.load(Ordering::Acquire) || backups == 0 {
            let restored = Dir::new();
            let summary = restore(&*backup(&store), &restored.path()).unwrap();
            let pairs = usize::try_from(summary.sequence).unwrap();
            assert_eq!(summary.records, 2 * summary.sequence);
            assert_eq!(bookings(&restored.store(), 400), Vec::from_iter(0..2 * pairs));
            backups += 1;
        }
    });
}

#[test]
fn a_backup_that_was_cut_or_altered_is_refused_and_leaves_nothing() {
    let dir = Dir::new();
    let store = dir.store();
    put_bookings(&store, 0..4);
    let file = backup(&store);
    let refused = |file: &[u8]| {
        let target = Dir::new();
        let error = restore(file, &target.path()).unwrap_err();
        assert!(!target.path().exists() && !target.sibling(".store.new").exists(), "{error} left something");
        error
    };
    for length in (0..file.len()).step_by(29) {
        let error = refused(&file[..length]);
        assert!(
            matches!(error, RestoreError::Cut { .. } | RestoreError::NotABackup),
            "{length} bytes: {error}"
        );
    }
    for at in (0..file.len()).step_by(13) {
        let mut altered = file.clone();
        altered[at] ^= 0x10;
        let error = refused(&altered);
        let is_named = matches!(
            error,
            RestoreError::Altered { .. } | RestoreError::Cut { .. } | RestoreError::NotABackup
        );
        assert!(is_named, "byte {at}: {error}");
    }
    let longer = [&*file, b"more"].concat();
    assert!(matches!(refused(&longer), RestoreError::Altered { .. }));
    assert!(matches!(refused(b"PK\x03\x04 and so on, for a while"), RestoreError::NotABackup));
    restore(&*file, &Dir::new().path()).unwrap();
}

#[test]
fn a_standing_store_is_not_restored_over() {
    let file = backup(&Dir::new().store());
    let dir = Dir::with_bookings(2);
    let error = restore(&*file, &dir.path()).unwrap_err();
    assert!(matches!(error, RestoreError::Store(OpenError::Exists { .. })), "{error}");
    let store = EmbeddedStore::open(&dir.path(), Options::default()).unwrap();
    assert_eq!(bookings(&store, 2), [0, 1]);
}
