//! A commit takes place as a whole or not at all, and commits on one record happen one after the other.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use super::kit::{Scope, changed, create, get, ids, loses};
use crate::{Commit, CommitError, Condition, Record, Store, StoreError, Table, Value, Write};

/// Several writes, on several tables, all stand after their commit.
pub async fn several_writes_take_place_together(store: &dyn Store, scope: &Scope) {
    let first = scope.booking("replaced");
    create(store, [first.clone()]).await;
    let mut writes = vec![Write::replace(changed(&first, "CONFIRMED"), 1)];
    for table in Table::ALL {
        writes.push(Write::create(Record { key: scope.key(table, "new"), ..scope.listed("new", "p", "s") }));
    }
    for n in writes.len()..Commit::WRITES_MAX {
        writes.push(Write::create(scope.listed(&format!("many {n:03}"), "many", "s")));
    }
    store.commit(Commit { writes: writes.clone() }).await.expect("every condition holds");
    for Write { record, .. } in writes {
        assert_eq!(get(store, &record.key).await, Some(record));
    }
    assert_eq!(ids(store, scope, &scope.whole("p")).await, ["new"]);
    assert_eq!(ids(store, scope, &scope.whole("many")).await.len(), Commit::WRITES_MAX - 5);
}

/// One failed condition, wherever it stands, and no write of its commit takes place, nor any listing.
pub async fn a_failed_condition_changes_nothing(store: &dyn Store, scope: &Scope) {
    let standing = scope.listed("standing", "p", "1");
    create(store, [standing.clone()]).await;
    let moved = Record { listing: Some(scope.listing("p", "2")), ..changed(&standing, "CONFIRMED") };
    let fails = Write::replace(Record { version: 10, ..scope.booking("absent") }, 9);
    let fine = [Write::replace(moved, 1), Write::create(scope.listed("new", "p", "3"))];
    for at in 0..=fine.len() {
        let mut writes = fine.to_vec();
        writes.insert(at, fails.clone());
        assert_eq!(loses(store, Commit { writes }).await, (at, None));
        assert_eq!(get(store, &standing.key).await, Some(standing.clone()));
        assert_eq!(get(store, &scope.key(Table::Bookings, "new")).await, None);
        assert_eq!(ids(store, scope, &scope.whole("p")).await, ["standing"]);
    }
}

/// A commit outside the bounds of [`Commit::check`] is refused whole.
pub async fn a_refused_commit_changes_nothing(store: &dyn Store, scope: &Scope) {
    let (fine, other) = (scope.booking("fine"), scope.booking("other"));
    let twice = vec![Write::create(fine.clone()), Write::create(fine.clone())];
    let wrong_version =
        Write { record: Record { version: 5, ..other.clone() }, condition: Condition::Absent };
    let nul = Write::create(Record { key: scope.key(Table::Bookings, "a\0b"), ..other.clone() });
    let large = other.attributes.with("b", Value::B(vec![0; Record::BYTES_MAX]));
    let large = Write::create(Record { attributes: large, ..scope.booking("large") });
    let with_fine = |write| vec![Write::create(fine.clone()), write];
    for writes in [vec![], twice, with_fine(wrong_version), with_fine(nul), with_fine(large)] {
        let outcome = store.commit(Commit { writes }).await;
        assert!(matches!(outcome, Err(CommitError::Store(StoreError::Refused(_)))), "got {outcome:?}");
        assert_eq!(get(store, &fine.key).await, None);
    }
}

/// Of many creates of one record at once, one wins, and every other is handed the winner's record.
pub async fn racing_creates_have_one_winner(store: &dyn Store, scope: &Scope) {
    let racer = |n: u64| {
        let record = scope.booking("contested");
        Record { attributes: record.attributes.with("racer", n), ..record }
    };
    let commits = (0..20).map(|n| store.commit(Commit::of(Write::create(racer(n))))).collect();
    let outcomes = all(commits).await;
    let standing = get(store, &racer(0).key).await.expect("one create won");
    let mut winners = 0;
    for outcome in outcomes {
        match outcome {
            Ok(()) => winners += 1,
            Err(CommitError::ConditionFailed { standing: seen, .. }) => {
                assert_eq!(seen.as_deref(), Some(&standing));
            }
            Err(CommitError::Store(error)) => panic!("a race is not an error: {error}"),
        }
    }
    assert_eq!(winners, 1);
}

/// Read, add one, commit on the version read, again when it loses: no increment is lost.
pub async fn racing_increments_all_count(store: &dyn Store, scope: &Scope) {
    const RACERS: u64 = 8;
    let counter = scope.booking("counter");
    let first = counter.attributes.clone().with("count", 0);
    create(store, [Record { attributes: first, ..counter.clone() }]).await;
    let increment = || async {
        loop {
            let record = get(store, &counter.key).await.expect("the counter stands");
            let count = record.attributes.number("count").expect("the counter counts");
            let attributes = record.attributes.clone().with("count", count + 1);
            let next = Record { version: record.version + 1, attributes, ..record.clone() };
            match store.commit(Commit::of(Write::replace(next, record.version))).await {
                Ok(()) => return,
                Err(CommitError::ConditionFailed { .. }) => {}
                Err(CommitError::Store(error)) => panic!("a race is not an error: {error}"),
            }
        }
    };
    all((0..RACERS).map(|_| Box::pin(increment()) as Pin<Box<dyn Future<Output = ()>>>).collect()).await;
    let record = get(store, &counter.key).await.expect("the counter stands");
    assert_eq!(record.attributes.number("count"), Some(RACERS));
    assert_eq!(record.version, RACERS + 1);
}

/// Runs futures at once on this task. (One `join_all` is not worth a dependency of the port.)
async fn all<F: Future + Unpin>(mut running: Vec<F>) -> Vec<F::Output> {
    let mut outcomes: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        for (future, outcome) in running.iter_mut().zip(&mut outcomes) {
            if outcome.is_none()
                && let Poll::Ready(output) = Pin::new(future).poll(context)
            {
                *outcome = Some(output);
            }
        }
        if outcomes.iter().any(Option::is_none) {
            return Poll::Pending;
        }
        Poll::Ready(outcomes.iter_mut().filter_map(Option::take).collect())
    })
    .await
}
