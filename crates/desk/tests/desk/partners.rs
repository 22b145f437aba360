//! Changes of partners: recorded, in force, or neither.

use std::time::Duration;

use skybridge_desk::partners::PartnerError;
use skybridge_store::Table;

use crate::kit::{Counter, agency, plan_name};
use crate::rigged_store::{Call, RiggedStore};

const HOUR: Duration = Duration::from_secs(3600);

/// The next time the gate is to be told of a change, the partners cannot be read.
fn fail_next_reload(store: &RiggedStore) {
    store.fail(Call::Query, Table::Partners, 1);
}

/// A refusal that tells of a change that is recorded.
#[track_caller]
fn expect_not_in_force<T: std::fmt::Debug>(outcome: Result<T, PartnerError>) {
    let refused = outcome.unwrap_err();
    assert!(matches!(refused, PartnerError::NotInForce { .. }), "{refused}");
}

#[tokio::test]
async fn a_change_that_is_recorded_but_not_in_force_is_said_to_be_just_that() {
    let counter = Counter::open("50", 100).await;
    let key = counter.agency("A").await;
    fail_next_reload(&counter.store);
    expect_not_in_force(counter.set_plan("50", 7).await);
    assert_eq!(counter.desk.plans().await.unwrap()[0].plan.burst(), 7);
    assert_eq!(counter.admitted(&key.text, 50).await, 50, "the plan before is in force");

    counter.store.fail(Call::Commit, Table::Partners, 1);
    let refused = counter.set_plan("50", 8).await.unwrap_err();
    assert!(matches!(refused, PartnerError::Store(_)), "{refused}");
    assert_eq!(counter.desk.plans().await.unwrap()[0].plan.burst(), 7, "nothing was done");
}

#[tokio::test]
async fn a_repeated_revocation_is_in_force_or_says_that_it_is_not() {
    let counter = Counter::open("50", 100).await;
    let key = counter.agency("A").await;
    let revoke = || counter.desk.revoke_key(&counter.operator, key.key.id);
    for _ in 0..2 {
        fail_next_reload(&counter.store);
        expect_not_in_force(revoke().await);
        counter.authenticate(&key.text).unwrap();
    }
    let revoked = revoke().await.unwrap();
    assert_eq!(revoked.revoked_at, Some(counter.desk.now()));
    assert!(counter.authenticate(&key.text).is_err());
}

#[tokio::test]
async fn a_repeated_change_of_an_agency_is_in_force_or_says_that_it_is_not() {
    let counter = Counter::open("50", 100).await;
    let key = counter.agency("A").await;
    let name = agency("A");
    let suspend = || counter.desk.suspend_agency(&counter.operator, &name);
    for _ in 0..2 {
        fail_next_reload(&counter.store);
        expect_not_in_force(suspend().await);
        counter.authenticate(&key.text).unwrap();
    }
    suspend().await.unwrap();
    assert!(counter.authenticate(&key.text).is_err());
}

#[tokio::test]
async fn an_agency_that_was_recorded_and_not_in_force_exists_when_it_is_created_again() {
    let counter = Counter::open("50", 100).await;
    let create = || counter.desk.create_agency(&counter.operator, agency("A"), plan_name());
    fail_next_reload(&counter.store);
    expect_not_in_force(create().await);
    assert!(counter.desk.agency_pace(&agency("A")).is_err(), "the gate was not told");
    assert!(matches!(create().await, Err(PartnerError::AgencyExists(_))));
    counter.desk.agency_pace(&agency("A")).unwrap();
}

#[tokio::test]
async fn a_new_key_is_handed_out_also_when_the_gate_could_not_be_told_of_it() {
    let counter = Counter::open("50", 100).await;
    counter.agency("A").await;
    fail_next_reload(&counter.store);
    let issued = counter.issue_key("A", None).await.unwrap();
    assert!(counter.authenticate(&issued.text).is_err(), "the gate was not told");
    counter.set_plan("50", 100).await.unwrap();
    counter.authenticate(&issued.text).unwrap();

    fail_next_reload(&counter.store);
    let rotation = counter.desk.rotate_key(&counter.operator, issued.key.id, HOUR).await.unwrap();
    assert!(counter.authenticate(&rotation.issued.text).is_err());
    counter.set_plan("50", 100).await.unwrap();
    counter.authenticate(&rotation.issued.text).unwrap();
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
