//! Scans: all of a table, whether it is listed or not.

use super::kit::{Scope, changed, create, replace, scanned};
use crate::{Query, Store, Table};

/// A scan finds every record of its table as it stands, listed or not, and none of another table.
///
/// # Panics
///
/// When the store breaks the promise.
pub async fn a_scan_finds_all_of_its_table(store: &dyn Store, scope: &Scope) {
    let mut plain = scope.booking("plain");
    let listed = scope.listed("listed", "p", "1");
    let mut elsewhere = scope.booking("elsewhere");
    elsewhere.key.table = Table::Partners;
    create(store, [plain.clone(), listed.clone(), elsewhere.clone()]).await;
    plain = changed(&plain, "CANCELLED");
    replace(store, plain.clone()).await;

    let expected = [plain, listed].map(|record| (record.key.clone(), record));
    assert_eq!(scanned(store, scope, Table::Bookings).await, expected.into());
    assert_eq!(scanned(store, scope, Table::Partners).await, [(elsewhere.key.clone(), elsewhere)].into());
}

/// A scan keeps to its table, whichever comes next in the store's own order, or if none does.
///
/// # Panics
///
/// When the store breaks the promise.
pub async fn a_scan_keeps_to_its_table(store: &dyn Store, scope: &Scope) {
    for table in Table::ALL {
        let mut record = scope.booking("only");
        record.key.table = table;
        create(store, [record.clone()]).await;
        assert_eq!(scanned(store, scope, table).await, [(record.key.clone(), record)].into());
    }
}

/// The parts of a long table join without gap or overlap.
///
/// # Panics
///
/// When the store breaks the promise.
pub async fn the_parts_of_a_scan_join(store: &dyn Store, scope: &Scope) {
    let records: Vec<_> = (0..=Query::LIMIT_MAX).map(|number| scope.booking(&number.to_string())).collect();
    create(store, records.iter().cloned()).await;
    let expected = records.into_iter().map(|record| (record.key.clone(), record));
    assert_eq!(scanned(store, scope, Table::Bookings).await, expected.collect());
}
