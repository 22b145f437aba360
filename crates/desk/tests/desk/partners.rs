//! Changes of partners: recorded, in force, or neither.

use std::time::Duration;

use skybridge_desk::partners::PartnerError;
use skybridge_store::{Attributes, Commit, Key, Record, Store as _, StoreError, Table, Write};

use crate::kit::{Counter, agency, plan_name};
use crate::rigged_store::Call;

const HOUR: Duration = Duration::from_secs(3600);

/// How old a roster may be before a process looks for changes, in these tests.
const MAX_AGE: Duration = Duration::from_millis(500);

#[tokio::test]
async fn a_change_that_the_store_does_not_take_is_none() {
    let counter = Counter::open("50", 100).await;
    let key = counter.agency("A").await;
    counter.store.fail(Call::Commit, Table::Partners, 1);
    let refused = counter.set_plan("50", 8).await.unwrap_err();
    assert!(matches!(refused, PartnerError::Store(_)), "{refused}");
    assert_eq!(counter.desk.plans().await.unwrap()[0].plan.burst(), 100);
    assert_eq!(counter.admitted(&key.text, 50).await, 50);
}

#[tokio::test]
async fn a_change_whose_answer_was_lost_is_in_force_once_it_is_repeated_or_looked_for() {
    let counter = Counter::open("50", 100).await;
    let key = counter.agency("A").await;
    let revoke = || counter.desk.revoke_key(&counter.operator, key.key.id);
    counter.store.lose_answer(Table::Partners, 1);
    assert!(matches!(revoke().await, Err(PartnerError::Store(StoreError::OutcomeUnknown(_)))));
    counter.authenticate(&key.text).unwrap();
    let revoked = revoke().await.unwrap();
    assert_eq!(revoked.revoked_at, Some(counter.desk.now()));
    assert!(counter.authenticate(&key.text).is_err());

    let create = || counter.desk.create_agency(&counter.operator, agency("B"), plan_name());
    counter.store.lose_answer(Table::Partners, 1);
    create().await.unwrap_err();
    assert!(matches!(create().await, Err(PartnerError::AgencyExists(_))));
    counter.issue_key("B", None).await.unwrap();

    let key = counter.issue_key("B", None).await.unwrap();
    counter.store.lose_answer(Table::Partners, 1);
    counter.desk.suspend_agency(&counter.operator, &agency("B")).await.unwrap_err();
    counter.authenticate(&key.text).unwrap();
    counter.advance(MAX_AGE);
    counter.desk.refresh_roster(MAX_AGE).await.unwrap();
    assert!(counter.authenticate(&key.text).is_err());
}

#[tokio::test]
async fn what_one_process_changes_holds_in_another_once_it_looks() {
    let here = Counter::open("50", 100).await;
    let there = here.beside().await;
    let key = here.agency("A").await;
    assert!(there.authenticate(&key.text).is_err(), "not looked for yet");
    there.desk.refresh_roster(Duration::ZERO).await.unwrap();
    there.authenticate(&key.text).unwrap();

    here.desk.revoke_key(&here.operator, key.key.id).await.unwrap();
    there.advance(MAX_AGE - Duration::from_nanos(1));
    there.desk.refresh_roster(MAX_AGE).await.unwrap();
    there.authenticate(&key.text).unwrap();
    there.advance(Duration::from_nanos(1));
    there.desk.refresh_roster(MAX_AGE).await.unwrap();
    assert!(there.authenticate(&key.text).is_err(), "half a second later it holds");

    let key = there.issue_key("A", None).await.unwrap();
    here.desk.refresh_roster(Duration::ZERO).await.unwrap();
    there.desk.suspend_agency(&there.operator, &agency("A")).await.unwrap();
    here.authenticate(&key.text).unwrap();
    here.desk.refresh_roster(Duration::ZERO).await.unwrap();
    assert!(here.authenticate(&key.text).is_err());
}

#[tokio::test]
async fn looking_for_changes_costs_one_read_and_one_more_for_each_change() {
    let here = Counter::open("50", 100).await;
    for name in ["A", "B", "C"] {
        here.agency(name).await;
    }
    let there = here.beside().await;
    let cost_of_a_look = async || {
        let before = there.store.calls();
        there.desk.refresh_roster(Duration::ZERO).await.unwrap();
        there.store.calls() - before
    };
    assert_eq!(cost_of_a_look().await, 1);
    here.desk.suspend_agency(&here.operator, &agency("B")).await.unwrap();
    assert_eq!(cost_of_a_look().await, 2);
    assert_eq!(cost_of_a_look().await, 1);
}

