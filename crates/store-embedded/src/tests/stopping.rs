//! A commit that fails stops the store for good; closing it does not lose what it took.

use std::future::Future;
use std::task::{Context, Poll, Waker};

use skybridge_store::Store;

use super::faults::Fault;
use super::kit::{Dir, Fate, as_one_group, block_on, booking, bookings, create, fate, get, put_bookings};

#[test]
fn after_a_failed_commit_nothing_is_acknowledged_and_reads_go_on() {
    for fault in [Fault::BeforePersist, Fault::AfterPersist] {
        let dir = Dir::new();
        let store = dir.store();
        put_bookings(&store, [0]);
        store.shared.faults.set(fault);
        // The twin of booking 1 lost to a record that is perhaps not on disk: it must not be told of it.
        let group = vec![create(booking(1)), create(booking(2)), create(booking(1))];
        assert_eq!(as_one_group(&store, group), [Fate::Unknown, Fate::Unknown, Fate::Unavailable]);
        for n in 3..5 {
            assert_eq!(fate(block_on(store.commit(create(booking(n))))), Fate::Unavailable);
        }
        assert_eq!(get(&store, 0), Some(booking(0)));
        assert!(store.health().stopped.is_some());
        let stopped = block_on(store.stopped());
        assert!(std::error::Error::source(&stopped).is_some(), "the cause is kept");

        drop(store);
        let store = dir.store();
        let found = bookings(&store, 5);
        // Unknown means unknown: all of the group or none of it.
        assert_eq!(found, if fault == Fault::AfterPersist { vec![0, 1, 2] } else { vec![0] });
        let report = store.verify(&|_| Ok(()));
        assert!(report.is_whole(), "what is listed is what there is: {report:?}");
        put_bookings(&store, [3]);
    }
}

#[test]
fn what_waits_behind_a_failed_group_is_refused() {
    let dir = Dir::new();
    let store = dir.store_with(crate::Options { group_commits_max: 1, ..crate::Options::default() });
    store.shared.faults.set(Fault::BeforePersist);
    let fates = as_one_group(&store, (0..3).map(|n| create(booking(n))).collect());
    assert_eq!(fates, [Fate::Unknown, Fate::Unavailable, Fate::Unavailable]);
}

#[test]
fn a_writer_that_panics_stops_the_store() {
    let dir = Dir::new();
    let store = dir.store();
    store.shared.faults.set(Fault::Panic);
    assert_eq!(fate(block_on(store.commit(create(booking(0))))), Fate::Unknown);
    block_on(store.stopped());
    assert_eq!(fate(block_on(store.commit(create(booking(1))))), Fate::Unavailable);
    assert_eq!(get(&store, 0), None);
}

#[test]
fn a_store_in_service_has_not_stopped() {
    let dir = Dir::new();
    let store = dir.store();
    let mut stopped = Box::pin(store.stopped());
    put_bookings(&store, [0]);
    let poll = stopped.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(poll, Poll::Pending));
    drop(store);
    let poll = stopped.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(poll, Poll::Pending), "closing is not stopping");
}

#[test]
fn closing_writes_what_waits_and_takes_no_more() {
    let dir = Dir::new();
    let store = dir.store();
    store.shared.queue.hold();
    let mut waiting = store.commit(create(booking(0)));
    let poll = waiting.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll.is_pending());
    store.close();
    store.close();
    assert_eq!(fate(block_on(waiting)), Fate::Done);
    assert_eq!(fate(block_on(store.commit(create(booking(1))))), Fate::Unavailable);
    assert_eq!(bookings(&store, 2), [0]);
    drop(store);
    assert_eq!(bookings(&dir.store(), 2), [0]);
}

#[test]
fn a_caller_who_goes_away_does_not_stop_the_writer() {
    let dir = Dir::new();
    let store = dir.store();
    store.shared.queue.hold();
    let mut abandoned = store.commit(create(booking(0)));
    assert!(abandoned.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(abandoned);
    store.shared.queue.release();
    put_bookings(&store, [1]);
    assert_eq!(bookings(&store, 2), [0, 1]);
}
