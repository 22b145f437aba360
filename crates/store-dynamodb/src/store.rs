//! The store itself: the port's four operations, each led to where it is done.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use skybridge_domain::id::Randomness;
use skybridge_store::{Commit, CommitError, Key, Page, Query, Record, ScanPage, Store, StoreError, Table};

use crate::history::{History, Seen};
use crate::item::{self, Item};
use crate::retry::Retry;
use crate::{Failure, Operation, Outcome, RuntimeTimer, Settings, Timer, Trouble, client};

/// A store on DynamoDB. Made once per process and shared: it holds the connections, the credentials and the budget of
/// retries.
pub struct DynamoStore {
    pub(crate) client: Client,
    pub(crate) retry: Retry,
    /// Which commits wrote the records that were read or written here last.
    pub(crate) seen: Seen,
    pub(crate) table_prefix: String,
    pub(crate) creation_deadline: Duration,
}

impl DynamoStore {
    /// The store that `settings` describe. Nothing is sent yet: whether the tables are there shows at the first use,
    /// or in a [`survey`](Self::survey).
    ///
    /// `randomness` gives each commit its id and each pause its length.
    #[must_use]
    pub fn connect(settings: &Settings, randomness: Arc<dyn Randomness>) -> Self {
        Self::connect_with_timer(settings, randomness, Arc::new(RuntimeTimer::default()))
    }

    /// As [`connect`](Self::connect), with deadlines and pauses on `timer`; for tests, which must not wait.
    #[must_use]
    pub fn connect_with_timer(
        settings: &Settings,
        randomness: Arc<dyn Randomness>,
        timer: Arc<dyn Timer>,
    ) -> Self {
        Self {
            client: client::connect(settings),
            retry: Retry::new(settings, randomness, timer),
            seen: Seen::default(),
            table_prefix: settings.table_prefix.clone(),
            creation_deadline: settings.creation_deadline,
        }
    }

    /// The name of `table` on DynamoDB.
    #[must_use]
    pub fn table_name(&self, table: Table) -> String {
        format!("{}{}", self.table_prefix, table.name())
    }

    /// A consistent read by key, as one attempt.
    pub(crate) async fn read(&self, table: &str, key: &Key) -> Result<(Option<Item>, Outcome), Trouble> {
        let request = self.client.get_item().table_name(table).set_key(Some(item::key_of(key)));
        let found = request.consistent_read(true).send().await.map_err(Trouble::of)?;
        Ok((found.item, Outcome::Done))
    }

    /// The record that `item` is. What it says of its last commits is remembered, for the write that may replace it.
    pub(crate) fn record(&self, table: Table, item: Item) -> Result<Record, StoreError> {
        let history = History::of(&item);
        let record = item::record(table, item)?;
        self.seen.note(&record.key, record.version, history);
        Ok(record)
    }

    /// A consistent read by key.
    pub(crate) async fn find(&self, key: &Key) -> Result<Option<Item>, Failure> {
        let table = self.table_name(key.table);
        let errand = self.retry.errand(Operation::GetItem, &table);
        self.retry.run(&errand, || self.read(&table, key)).await
    }
}

impl std::fmt::Debug for DynamoStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DynamoStore").field("table_prefix", &self.table_prefix).finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for DynamoStore {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        if !key.is_storable() {
            return Ok(None);
        }
        let found = self.find(key).await.map_err(Failure::nothing_written)?;
        found.map(|item| self.record(key.table, item)).transpose()
    }

    async fn query(&self, query: &Query) -> Result<Page, StoreError> {
        query.check()?;
        self.page(query).await
    }

    async fn scan(&self, table: Table, after: Option<&str>) -> Result<ScanPage, StoreError> {
        self.part(table, after).await
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        commit.check()?;
        self.write(&commit.writes).await
    }
}
