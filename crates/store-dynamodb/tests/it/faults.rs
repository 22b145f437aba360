//! Each way to fail by itself: once, and it is mended unseen; always, and it has the right name.

use skybridge_dynamodb_local::{Fault, Faults};
use skybridge_store::{Commit, CommitError, Key, Order, Query, Record, Store, StoreError, Table, Write};
use skybridge_store_dynamodb::Outcome::{self, *};
use skybridge_store_dynamodb::{Failure, Operation, Settings, Trouble};

use crate::kit::{Place, booking};

/// Every fault that is over at once and is not a partial answer, with how an attempt that met it ends.
const KINDS: [(Fault, Outcome); 6] = [
    (Fault::Throttle, Throttled),
    (Fault::ServerError, ServerError),
    (Fault::Conflict, Conflict),
    (Fault::ResetBefore, Broken),
    (Fault::ResetAfter, Broken),
    (Fault::ErrorAfter, ServerError),
];

fn listing() -> Query {
    Query {
        table: Table::Bookings,
        partition: "PartnerCo".to_owned(),
        from: None,
        to: None,
        order: Order::Ascending,
        limit: 10,
        after: None,
    }
}

fn pair(id: &str) -> Vec<Write> {
    let audit = Record { key: Key::new(Table::Audit, id), ..booking(id) };
    vec![Write::create(booking(id)), Write::create(audit)]
}

#[tokio::test]
async fn a_fault_that_passes_costs_one_more_attempt() {
    let place = Place::new().await;
    let store = place.store();
    store.commit(Commit::of(Write::create(booking("a")))).await.unwrap();
    place.forget();
    for (fault, outcome) in KINDS {
        let applied = matches!(fault, Fault::ResetAfter | Fault::ErrorAfter);

        place.door.inject("PutItem", fault);
        let record = booking(&format!("put {fault:?}"));
        store.commit(Commit::of(Write::create(record.clone()))).await.unwrap();
        let last = if applied { ConditionFailed } else { Done };
        assert_eq!(
            place.outcomes(),
            [(Operation::PutItem, outcome), (Operation::PutItem, last)],
            "{fault:?}"
        );
        assert_eq!(store.get(&record.key).await.unwrap(), Some(record), "{fault:?}");

        place.forget();
        place.door.inject("TransactWriteItems", fault);
        store.commit(Commit { writes: pair(&format!("both {fault:?}")) }).await.unwrap();
        // The client token makes the repetition of a transaction that took place a success.
        let transaction = Operation::TransactWriteItems;
        assert_eq!(place.outcomes(), [(transaction, outcome), (transaction, Done)], "{fault:?}");

        if fault != Fault::Conflict {
            place.door.inject("GetItem", fault);
            assert_eq!(store.get(&booking("a").key).await.unwrap(), Some(booking("a")));
            assert_eq!(
                place.outcomes(),
                [(Operation::GetItem, outcome), (Operation::GetItem, Done)],
                "{fault:?}"
            );
            place.door.inject("Query", fault);
            place.door.inject("BatchGetItem", fault);
            assert!(!store.query(&listing()).await.unwrap().records.is_empty());
            let outcomes = place.outcomes().into_iter().map(|(_, outcome)| outcome).collect::<Vec<_>>();
            assert_eq!(outcomes, [outcome, Done, outcome, Done], "{fault:?}");
            place.forget();
            place.door.inject("Scan", fault);
            assert!(!store.scan(Table::Bookings, None).await.unwrap().records.is_empty());
            assert_eq!(place.outcomes(), [(Operation::Scan, outcome), (Operation::Scan, Done)], "{fault:?}");
        }
        place.forget();
    }
}

#[tokio::test]
async fn a_delay_is_no_failure() {
    let place = Place::new().await;
    place.door.set(Faults::always(Fault::Delay));
    place.store().commit(Commit::of(Write::create(booking("a")))).await.unwrap();
    assert_eq!(place.outcomes(), [(Operation::PutItem, Done)]);
}

