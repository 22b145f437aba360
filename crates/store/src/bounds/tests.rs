use super::*;
use crate::Table;

fn record(id: &str) -> Record {
    Record {
        key: Key::new(Table::Bookings, id),
        version: 1,
        listing: None,
        attributes: Attributes::default().with("agency", "partnerco"),
    }
}

fn listed(partition: &str, sort: &str) -> Record {
    let listing = Some(Listing { partition: partition.to_owned(), sort: sort.to_owned() });
    Record { listing, ..record("a") }
}

#[test]
fn a_place_in_the_listing_fits_a_sort_key() {
    let at = |id: usize, sort: usize| Record {
        key: record(&"i".repeat(id)).key,
        ..listed("p", &"s".repeat(sort))
    };
    assert!(is_taken(at(512, 510)) && is_taken(at(510, 512)));
    assert!(!is_taken(at(512, 511)) && !is_taken(at(511, 512)));
}

fn is_taken(record: Record) -> bool {
    Commit::of(Write::create(record)).check().is_ok()
}

#[test]
fn a_commit_holds_1_to_100_writes_to_distinct_records() {
    let commit =
        |count: usize| Commit { writes: (0..count).map(|n| Write::create(record(&n.to_string()))).collect() };
    assert!(commit(0).check().is_err());
    assert!(commit(1).check().is_ok());
    assert!(commit(100).check().is_ok());
    assert!(commit(101).check().is_err());
    let twice = Commit { writes: vec![Write::create(record("a")), Write::create(record("a"))] };
    assert!(twice.check().is_err());
}

#[test]
fn a_version_counts_the_changes() {
    let at = |version| Record { version, ..record("a") };
    for (write, taken) in [
        (Write::create(at(1)), true),
        (Write::create(at(0)), false),
        (Write::create(at(2)), false),
        (Write::replace(at(8), 7), true),
        (Write::replace(at(7), 7), false),
        (Write::replace(at(9), 7), false),
        (Write::replace(at(0), u64::MAX), false),
    ] {
        assert_eq!(Commit::of(write.clone()).check().is_ok(), taken, "{write:?}");
    }
}

#[test]
fn key_texts_hold_1_to_512_bytes_and_no_nul() {
    let longest = "x".repeat(Key::ID_BYTES_MAX);
    let too_long = "x".repeat(Key::ID_BYTES_MAX + 1);
    for (text, taken) in
        [("a", true), (longest.as_str(), true), (too_long.as_str(), false), ("", false), ("a\0b", false)]
    {
        assert_eq!(is_taken(record(text)), taken, "id of {} bytes", text.len());
        assert_eq!(is_taken(listed(text, "s")), taken, "partition of {} bytes", text.len());
        assert_eq!(is_taken(listed("p", text)), taken, "sort text of {} bytes", text.len());
        assert_eq!(Key::new(Table::Audit, text).is_storable(), taken);
    }
}

#[test]
fn a_record_holds_400_kb_and_a_commit_4_mb() {
    let of =
        |bytes: usize| Record { attributes: Attributes::default().with("b", vec![0; bytes]), ..record("a") };
    let rest = of(0).bytes();
    assert!(is_taken(of(Record::BYTES_MAX - rest)));
    assert!(!is_taken(of(Record::BYTES_MAX - rest + 1)));

    let large =
        |n: usize| Write::create(Record { key: Key::new(Table::Audit, n.to_string()), ..of(390_000) });
    assert!(Commit { writes: (0..10).map(large).collect() }.check().is_ok());
    assert!(Commit { writes: (0..11).map(large).collect() }.check().is_err());
}

#[test]
fn values_stand_32_deep_at_most_and_attributes_have_names() {
    let nested = |depth| (1..depth).fold(Value::from(true), |inner, _| Value::from(vec![inner]));
    let of = |value: Value| Record { attributes: Attributes::default().with("v", value), ..record("a") };
    assert!(is_taken(of(nested(Record::DEPTH_MAX))));
    assert!(!is_taken(of(nested(Record::DEPTH_MAX + 1))));
    assert!(!is_taken(of(Value::from(Attributes::default().with("", true)))));
}

#[test]
fn a_query_with_a_nul_is_refused() {
    let clean = Query {
        table: Table::Bookings,
        partition: "p".to_owned(),
        from: None,
        to: None,
        order: crate::Order::Ascending,
        limit: 1,
        after: None,
    };
    let nul = || "a\0b".to_owned();
    let cursor = |sort: String, id: String| Some(crate::Position { sort, id });
    assert!(clean.check().is_ok());
    for broken in [
        Query { partition: nul(), ..clean.clone() },
        Query { from: Some(nul()), ..clean.clone() },
        Query { to: Some(nul()), ..clean.clone() },
        Query { after: cursor(nul(), "a".to_owned()), ..clean.clone() },
        Query { after: cursor("a".to_owned(), nul()), ..clean.clone() },
    ] {
        assert!(broken.check().is_err(), "{broken:?}");
    }
}
