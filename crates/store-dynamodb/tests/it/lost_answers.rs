//! Writes whose answer was lost: each is told apart from the very same write of another node.

use std::sync::{Arc, Mutex, mpsc};

use skybridge_dynamodb_local::{Fault, Faults};
use skybridge_store::{Commit, CommitError, Key, Record, Store, StoreError, Table, Write};
use skybridge_store_dynamodb::Operation::{GetItem, PutItem};
use skybridge_store_dynamodb::Outcome::{Broken, ConditionFailed, Done};
use skybridge_store_dynamodb::{DynamoStore, Settings};

use crate::kit::{Place, block_on, booking, changed};

/// More than the deadline and the budget allow of attempts.
const ALWAYS: usize = 120;

fn create(record: Record) -> Commit {
    Commit::of(Write::create(record))
}

fn replace(record: Record) -> Commit {
    let expected = record.version - 1;
    Commit::of(Write::replace(record, expected))
}

/// What stood in the way of `outcome`.
fn standing(outcome: Result<(), CommitError>) -> Record {
    match outcome {
        Err(CommitError::ConditionFailed { write: 0, standing: Some(record) }) => *record,
        other => panic!("the condition must have failed: {other:?}"),
    }
}

#[tokio::test]
async fn a_replace_that_took_place_is_found_out() {
    for lost in [Fault::ResetAfter, Fault::ErrorAfter] {
        let place = Place::new().await;
        let store = place.store();
        store.commit(create(booking("a"))).await.unwrap();
        place.door.inject("PutItem", lost);
        let next = changed(&booking("a"), "CONFIRMED");
        store.commit(replace(next.clone())).await.unwrap();
        assert_eq!(store.get(&next.key).await.unwrap(), Some(next));
        assert_eq!(place.door.counts().writes_to(&place.table(Table::Bookings)), 3);
    }
}

#[tokio::test]
async fn answers_lost_one_after_the_other_are_found_out_too() {
    let place = Place::new().await;
    let store = place.store();
    for _ in 0..3 {
        place.door.inject("PutItem", Fault::ResetAfter);
    }
    store.commit(create(booking("a"))).await.unwrap();
    // The second and third were failed conditions, whose answers were lost.
    assert_eq!(
        place.outcomes(),
        [(PutItem, Broken), (PutItem, Broken), (PutItem, Broken), (PutItem, ConditionFailed)]
    );
}

/// Two nodes want the very same record, as two that take a lease of the same size do. One gets it. The other, whose
/// own attempt never arrived, must not take the winner's for its own: that would grant the lease twice.
#[tokio::test]
async fn the_same_record_of_another_node_is_not_ones_own() {
    let place = Place::new().await;
    let store = place.store();
    let lease = Record { key: Key::new(Table::Limits, "PartnerCo"), listing: None, ..booking("") };
    for next in [lease.clone(), changed(&lease, "leased")] {
        let commit = if next.version == 1 { create(next.clone()) } else { replace(next.clone()) };
        place.door.inject("PutItem", Fault::ResetBefore);
        let (other, same) = (place.other_node(), commit.clone());
        place.timer.in_next_pause(async move { other.commit(same).await.unwrap() });
        assert_eq!(standing(store.commit(commit).await), next);
    }
}

/// Ours took place, the answer was lost, and before we asked again others went on from it. To report a failed
/// condition would make the caller do it twice.
#[tokio::test]
async fn a_write_that_was_overtaken_is_found_out() {
    for others in [1, 15] {
        let place = Place::new().await;
        let store = place.store();
        for ours in [create(booking("a")), replace(Record { version: others + 2, ..booking("a") })] {
            place.door.inject("PutItem", Fault::ResetAfter);
            let (other, key) = (place.other_node(), booking("a").key);
            place.timer.in_next_pause(async move { go_on(&other, &key, others).await });
            let last = ours.writes[0].record.version;
            store.commit(ours).await.unwrap();
            assert_eq!(store.get(&booking("a").key).await.unwrap().unwrap().version, last + others);
        }
    }
}

/// Sixteen versions later the item no longer says: nor do we.
#[tokio::test]
async fn a_write_that_was_overtaken_long_ago_is_not_called_lost() {
    let place = Place::new().await;
    let store = place.store();
    place.door.inject("PutItem", Fault::ResetAfter);
    let (other, key) = (place.other_node(), booking("a").key);
    place.timer.in_next_pause(async move { go_on(&other, &key, 16).await });
    let outcome = store.commit(create(booking("a"))).await;
    assert!(matches!(outcome, Err(CommitError::Store(StoreError::OutcomeUnknown(_)))), "{outcome:?}");
    // Asked afresh, with nothing open, the same commit simply loses.
    assert_eq!(standing(store.commit(create(booking("a"))).await).version, 17);
}

/// A node that replaces what it never read still hands on who wrote it.
#[tokio::test]
async fn a_replacement_by_guess_keeps_the_history() {
    let place = Place::new().await;
    let store = place.store();
    place.door.inject("PutItem", Fault::ResetAfter);
    let (other, guess) = (place.other_node(), replace(changed(&booking("a"), "GUESSED")));
    place.timer.in_next_pause(async move { other.commit(guess).await.unwrap() });
    store.commit(create(booking("a"))).await.unwrap();
}

