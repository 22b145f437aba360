//! Random runs on a store and on the model at once: every answer must be the same.

use proptest::test_runner::{Config, TestRunner};

use super::kit;
use super::steps::{Aim, Draft, Step, steps};
use crate::{Commit, CommitError, Condition, MemoryStore, Page, Query, Record, Store, StoreError, Write};

/// Applies `cases` random runs to a new store each and to the model, and compares after each step.
///
/// `open` makes an empty store; `reopen` closes it and opens it again (or hands it back, if it has nothing to
/// close). A failing run is shrunk to a short one and printed.
///
/// # Panics
///
/// When the store and the model disagree.
pub fn agrees_with_model<S: Store>(cases: u32, open: impl Fn() -> S, reopen: impl Fn(S) -> S) {
    const STEPS: usize = 40;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a test can have a runtime of its own");
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&steps(STEPS), |steps| {
        let model = MemoryStore::new();
        let mut store = open();
        for step in steps {
            if matches!(step, Step::Reopen) {
                store = reopen(store);
            } else {
                runtime.block_on(take(&step, &store, &model));
            }
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

async fn take(step: &Step, store: &dyn Store, model: &MemoryStore) {
    match step {
        Step::Commit(drafts) => {
            let commit = write(drafts, model).await;
            let expected = model.commit(commit.clone()).await;
            let got = store.commit(commit.clone()).await;
            assert_eq!(outcome(got), outcome(expected), "the outcome of {commit:?}");
            for write in &commit.writes {
                compare_record(&write.record, store, model).await;
            }
        }
        Step::Get(key) => {
            assert_eq!(read(store.get(key).await), read(model.get(key).await), "get of {key:?}");
        }
        Step::Query(query) => compare_pages(query.clone(), store, model).await,
        Step::Scan(table) => {
            assert_eq!(kit::whole_table(store, *table).await, kit::whole_table(model, *table).await);
        }
        Step::Reopen => {}
    }
}

/// The record as it stands now, and all that is listed where it would be.
async fn compare_record(record: &Record, store: &dyn Store, model: &MemoryStore) {
    let key = &record.key;
    assert_eq!(read(store.get(key).await), read(model.get(key).await), "{key:?} after a commit");
    if let Some(listing) = &record.listing {
        let query = Query {
            table: key.table,
            partition: listing.partition.clone(),
            from: None,
            to: None,
            order: crate::Order::Ascending,
            limit: Query::LIMIT_MAX,
            after: None,
        };
        compare_pages(query, store, model).await;
    }
}

async fn compare_pages(mut query: Query, store: &dyn Store, model: &MemoryStore) {
    // A run lists a few dozen records at most: a cursor that leads back to where it was is a failure, not a hang.
    for _ in 0..Query::LIMIT_MAX {
        let expected: Result<Page, String> = read(model.query(&query).await);
        assert_eq!(read(store.query(&query).await), expected, "{query:?}");
        query.after = expected.expect("the model answers every query of a run").next;
        if query.after.is_none() {
            return;
        }
    }
    panic!("the cursors of {query:?} lead round in a circle");
}

/// Fills in versions. Drafts of a record that the commit already writes stay in: both stores must refuse them.
async fn write(drafts: &[Draft], model: &MemoryStore) -> Commit {
    let mut writes = Vec::with_capacity(drafts.len());
    for Draft { key, aim, listing, attributes } in drafts {
        let condition = match aim {
            Aim::Right => {
                let standing = model.get(key).await.expect("the model answers");
                standing.map_or(Condition::Absent, |record| Condition::VersionIs(record.version))
            }
            Aim::Absent => Condition::Absent,
            Aim::Version(version) => Condition::VersionIs(*version),
        };
        let version = match condition {
            Condition::Absent => 1,
            Condition::VersionIs(version) => version + 1,
        };
        let (key, listing, attributes) = (key.clone(), listing.clone(), attributes.clone());
        writes.push(Write { record: Record { key, version, listing, attributes }, condition });
    }
    Commit { writes }
}

/// What a caller can see of an outcome, in a form that compares.
#[derive(Debug, PartialEq)]
enum Outcome {
    Done,
    Lost { write: usize, standing: Option<Box<Record>> },
    Refused,
}

fn outcome(result: Result<(), CommitError>) -> Outcome {
    match result {
        Ok(()) => Outcome::Done,
        Err(CommitError::ConditionFailed { write, standing }) => Outcome::Lost { write, standing },
        Err(CommitError::Store(StoreError::Refused(_))) => Outcome::Refused,
        Err(CommitError::Store(error)) => panic!("a store in service commits: {error:?}"),
    }
}

fn read<T>(result: Result<T, StoreError>) -> Result<T, String> {
    result.map_err(|error| format!("{error:?}"))
}