/// What a lasting fault is called, on a read and on a write. A write that may have taken place must never be called
/// one that did not.
#[tokio::test]
async fn a_fault_that_lasts_has_the_name_that_callers_act_on() {
    let place = Place::new().await;
    for (fault, read, write) in [
        (Fault::Throttle, "Overloaded", "Overloaded"),
        (Fault::ServerError, "Unavailable", "OutcomeUnknown"),
        (Fault::Conflict, "", "Overloaded"),
        (Fault::ResetBefore, "Unavailable", "OutcomeUnknown"),
        (Fault::ResetAfter, "Unavailable", "OutcomeUnknown"),
        (Fault::ErrorAfter, "Unavailable", "OutcomeUnknown"),
    ] {
        // A store for each, with its own budget of retries.
        let store = place.store();
        place.door.set(Faults::always(fault));
        if !read.is_empty() {
            assert_eq!(name(&store.get(&booking("a").key).await.unwrap_err()), read, "{fault:?}");
            assert_eq!(name(&store.query(&listing()).await.unwrap_err()), read, "{fault:?}");
            assert_eq!(name(&store.scan(Table::Bookings, None).await.unwrap_err()), read, "{fault:?}");
        }
        for writes in [vec![Write::create(booking(&format!("{fault:?}")))], pair(&format!("{fault:?} both"))]
        {
            let outcome = store.commit(Commit { writes }).await;
            let Err(CommitError::Store(error)) = outcome else { panic!("{fault:?}: {outcome:?}") };
            assert_eq!(name(&error), write, "{fault:?}");
        }
    }
}

/// Throttled at last, but an earlier attempt may have taken place: the last word alone would be a lie.
#[tokio::test]
async fn an_open_attempt_makes_the_whole_open() {
    let place = Place::new().await;
    let store = place.store();
    place.door.inject("PutItem", Fault::ResetAfter);
    place.door.set(Faults::always(Fault::Throttle));
    let outcome = store.commit(Commit::of(Write::create(booking("a")))).await;
    assert!(matches!(outcome, Err(CommitError::Store(StoreError::OutcomeUnknown(_)))), "{outcome:?}");
    place.door.set(Faults::none());
    assert_eq!(store.get(&booking("a").key).await.unwrap(), Some(booking("a")), "it did take place");
}

/// The time limit runs out while DynamoDB says nothing, before and after it did what was asked.
#[tokio::test]
async fn silence_ends_at_the_time_limit() {
    let place = Place::new().await;
    let (store, other) = (place.store(), place.other_node());
    let key = booking("a").key;

    place.door.inject("GetItem", Fault::SilenceBefore);
    let silence = async {
        while place.door.counts().faults_of(Fault::SilenceBefore) == 0 {
            tokio::task::yield_now().await;
        }
        place.timer.expire();
    };
    let (found, ()) = tokio::join!(store.get(&key), silence);
    assert_eq!(found.unwrap(), None);
    assert_eq!(place.outcomes(), [(Operation::GetItem, TimedOut), (Operation::GetItem, Done)]);

    place.door.inject("PutItem", Fault::SilenceAfter);
    let silence = async {
        while other.get(&key).await.unwrap().is_none() {}
        place.timer.expire();
    };
    let (committed, ()) = tokio::join!(store.commit(Commit::of(Write::create(booking("a")))), silence);
    committed.unwrap();
    assert_eq!(place.outcomes(), [(Operation::PutItem, TimedOut), (Operation::PutItem, ConditionFailed)]);
}

/// Over TLS too, whose set-up is thereby seen to hold together.
#[tokio::test]
async fn what_was_never_sent_was_not_written() {
    let place = Place::new().await;
    // A port that was free a moment ago.
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for scheme in ["http", "https"] {
        let settings = Settings { endpoint: Some(format!("{scheme}://{nobody}")), ..place.settings() };
        let outcome = place.store_of(&settings).commit(Commit::of(Write::create(booking("a")))).await;
        let Err(CommitError::Store(StoreError::Unavailable(error))) = outcome else { panic!("{outcome:?}") };
        let failure = error.downcast_ref::<Failure>().expect("the store's own failure");
        assert!(matches!(failure.trouble, Trouble::Unreachable(_)), "{failure:?}");
        assert!(failure.attempts > 1, "a server that restarts is worth another attempt");
    }
}

fn name(error: &StoreError) -> &'static str {
    match error {
        StoreError::Overloaded => "Overloaded",
        StoreError::Unavailable(_) => "Unavailable",
        StoreError::Unlisted(_) => "Unlisted",
        StoreError::OutcomeUnknown(_) => "OutcomeUnknown",
        StoreError::Damaged { .. } => "Damaged",
        StoreError::Refused(_) => "Refused",
    }
}
