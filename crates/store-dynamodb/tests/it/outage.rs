//! An outage: how long one caller waits, and how much load all of them add.

use std::time::Duration;

use skybridge_dynamodb_local::{Fault, Faults};
use skybridge_store::{Store, StoreError};

use crate::kit::{Place, booking};

#[tokio::test]
async fn one_operation_pauses_at_random_and_ends_by_its_deadline() {
    let place = Place::new().await;
    let (store, deadline) = (place.store(), place.settings().deadline);
    place.door.set(Faults::always(Fault::ServerError));
    let outcome = store.get(&booking("a").key).await;
    let Err(StoreError::Unavailable(error)) = outcome else { panic!("{outcome:?}") };
    let pauses = place.timer.take_pauses();
    assert!(pauses.iter().sum::<Duration>() < deadline, "{pauses:?}");
    assert!((8..40).contains(&pauses.len()), "{pauses:?}");
    for (retry, pause) in pauses.iter().enumerate() {
        let bound = Duration::from_millis(25 << retry.min(10)).min(Duration::from_secs(1));
        assert!(*pause <= bound, "pause {retry} of {pauses:?}");
    }
    let distinct: std::collections::BTreeSet<_> = pauses.iter().collect();
    assert_eq!(distinct.len(), pauses.len(), "each is drawn anew");
    assert!(error.to_string().contains(&format!("attempt {}", pauses.len() + 1)), "{error}");
}

/// The promise: in a lasting outage, retries add at most ten per cent.
#[tokio::test]
async fn all_operations_together_add_a_tenth_at_most() {
    const OPERATIONS: u64 = 1000;
    let place = Place::new().await;
    let store = place.store();
    place.door.set(Faults::always(Fault::Throttle));
    for _ in 0..OPERATIONS {
        store.get(&booking("a").key).await.unwrap_err();
    }
    assert_eq!(place.door.counts().requests_of("GetItem"), OPERATIONS + OPERATIONS / 10);

    // The service is back, and so, after a while, are the retries.
    place.door.set(Faults::none());
    for _ in 0..5 {
        store.get(&booking("a").key).await.unwrap();
    }
    place.door.inject("GetItem", Fault::Throttle);
    store.get(&booking("a").key).await.unwrap();
}
