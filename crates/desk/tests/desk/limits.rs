//! What agencies have used, as it is written down.

use std::sync::Arc;
use std::time::Duration;

use skybridge_store::Table;

use crate::kit::Counter;
use crate::rigged_store::Call;

#[tokio::test]
async fn a_call_that_outlasts_the_drain_is_not_given_back_by_the_restart() {
    let mut counter = Counter::open("50", 100).await;
    let keys = [("A", counter.agency("A").await.text), ("B", counter.agency("B").await.text)];
    for (_, key) in &keys {
        assert_eq!(counter.admitted(key, 1).await, 1);
    }

    let hold = counter.store.hold(Call::Commit, Table::Limits, 1);
    let desk = Arc::clone(&counter.desk);
    let settling = tokio::spawn(async move { desk.settle_limits().await });
    let first = hold.reached().await;
    // While the first agency's record is written, the other one goes on calling.
    let (_, other) = keys.iter().find(|(name, _)| *name != first).unwrap();
    assert_eq!(counter.admitted(other, 1000).await, 99);
    hold.let_go();
    settling.await.unwrap().unwrap();

    counter.crash().await;
    let (_, settled) = keys.iter().find(|(name, _)| *name == first).unwrap();
    assert_eq!(counter.admitted(settled, 1000).await, 99, "the exact state was written, and no more");
    assert_eq!(counter.admitted(other, 1000).await, 0, "the whole burst was had before the restart");
}

#[tokio::test]
async fn no_call_comes_in_on_a_lease_that_could_not_be_written() {
    let mut counter = Counter::open("50", 100).await;
    let key = counter.agency("A").await.text;
    for call in [Call::Get, Call::Commit] {
        counter.store.fail(call, Table::Limits, 1);
        assert_eq!(counter.admitted(&key, 1).await, 0);
    }
    assert_eq!(counter.admitted(&key, 1).await, 1);
    counter.crash().await;
    assert_eq!(counter.admitted(&key, 1000).await, 50, "the one lease that was written counts as used");
    counter.advance(Duration::from_secs(1));
    assert_eq!(counter.admitted(&key, 1000).await, 50);
}
