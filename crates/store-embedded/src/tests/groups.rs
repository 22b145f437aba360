//! What happens inside one group, made deterministic by holding the writer until the group is in the queue.

use skybridge_store::{Commit, Listing, Record, Store, Write};

use super::kit::{
    Dir, Fate, as_one_group, block_on, booking, create, get, listing, next, put_bookings, replace,
};
use crate::{EmbeddedStore, Options};

fn listed(store: &EmbeddedStore) -> Vec<Record> {
    block_on(store.query(&listing())).unwrap().records
}

fn groups(store: &EmbeddedStore) -> u64 {
    store.health().activity.groups
}

#[test]
fn a_lone_commit_is_one_group_and_one_sync() {
    let dir = Dir::new();
    let store = dir.store();
    put_bookings(&store, 0..3);
    let activity = store.health().activity;
    assert_eq!((activity.groups, activity.commits, activity.writes), (3, 3, 3));
}

#[test]
fn commits_that_wait_together_share_one_sync() {
    let dir = Dir::new();
    let store = dir.store();
    let fates = as_one_group(&store, (0..100).map(|n| create(booking(n))).collect());
    assert!(fates.iter().all(|fate| *fate == Fate::Done));
    assert_eq!((groups(&store), store.health().activity.commits), (1, 100));
    assert_eq!(listed(&store), (0..100).map(booking).collect::<Vec<_>>());
}

#[test]
fn a_group_is_bounded_and_nothing_is_left_behind() {
    let dir = Dir::new();
    let options = Options { group_commits_max: 8, ..Options::default() };
    let store = dir.store_with(options);
    let fates = as_one_group(&store, (0..20).map(|n| create(booking(n))).collect());
    assert!(fates.iter().all(|fate| *fate == Fate::Done));
    assert_eq!(groups(&store), 3);
}

#[test]
fn a_condition_sees_the_commits_before_it_in_the_group() {
    let dir = Dir::new();
    let store = dir.store();
    let [first, twin] = ["CREATED", "TWIN"].map(|status| {
        let record = booking(1);
        Record { attributes: record.attributes.with("status", status), ..record }
    });
    let second = next(&first, "CONFIRMED");
    let third = next(&second, "CANCELLED");
    let commits = vec![
        create(first.clone()),
        create(twin),
        replace(second.clone()),
        replace(next(&first, "TOO LATE")),
        replace(third.clone()),
        create(booking(2)),
    ];
    let fates = as_one_group(&store, commits);
    let lost_to = |record: &Record| Fate::Lost(Some(record.clone()));
    let expected = [Fate::Done, lost_to(&first), Fate::Done, lost_to(&second), Fate::Done, Fate::Done];
    assert_eq!(fates, expected);
    assert_eq!(groups(&store), 1);
    assert_eq!(get(&store, 1), Some(third));
    assert_eq!(get(&store, 2), Some(booking(2)));
}

#[test]
fn a_failed_condition_costs_only_its_own_commit() {
    let dir = Dir::new();
    let store = dir.store();
    put_bookings(&store, [0]);
    // All of the second commit fails with its second write, and the third builds on the first alone.
    let two = Commit { writes: vec![Write::create(booking(2)), Write::create(booking(0))] };
    let fates = as_one_group(&store, vec![create(booking(1)), two, create(booking(2))]);
    assert_eq!(fates, [Fate::Done, Fate::Lost(Some(booking(0))), Fate::Done]);
    assert_eq!(store.health().activity.conditions_failed, 1);
    assert!(store.verify(&|_| Ok(())).is_whole());
}

#[test]
fn a_group_of_losers_writes_nothing() {
    let dir = Dir::new();
    let store = dir.store();
    put_bookings(&store, [0]);
    let fates = as_one_group(&store, vec![create(booking(0)), replace(next(&booking(1), "NONE"))]);
    assert_eq!(fates, [Fate::Lost(Some(booking(0))), Fate::Lost(None)]);
    assert_eq!(groups(&store), 1);
}

#[test]
fn a_listing_that_moves_there_and_back_in_one_group_stands_once() {
    let dir = Dir::new();
    let store = dir.store();
    put_bookings(&store, [0]);
    let there = Listing { partition: "partnerco".to_owned(), sort: "elsewhere".to_owned() };
    let moved = Record { listing: Some(there), ..next(&booking(0), "MOVED") };
    let unlisted = Record { listing: None, ..next(&moved, "UNLISTED") };
    let back = Record { listing: booking(0).listing, ..next(&unlisted, "BACK") };
    let new = Record { listing: None, ..next(&booking(1), "CREATED AND UNLISTED") };
    let commits = [moved, unlisted, back.clone()].map(replace);
    let fates = as_one_group(&store, [&commits[..], &[create(booking(1)), replace(new)]].concat());
    assert!(fates.iter().all(|fate| *fate == Fate::Done), "{fates:?}");
    assert_eq!(listed(&store), [back]);
    drop(store);
    let report = crate::verify(&dir.path(), &|_| Ok(())).unwrap();
    assert!(report.is_whole() && report.entries == 1, "{report:?}");
}

#[test]
fn a_listing_that_moves_twice_in_one_group_stands_where_it_went_last() {
    let dir = Dir::new();
    let store = dir.store();
    put_bookings(&store, [0]);
    let at = |record: &Record, sort: &str| {
        let listing = Some(Listing { partition: "partnerco".to_owned(), sort: sort.to_owned() });
        Record { listing, ..next(record, sort) }
    };
    let first = at(&booking(0), "first");
    let second = at(&first, "second");
    let fates = as_one_group(&store, [first, second.clone()].map(replace).into());
    assert_eq!(fates, [Fate::Done, Fate::Done]);
    assert_eq!(listed(&store), [second]);
}

#[test]
fn commits_are_taken_in_the_order_in_which_they_came() {
    let dir = Dir::new();
    let store = dir.store_with(Options { group_commits_max: 2, ..Options::default() });
    let versions = (1..10).scan(booking(0), |record, n| {
        let commit = if n == 1 { create(record.clone()) } else { replace(record.clone()) };
        *record = next(record, &n.to_string());
        Some(commit)
    });
    let fates = as_one_group(&store, versions.collect());
    assert!(fates.iter().all(|fate| *fate == Fate::Done), "{fates:?}");
}

#[test]
fn a_full_queue_refuses_at_once_and_what_it_took_is_written() {
    let dir = Dir::new();
    let store = dir.store_with(Options { queue_max: 3, ..Options::default() });
    let fates = as_one_group(&store, (0..5).map(|n| create(booking(n))).collect());
    assert_eq!(fates, [Fate::Done, Fate::Done, Fate::Done, Fate::Overloaded, Fate::Overloaded]);
    assert_eq!(store.health().activity.overloaded, 2);
    put_bookings(&store, [3, 4]);
    assert_eq!(listed(&store).len(), 5);
}