#[tokio::test]
async fn a_process_that_is_far_behind_misses_no_change() {
    let here = Counter::open("50", 100).await;
    let key = here.agency("A").await;
    let there = here.beside().await;
    here.desk.revoke_key(&here.operator, key.key.id).await.unwrap();
    for _ in 0..60 {
        // Two agencies' worth of entries in the log, which holds a hundred.
        here.desk.suspend_agency(&here.operator, &agency("A")).await.unwrap();
        here.desk.resume_agency(&here.operator, &agency("A")).await.unwrap();
    }
    there.authenticate(&key.text).unwrap();
    there.desk.refresh_roster(Duration::ZERO).await.unwrap();
    assert!(there.authenticate(&key.text).is_err());
}

#[tokio::test]
async fn processes_that_change_partners_at_once_lose_no_change() {
    let here = Counter::open("50", 100).await;
    here.agency("A").await;
    let (there, beyond) = (here.beside().await, here.beside().await);
    let mut keys = Vec::new();
    for _ in 0..5 {
        for counter in [&here, &there, &beyond] {
            keys.push(counter.issue_key("A", None).await.unwrap());
        }
    }
    for counter in [&here, &there, &beyond] {
        counter.desk.refresh_roster(Duration::ZERO).await.unwrap();
        for key in &keys {
            counter.authenticate(&key.text).unwrap();
        }
    }
}

#[tokio::test]
async fn a_look_that_fails_leaves_what_was_known_and_the_next_one_finds_the_change() {
    let here = Counter::open("50", 100).await;
    let key = here.agency("A").await;
    let there = here.beside().await;
    here.desk.revoke_key(&here.operator, key.key.id).await.unwrap();
    // The log is read, the changed key is not.
    there.store.fail(Call::Get, Table::Partners, 2);
    there.desk.refresh_roster(Duration::ZERO).await.unwrap_err();
    there.authenticate(&key.text).unwrap();
    there.desk.refresh_roster(Duration::ZERO).await.unwrap();
    assert!(there.authenticate(&key.text).is_err());
}

#[tokio::test]
async fn a_key_is_rotated_once_and_then_its_successor_is() {
    let counter = Counter::open("50", 100).await;
    counter.agency("A").await;
    let first = counter.issue_key("A", Some(24 * HOUR)).await.unwrap().key;
    let rotate = |id| counter.desk.rotate_key(&counter.operator, id, HOUR);
    let rotation = rotate(first.id).await.unwrap();
    assert_eq!(rotation.replaced.expires_at, Some(counter.desk.now().plus(HOUR)));
    let second = rotation.issued.key;

    let refused = rotate(first.id).await.unwrap_err();
    let PartnerError::KeyReplaced { key, successor } = refused else { panic!("{refused}") };
    assert_eq!((key, successor), (first.id, second.id));

    let third = rotate(second.id).await.unwrap().issued.key;
    assert_eq!(third.expires_at, first.expires_at, "a lifetime of a day, begun at the same moment");
}

#[tokio::test]
async fn a_record_that_cannot_be_read_costs_its_own_key_and_no_other_change() {
    let here = Counter::open("50", 100).await;
    let (damaged, revoked) = (here.agency("A").await, here.issue_key("A", None).await.unwrap());
    let there = here.beside().await;
    here.desk.rotate_key(&here.operator, damaged.key.id, HOUR).await.unwrap();
    let id = Key::new(Table::Partners, format!("key#{}", damaged.key.id));
    let mut record = here.store.get(&id).await.unwrap().unwrap();
    record.attributes.set("agency", true);
    let version = record.version;
    record.version += 1;
    here.store.commit(Commit::of(Write::replace(record, version))).await.unwrap();
    here.desk.revoke_key(&here.operator, revoked.key.id).await.unwrap();

    there.desk.refresh_roster(Duration::ZERO).await.unwrap();
    assert!(there.authenticate(&damaged.text).is_err());
    assert!(there.authenticate(&revoked.text).is_err(), "the revocation holds all the same");
}

/// An agency and its key are made while all partners are read: the key is read after the agencies.
#[tokio::test]
async fn partners_that_change_while_they_are_read_are_read_once_more() {
    let here = Counter::open("50", 100).await;
    here.agency("A").await;
    let hold = here.store.hold(Call::Scan, Table::Partners, 3);
    let meanwhile = async {
        assert_eq!(hold.reached().await, "change-log", "behind the agencies, before the keys");
        let key = here.agency("B").await;
        hold.let_go();
        key
    };
    let (there, key) = tokio::join!(here.beside(), meanwhile);
    there.authenticate(&key.text).unwrap();
}

/// As after going back from a later program, which keeps partners of other kinds.
#[tokio::test]
async fn a_partner_of_an_unknown_kind_keeps_nobody_from_starting() {
    let here = Counter::open("50", 100).await;
    let key = here.agency("A").await;
    let id = Key::new(Table::Partners, "alliance#One");
    let record = Record { key: id, version: 1, listing: None, attributes: Attributes::default() };
    here.store.commit(Commit::of(Write::create(record))).await.unwrap();
    here.beside().await.authenticate(&key.text).unwrap();
}