/// The guess came too early: what was read belongs to the version before, and must not be taken for the history of the
/// one that is replaced. It begins anew, and says nothing of before.
#[tokio::test]
async fn a_replacement_does_not_hand_on_the_history_of_another_version() {
    let place = Place::new().await;
    let store = place.store();
    store.commit(create(booking("a"))).await.unwrap();
    let (has_read, reads) = mpsc::channel();
    let (stands, may_write) = mpsc::channel::<()>();
    let may_write = Mutex::new(may_write);
    let settings = Settings {
        observer: Some(Arc::new(move |attempt| {
            if attempt.operation == GetItem {
                has_read.send(()).unwrap();
                may_write.lock().unwrap().recv().unwrap();
            }
        })),
        ..place.settings()
    };
    let (second, third) = (changed(&booking("a"), "OURS"), Record { version: 3, ..booking("a") });
    let guessing = place.store_of(&settings);
    let guess = std::thread::spawn(move || block_on(guessing.commit(replace(third))).unwrap());
    reads.recv().unwrap();
    place.door.inject("PutItem", Fault::ResetAfter);
    place.timer.in_next_pause(async move {
        stands.send(()).unwrap();
        guess.join().unwrap();
    });
    let outcome = store.commit(replace(second)).await;
    assert!(matches!(outcome, Err(CommitError::Store(StoreError::OutcomeUnknown(_)))), "{outcome:?}");
}

/// What was read or written here is not read again before it is replaced.
#[tokio::test]
async fn a_replacement_costs_one_request() {
    let place = Place::new().await;
    let store = place.store();
    store.commit(create(booking("a"))).await.unwrap();
    let second = changed(&booking("a"), "CONFIRMED");
    store.commit(replace(second.clone())).await.unwrap();
    assert_eq!(place.outcomes(), [(PutItem, Done), (PutItem, Done)]);
    let node = place.store();
    node.get(&second.key).await.unwrap();
    node.commit(replace(changed(&second, "CANCELLED"))).await.unwrap();
    assert_eq!(place.outcomes(), [(GetItem, Done), (PutItem, Done)]);
}

/// Another wrote our version, and yet another went on from there: ours is known never to have taken place.
#[tokio::test]
async fn a_write_that_never_was_is_known_to_be_lost_even_when_others_went_on() {
    let place = Place::new().await;
    let store = place.store();
    place.door.inject("PutItem", Fault::ResetBefore);
    let (other, key) = (place.other_node(), booking("a").key);
    place.timer.in_next_pause(async move {
        other.commit(create(booking("a"))).await.unwrap();
        go_on(&other, &key, 3).await;
    });
    assert_eq!(standing(store.commit(create(booking("a"))).await).version, 4);
}

/// Replaces the record as often as `times`.
async fn go_on(node: &DynamoStore, key: &Key, times: u64) {
    for _ in 0..times {
        let record = node.get(key).await.unwrap().expect("it stands");
        node.commit(replace(changed(&record, "GONE ON"))).await.unwrap();
    }
}

#[tokio::test]
async fn a_transaction_that_took_place_is_found_out_once_and_for_all() {
    let place = Place::new().await;
    let store = place.store();
    let audit = Record { key: Key::new(Table::Audit, "a"), ..booking("a") };
    let writes = vec![Write::create(booking("a")), Write::create(audit.clone())];
    place.door.inject("TransactWriteItems", Fault::ResetAfter);
    place.door.inject("TransactWriteItems", Fault::ErrorAfter);
    store.commit(Commit { writes: writes.clone() }).await.unwrap();
    for record in [booking("a"), audit] {
        assert_eq!(store.get(&record.key).await.unwrap(), Some(record));
    }
    // Another commit of the same records is another one, and loses.
    assert_eq!(standing(store.commit(Commit { writes }).await), booking("a"));
}

#[tokio::test]
async fn a_last_read_settles_what_no_attempt_could() {
    let place = Place::new().await;
    let store = place.store();
    let order = |fault, operation: &str| (0..ALWAYS).for_each(|_| place.door.inject(operation, fault));
    order(Fault::ResetAfter, "PutItem");
    order(Fault::ErrorAfter, "TransactWriteItems");
    store.commit(create(booking("a"))).await.unwrap();
    assert_eq!(place.outcomes().last(), Some(&(GetItem, Done)));
    let audit = Record { key: Key::new(Table::Audit, "b"), ..booking("b") };
    let writes = vec![Write::create(booking("b")), Write::create(audit)];
    store.commit(Commit { writes }).await.unwrap();
    assert_eq!(place.outcomes().last(), Some(&(GetItem, Done)));
}

/// Nothing arrived, but it may be under way still: only a version that has passed ours rules that out.
#[tokio::test]
async fn a_last_read_claims_no_more_than_it_saw() {
    let place = Place::new().await;
    let store = place.store();
    let order = || (0..ALWAYS).for_each(|_| place.door.inject("PutItem", Fault::ResetBefore));
    order();
    let outcome = store.commit(create(booking("a"))).await;
    assert!(matches!(outcome, Err(CommitError::Store(StoreError::OutcomeUnknown(_)))), "{outcome:?}");

    let (other, theirs) = (place.other_node(), create(booking("b")));
    place.timer.in_next_pause(async move { other.commit(theirs).await.unwrap() });
    let ours = Record { attributes: changed(&booking("b"), "OURS").attributes, ..booking("b") };
    assert_eq!(standing(store.commit(create(ours)).await), booking("b"));
    place.door.set(Faults::none());
}
