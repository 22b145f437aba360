//! Records come back as they were put, and conditions decide whether they are.

use super::kit::{Scope, changed, create, get, loses, replace};
use crate::{Attributes, Commit, Key, Record, Store, Table, Value, Write};

/// Every type of value, every table, listed and not: byte for byte what was put.
pub async fn a_record_comes_back_as_it_was_put(store: &dyn Store, scope: &Scope) {
    let values = Attributes::default()
        .with("text", "Zoë O'Brien, 東京, e\u{301}, \u{1F6EB}, \0")
        .with("empty text", "")
        .with("smallest", 0)
        .with("largest", u64::MAX)
        .with("yes", true)
        .with("no", false)
        .with("bytes", vec![0_u8, 255, 1])
        .with("no bytes", Vec::<u8>::new())
        .with("list", vec![Value::from("a"), Value::from(1), Value::from(Vec::<Value>::new())])
        .with("map", Attributes::default().with("inner", Attributes::default().with("leaf", true)));
    for table in Table::ALL {
        for (id, listing) in [("listed", Some(scope.listing("p", "s"))), ("unlisted", None)] {
            let key = scope.key(table, id);
            let record = Record { key, version: 1, listing, attributes: values.clone() };
            create(store, [record.clone()]).await;
            assert_eq!(get(store, &record.key).await, Some(record));
        }
    }
    let bare = Record { attributes: Attributes::default(), ..scope.booking("no attributes") };
    create(store, [bare.clone()]).await;
    assert_eq!(get(store, &bare.key).await, Some(bare));
}

/// A key that no record can have is absent; it is not an error.
pub async fn an_impossible_key_finds_nothing(store: &dyn Store, scope: &Scope) {
    for id in [String::new(), scope.text("a\0b"), scope.text(&"x".repeat(70_000))] {
        assert_eq!(get(store, &Key::new(Table::Bookings, id)).await, None);
    }
    assert_eq!(get(store, &scope.key(Table::Bookings, "never written")).await, None);
}

/// A create fails when the record exists, hands it back, and leaves it as it is.
pub async fn a_create_loses_to_a_standing_record(store: &dyn Store, scope: &Scope) {
    let first = scope.booking("a");
    create(store, [first.clone()]).await;
    let second = Record { attributes: Attributes::default().with("status", "OTHER"), ..first.clone() };
    assert_eq!(loses(store, Commit::of(Write::create(second))).await, (0, Some(first.clone())));
    assert_eq!(get(store, &first.key).await, Some(first));
}

/// A replace fails on any version but the standing one.
pub async fn a_replace_needs_its_version(store: &dyn Store, scope: &Scope) {
    let first = scope.booking("a");
    create(store, [first.clone()]).await;
    let second = changed(&first, "CONFIRMED");
    replace(store, second.clone()).await;
    assert_eq!(get(store, &first.key).await, Some(second.clone()));
    for expected in [1, 3] {
        let write = Write::replace(Record { version: expected + 1, ..first.clone() }, expected);
        assert_eq!(loses(store, Commit::of(write)).await, (0, Some(second.clone())));
    }
    assert_eq!(get(store, &first.key).await, Some(second));
}

/// A replace of a record that does not exist fails and reports that there is none.
pub async fn a_replace_needs_a_record(store: &dyn Store, scope: &Scope) {
    let record = Record { version: 2, ..scope.booking("a") };
    assert_eq!(loses(store, Commit::of(Write::replace(record.clone(), 1))).await, (0, None));
    assert_eq!(get(store, &record.key).await, None);
}

/// A caller that does not know whether its commit took place repeats it, and finds its own record.
pub async fn a_repeated_commit_fails_its_own_condition(store: &dyn Store, scope: &Scope) {
    let record = scope.booking("a");
    create(store, [record.clone()]).await;
    let repeated = Commit::of(Write::create(record.clone()));
    assert_eq!(loses(store, repeated).await, (0, Some(record.clone())));
    let next = changed(&record, "CONFIRMED");
    replace(store, next.clone()).await;
    assert_eq!(loses(store, Commit::of(Write::replace(next.clone(), 1))).await, (0, Some(next)));
}

/// Of several failed conditions, the first in the order of the writes is reported.
pub async fn the_first_failed_condition_is_reported(store: &dyn Store, scope: &Scope) {
    let [a, b] = ["a", "b"].map(|id| scope.booking(id));
    create(store, [a.clone(), b.clone()]).await;
    let fine = Write::create(scope.booking("c"));
    let (on_a, on_b) = (Write::create(a.clone()), Write::replace(Record { version: 8, ..b.clone() }, 7));
    let writes = vec![fine.clone(), on_b.clone(), on_a.clone()];
    assert_eq!(loses(store, Commit { writes }).await, (1, Some(b)));
    assert_eq!(loses(store, Commit { writes: vec![fine, on_a, on_b] }).await, (1, Some(a)));
}
