//! What agencies have used, as it is written down.

use std::sync::Arc;
use std::time::Duration;

use skybridge_desk::partners::PartnerError;
use skybridge_domain::key::ApiKey;
use skybridge_store::Table;

use crate::kit::{Counter, agency, plan_name};
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

/// The limits of one agency as they stand after a change to a slower plan that could not be written down: the whole
/// burst was had at the fast plan, and a moment passed in which that plan would have given it back.
async fn slowed_down_unwritten() -> (Counter, ApiKey) {
    let counter = Counter::open("100", 10).await;
    let key = counter.agency("A").await.text;
    assert_eq!(counter.admitted(&key, 50).await, 10);
    counter.desk.settle_limits().await.unwrap();
    counter.store.fail(Call::Commit, Table::Limits, 1);
    assert!(matches!(counter.set_plan("0.001", 10).await, Err(PartnerError::NotInForce { .. })));
    counter.advance(Duration::from_secs(10));
    (counter, key)
}

#[tokio::test]
async fn limits_that_could_not_be_written_are_written_with_the_next_change() {
    let (mut counter, key) = slowed_down_unwritten().await;
    counter.desk.suspend_agency(&counter.operator, &agency("A")).await.unwrap();
    counter.desk.resume_agency(&counter.operator, &agency("A")).await.unwrap();
    // Back at the fast plan, with a crash before what was used is written down at its rate.
    counter.store.fail(Call::Commit, Table::Limits, 1);
    assert!(matches!(counter.set_plan("100", 10).await, Err(PartnerError::NotInForce { .. })));
    counter.crash().await;
    assert_eq!(counter.admitted(&key, 50).await, 0, "the slow plan was in force all the time");
}

#[tokio::test]
async fn plans_do_not_change_while_limits_cannot_be_written() {
    let (mut counter, key) = slowed_down_unwritten().await;
    counter.store.fail(Call::Commit, Table::Limits, 1);
    assert!(matches!(counter.set_plan("100", 10).await, Err(PartnerError::Store(_))));
    counter.store.fail(Call::Commit, Table::Limits, 1);
    let fast = counter.desk.put_agency_on_plan(&counter.operator, &agency("A"), &plan_name()).await;
    assert!(matches!(fast, Err(PartnerError::Store(_))));
    counter.crash().await;
    assert_eq!(counter.desk.plan(&plan_name()).await.unwrap().plan.rate().to_string(), "0.001/s");
    assert_eq!(counter.admitted(&key, 50).await, 0);
}
