//! Several processes over one store: what agencies have of their plans together.

use std::time::Duration;

use skybridge_desk::AdmissionError;
use skybridge_domain::key::ApiKey;
use skybridge_store::Table;

use crate::kit::{Counter, Kind, agency, plain};
use crate::rigged_store::Call;

const SECOND: Duration = Duration::from_secs(1);

/// Longer than a lease lasts, with the margin for clocks.
const LEASE_OVER: Duration = Duration::from_secs(17);

/// Three processes of `kind` over one store, and the key of an agency that all of them know.
async fn three(kind: Kind, rate: &str, burst: u32) -> ([Counter; 3], ApiKey) {
    let first = Counter::open_as(kind, rate, burst).await;
    let key = first.agency("A").await.text;
    let others = [first.beside().await, first.beside().await];
    let [second, third] = others;
    ([first, second, third], key)
}

async fn admitted(counters: &[Counter; 3], key: &ApiKey, calls: usize) -> usize {
    let mut admitted = 0;
    for counter in counters {
        admitted += counter.admitted(key, calls).await;
    }
    admitted
}

#[tokio::test]
async fn three_processes_admit_one_burst_together_and_then_the_rate() {
    let (counters, key) = three(Kind::Function, "10", 100).await;
    assert_eq!(admitted(&counters, &key, 500).await, 100);
    assert_eq!(admitted(&counters, &key, 500).await, 0);
    let mut later = 0;
    for _ in 0..100 {
        counters[0].advance(SECOND / 10);
        later += admitted(&counters, &key, 5).await;
    }
    assert!((96..=100).contains(&later), "{later} calls in ten seconds at ten a second");
}

#[tokio::test]
async fn what_a_process_held_when_it_died_is_everybodys_again_once_its_lease_is_over() {
    let (counters, key) = three(Kind::Function, "0.000001", 100).await;
    // Ten calls, one after the other: the process has come to hold some more.
    for _ in 0..10 {
        counters[0].advance(SECOND / 10);
        assert_eq!(counters[0].admitted(&key, 1).await, 1);
    }
    let [dead, second, third] = counters;
    drop(dead);
    let at_once = second.admitted(&key, 500).await + third.admitted(&key, 500).await;
    assert!((60..90).contains(&at_once), "{at_once}: all but what was used and held");
    // Its tokens count as spent: at this rate they do not come back.
    second.advance(LEASE_OVER);
    assert_eq!(second.admitted(&key, 500).await + third.admitted(&key, 500).await, 0);
}

#[tokio::test]
async fn a_process_that_stops_gives_back_all_that_it_held() {
    let (counters, key) = three(Kind::Function, "0.000001", 100).await;
    for _ in 0..10 {
        counters[0].advance(SECOND / 10);
        assert_eq!(counters[0].admitted(&key, 1).await, 1);
    }
    counters[0].desk.settle_limits().await.unwrap();
    assert_eq!(counters[1].admitted(&key, 500).await, 90, "not one of the hundred is lost");
}

#[tokio::test]
async fn a_lease_that_nobody_needs_is_given_back_before_it_lapses() {
    let (counters, key) = three(Kind::Function, "0.000001", 100).await;
    for _ in 0..10 {
        counters[0].advance(SECOND / 10);
        assert_eq!(counters[0].admitted(&key, 1).await, 1);
    }
    let calls = counters[0].store.calls();
    counters[0].advance(SECOND);
    counters[0].desk.return_idle_leases().await.unwrap();
    assert_eq!(counters[0].store.calls(), calls, "it was needed a second ago");
    counters[0].advance(2 * SECOND);
    counters[0].desk.return_idle_leases().await.unwrap();
    assert_eq!(counters[1].admitted(&key, 500).await, 90);
}

#[tokio::test]
async fn a_process_knows_what_others_used_before_its_first_call() {
    let (counters, key) = three(Kind::Function, "0.000001", 100).await;
    assert_eq!(counters[0].admitted(&key, 30).await, 30);
    counters[0].desk.settle_limits().await.unwrap();
    let laptop = counters[1].desk.usage(&agency("A")).await.unwrap().unwrap();
    assert_eq!(laptop.plan.burst().used(), 30);
    assert!(counters[1].desk.usage(&agency("B")).await.unwrap().is_none());
    assert_eq!(counters[2].admitted(&key, 500).await, 70);
    // And of what was read, nothing is left behind.
    counters[2].desk.settle_limits().await.unwrap();
    assert_eq!(counters[1].desk.usage(&agency("A")).await.unwrap().unwrap().plan.burst().used(), 100);
}

#[tokio::test]
async fn nothing_of_limits_is_read_at_the_start() {
    let counter = Counter::open_as(Kind::Function, "10", 10).await;
    let key = counter.agency("A").await.text;
    assert_eq!(counter.admitted(&key, 1).await, 1);
    counter.store.fail(Call::Get, Table::Limits, 1);
    counter.store.fail(Call::Query, Table::Limits, 1);
    let beside = counter.beside().await;
    assert_eq!(beside.admitted(&key, 1).await, 0, "the first call meets the trap");
    assert_eq!(beside.admitted(&key, 1).await, 1);
}

#[tokio::test]
async fn a_lost_answer_grants_nothing_twice_and_wastes_little() {
    for nth in 1..=8 {
        let (counters, key) = three(Kind::Function, "0.000001", 50).await;
        counters[0].store.lose_answer(Table::Limits, nth);
        let mut total = 0;
        for _ in 0..60 {
            counters[0].advance(SECOND / 20);
            for counter in &counters {
                total += counter.admitted(&key, 1).await;
            }
        }
        // A token of the call whose answer was lost, and no more.
        assert!((49..=50).contains(&total), "answer {nth} lost: {total} of 50");
    }
}

#[tokio::test]
async fn while_the_store_is_away_calls_go_on_out_of_what_is_held() {
    let (counters, key) = three(Kind::Server, "100", 1000).await;
    let [first, ..] = &counters;
    for _ in 0..600 {
        first.advance(SECOND / 50);
        assert_eq!(first.admitted(&key, 1).await, 1);
        tokio::task::yield_now().await;
    }
    for _ in 0..10_000 {
        first.store.fail(Call::Get, Table::Limits, 1);
        first.store.fail(Call::Commit, Table::Limits, 1);
    }
    let mut bridged = 0;
    for _ in 0..300 {
        bridged += first.admitted(&key, 1).await;
        tokio::task::yield_now().await;
    }
    assert!((50..=200).contains(&bridged), "{bridged}: a second at the least, at fifty calls a second");
    let caller = first.authenticate(&key).unwrap();
    assert!(matches!(first.desk.admit(&caller, &plain()).await, Err(AdmissionError::Store(_))));
}

#[tokio::test]
async fn a_server_renews_its_lease_before_a_call_has_to_wait_for_it() {
    let (counters, key) = three(Kind::Server, "100", 1000).await;
    let [first, ..] = &counters;
    let caller = first.authenticate(&key).unwrap();
    let mut waited = 0;
    for call in 0..400 {
        first.advance(SECOND / 50);
        let before = first.store.calls();
        drop(first.desk.admit(&caller, &plain()).await.unwrap());
        // Only what is done within the call counts; the renewal in the background has its turn after it.
        waited += usize::from(first.store.calls() > before && call >= 50);
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(waited, 0, "once it knows the demand, no call waits");
}
