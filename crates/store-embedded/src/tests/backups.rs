//! Backups hold a state that was, come back equal, and are refused when anything in them changed.

use skybridge_store::Store;

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
    let report = crate::verify(&restored.path(), &|_| Ok(())).unwrap();
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
    assert_eq!(copy.verify(&|_| Ok(())).sequence, Some(603));
}

#[test]
fn an_empty_store_has_a_backup() {
    let file = backup(&Dir::new().store());
    let restored = Dir::new();
    assert_eq!(restore(&*file, &restored.path()).unwrap().records, 0);
    put_bookings(&restored.store(), 0..2);
}

/// A file during whose writing the store goes on: every write into it makes one more booking.
struct Busy<'a> {
    store: &'a EmbeddedStore,
    file: Vec<u8>,
    bookings: usize,
}

impl std::io::Write for Busy<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // In front of the bookings that are there, among them, and behind them.
        put_bookings(self.store, [self.bookings]);
        block_on(self.store.commit(replace(next(&booking(self.bookings), "CONFIRMED")))).unwrap();
        self.bookings += 1;
        self.file.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_backup_under_writes_is_the_state_of_the_moment_it_began() {
    const BEFORE: usize = 15;
    let dir = Dir::new();
    let store = dir.store();
    put_bookings(&store, 0..BEFORE);
    let mut busy = Busy { store: &store, file: Vec::new(), bookings: BEFORE };
    let summary = store.backup(&mut busy).unwrap();
    assert_eq!((summary.sequence, summary.records), (BEFORE as u64, BEFORE as u64));
    assert!(busy.bookings > 2 * BEFORE, "the store was written to while it was backed up");

    let restored = Dir::new();
    restore(&*busy.file, &restored.path()).unwrap();
    assert_eq!(bookings(&restored.store(), busy.bookings), Vec::from_iter(0..BEFORE));
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
