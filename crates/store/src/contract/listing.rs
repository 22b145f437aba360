//! The listing: what stands in it, in which order, and how it is paged through.

use super::kit::{Scope, changed, create, ids, query, replace};
use crate::{Order, Query, Record, Store, Table};

/// Sort texts are compared as bytes, ties by id; descending is the exact reverse.
pub async fn a_listing_is_ordered_by_bytes(store: &dyn Store, scope: &Scope) {
    let sorted =
        [("c", "1"), ("z", "1"), ("a", "10"), ("b", "1a"), ("d", "2"), ("e", "Z"), ("f", "a"), ("g", "é")];
    for (id, sort) in [4, 0, 7, 2, 6, 1, 5, 3].map(|at: usize| sorted[at]) {
        create(store, [scope.listed(id, "p", sort)]).await;
    }
    let mut expected = sorted.map(|(id, _)| id);
    assert_eq!(ids(store, scope, &scope.whole("p")).await, expected);
    expected.reverse();
    let descending = Query { order: Order::Descending, ..scope.whole("p") };
    assert_eq!(ids(store, scope, &descending).await, expected);
}

/// The index is sparse.
pub async fn a_record_without_listing_is_not_listed(store: &dyn Store, scope: &Scope) {
    create(store, [scope.listed("listed", "p", "1"), scope.booking("unlisted")]).await;
    assert_eq!(ids(store, scope, &scope.whole("p")).await, ["listed"]);
}

/// A replaced record stands where its new version says, and there alone, with its new content.
pub async fn a_replaced_record_moves_in_the_listing(store: &dyn Store, scope: &Scope) {
    let first = scope.listed("a", "p", "1");
    create(store, [first.clone(), scope.listed("b", "p", "2")]).await;
    let kept = changed(&first, "CONFIRMED");
    replace(store, kept.clone()).await;
    assert_eq!(query(store, &scope.whole("p")).await.records[0], kept);

    let later = Record { listing: Some(scope.listing("p", "3")), ..changed(&kept, "CONFIRMED") };
    replace(store, later.clone()).await;
    assert_eq!(ids(store, scope, &scope.whole("p")).await, ["b", "a"]);

    let elsewhere = Record { listing: Some(scope.listing("q", "1")), ..changed(&later, "CANCELLED") };
    replace(store, elsewhere.clone()).await;
    assert_eq!(ids(store, scope, &scope.whole("p")).await, ["b"]);
    assert_eq!(ids(store, scope, &scope.whole("q")).await, ["a"]);

    let unlisted = Record { listing: None, ..changed(&elsewhere, "CANCELLED") };
    replace(store, unlisted.clone()).await;
    assert_eq!(ids(store, scope, &scope.whole("q")).await, [""; 0]);

    let again = Record { listing: Some(scope.listing("p", "1")), ..changed(&unlisted, "CANCELLED") };
    replace(store, again).await;
    assert_eq!(ids(store, scope, &scope.whole("p")).await, ["a", "b"]);
}

/// Pages of any size, in both orders, joined: every record once. The last page says that it is the last.
pub async fn pages_join_without_gap_or_overlap(store: &dyn Store, scope: &Scope) {
    const RECORDS: usize = 7;
    for n in 0..RECORDS {
        // Equal sort texts too: the cursor must go by the id as well.
        create(store, [scope.listed(&n.to_string(), "p", &(n / 3).to_string())]).await;
    }
    for order in [Order::Ascending, Order::Descending] {
        let whole = query(store, &Query { order, ..scope.whole("p") }).await.records;
        for limit in [0, 1, 2, 3, RECORDS - 1, RECORDS, RECORDS + 1, usize::MAX] {
            let mut asked = Query { order, limit, ..scope.whole("p") };
            let mut joined = Vec::new();
            loop {
                let page = query(store, &asked).await;
                assert!(page.records.len() <= asked.page_size());
                joined.extend(page.records);
                asked.after = page.next;
                if asked.after.is_none() {
                    break;
                }
                assert!(joined.len() < RECORDS, "a cursor leads to at least one more record");
            }
            assert_eq!(joined, whole, "{order:?} by {limit}");
        }
    }
}

/// A query sees its own partition of its own table, even where one name begins with the other.
pub async fn partitions_and_tables_are_apart(store: &dyn Store, scope: &Scope) {
    for (id, partition) in [("1", "p"), ("2", "pp"), ("3", "p p"), ("4", "P")] {
        create(store, [scope.listed(id, partition, "s")]).await;
    }
    let audit = Record { key: scope.key(Table::Audit, "5"), ..scope.listed("5", "p", "s") };
    create(store, [audit]).await;
    assert_eq!(ids(store, scope, &scope.whole("p")).await, ["1"]);
    assert_eq!(ids(store, scope, &Query { table: Table::Audit, ..scope.whole("p") }).await, ["5"]);
    assert_eq!(ids(store, scope, &Query { table: Table::Limits, ..scope.whole("p") }).await, [""; 0]);
    assert_eq!(ids(store, scope, &scope.whole("unknown")).await, [""; 0]);
}

/// `from` is included, `to` is not, and a range the wrong way round is empty.
pub async fn ranges_include_from_and_exclude_to(store: &dyn Store, scope: &Scope) {
    create(store, ["1", "2", "2a", "3"].map(|sort| scope.listed(sort, "p", sort))).await;
    let cases: [(Option<&str>, Option<&str>, &[&str]); 9] = [
        (None, None, &["1", "2", "2a", "3"]),
        (Some("2"), None, &["2", "2a", "3"]),
        (None, Some("2"), &["1"]),
        (Some("2"), Some("3"), &["2", "2a"]),
        (Some("20"), Some("2b"), &["2a"]),
        (Some("2"), Some("2"), &[]),
        (Some("3"), Some("1"), &[]),
        (Some("4"), None, &[]),
        (Some(""), Some(""), &[]),
    ];
    for (from, to, expected) in cases {
        for order in [Order::Ascending, Order::Descending] {
            let (from, to) = (from.map(str::to_owned), to.map(str::to_owned));
            let range = Query { from: from.clone(), to: to.clone(), order, ..scope.whole("p") };
            let mut found = ids(store, scope, &range).await;
            if order == Order::Descending {
                found.reverse();
            }
            assert_eq!(found, expected, "{from:?} to {to:?}, {order:?}");
        }
    }
}
