//! What an operator reads when the set-up is wrong: what it is, on which table, and what to do.

use skybridge_store::{Commit, CommitError, Store, StoreError, Table, Write};
use skybridge_store_dynamodb::{Credentials, ProvideCredentials, Settings, SharedCredentialsProvider};

use crate::kit::{Place, booking};

#[tokio::test]
async fn a_table_that_is_not_there_is_named_with_what_makes_it() {
    let place = Place::bare();
    let store = place.store();
    let key = booking("a").key;
    for text in [read_error(store.get(&key).await), write_error(store.commit(create()).await)] {
        assert!(text.contains(&place.table(Table::Bookings)) && text.contains("--create-tables"), "{text}");
    }
    assert_eq!(place.outcomes().len(), 2, "another attempt makes no table");
}

/// A machine without credentials.
#[derive(Debug)]
struct Nobody;

impl ProvideCredentials for Nobody {
    fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        use aws_credential_types::provider::{error::CredentialsError, future};
        future::ProvideCredentials::ready(Err::<Credentials, _>(CredentialsError::not_loaded_no_source()))
    }
}

#[tokio::test]
async fn missing_credentials_are_told_from_a_failure_and_nothing_was_written() {
    let place = Place::new().await;
    let credentials = SharedCredentialsProvider::new(Nobody);
    let store = place.store_of(&Settings { credentials, ..place.settings() });
    for text in [read_error(store.get(&booking("a").key).await), write_error(store.commit(create()).await)] {
        assert!(text.contains("AWS_ACCESS_KEY_ID") && text.contains("aws sso login"), "{text}");
    }
}

fn create() -> Commit {
    Commit::of(Write::create(booking("a")))
}

fn read_error<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> String {
    match outcome {
        Err(StoreError::Unavailable(error)) => error.to_string(),
        other => panic!("unavailable, not {other:?}"),
    }
}

/// `Unavailable` says that nothing was written.
fn write_error(outcome: Result<(), CommitError>) -> String {
    match outcome {
        Err(CommitError::Store(error)) => read_error::<()>(Err(error)),
        other => panic!("unavailable, not {other:?}"),
    }
}
