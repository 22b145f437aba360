//! What the checks share: a scope of their own, and commits that must succeed or must lose.

use std::collections::BTreeMap;

use crate::{Attributes, Commit, CommitError, Key, Listing, Order, Page, Query, Record, Store, Table, Write};

/// A prefix of every id and partition that one check touches.
#[derive(Debug, Clone)]
pub struct Scope(String);

impl Scope {
    /// The scope of `check` under `run`; distinct runs on one store need distinct names.
    #[must_use]
    pub fn new(run: &str, check: &str) -> Self {
        Self(format!("{run}/{check}/"))
    }

    /// `text`, within this scope.
    pub(super) fn text(&self, text: &str) -> String {
        format!("{}{text}", self.0)
    }

    pub(super) fn key(&self, table: Table, id: &str) -> Key {
        Key::new(table, self.text(id))
    }

    /// A booking at version 1, not listed.
    pub(super) fn booking(&self, id: &str) -> Record {
        Record {
            key: self.key(Table::Bookings, id),
            version: 1,
            listing: None,
            attributes: Attributes::default().with("status", "CREATED"),
        }
    }

    /// A booking at version 1, listed.
    pub(super) fn listed(&self, id: &str, partition: &str, sort: &str) -> Record {
        Record { listing: Some(self.listing(partition, sort)), ..self.booking(id) }
    }

    pub(super) fn listing(&self, partition: &str, sort: &str) -> Listing {
        Listing { partition: self.text(partition), sort: sort.to_owned() }
    }

    /// Everything that is listed under `partition`, ascending.
    pub(super) fn whole(&self, partition: &str) -> Query {
        Query {
            table: Table::Bookings,
            partition: self.text(partition),
            from: None,
            to: None,
            order: Order::Ascending,
            limit: Query::LIMIT_MAX,
            after: None,
        }
    }
}

/// `record`, changed: the next version, with `status` as given.
pub(super) fn changed(record: &Record, status: &str) -> Record {
    let attributes = record.attributes.clone().with("status", status);
    Record { version: record.version + 1, attributes, ..record.clone() }
}

pub(super) async fn create(store: &dyn Store, records: impl IntoIterator<Item = Record>) {
    for record in records {
        store
            .commit(Commit::of(Write::create(record)))
            .await
            .expect("nothing stands in the way of this record");
    }
}

pub(super) async fn replace(store: &dyn Store, record: Record) {
    let expected = record.version - 1;
    store.commit(Commit::of(Write::replace(record, expected))).await.expect("the expected version stands");
}

pub(super) async fn get(store: &dyn Store, key: &Key) -> Option<Record> {
    store.get(key).await.expect("a store in service answers")
}

pub(super) async fn query(store: &dyn Store, query: &Query) -> Page {
    store.query(query).await.expect("a store in service answers")
}

/// All records of `table` that stand in this scope, as a scan finds them.
pub(super) async fn scanned(store: &dyn Store, scope: &Scope, table: Table) -> BTreeMap<Key, Record> {
    let mut found = whole_table(store, table).await;
    found.retain(|key, _| key.id.starts_with(&scope.0));
    found
}

/// All records of `table` as a scan finds them: each once.
pub(super) async fn whole_table(store: &dyn Store, table: Table) -> BTreeMap<Key, Record> {
    let mut found = BTreeMap::new();
    let mut after = None;
    loop {
        let page = store.scan(table, after.as_deref()).await.expect("a store in service answers");
        for record in page.records {
            assert_eq!(record.key.table, table, "a scan keeps to its table");
            let twice = found.insert(record.key.clone(), record);
            assert_eq!(twice, None, "a scan names each record once");
        }
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

/// The ids that a query finds, without the scope.
pub(super) async fn ids(store: &dyn Store, scope: &Scope, asked: &Query) -> Vec<String> {
    let page = query(store, asked).await;
    assert_eq!(page.next, None, "the page held the whole range");
    let id = |record: &Record| record.key.id.strip_prefix(&scope.0).map(str::to_owned);
    page.records.iter().map(|record| id(record).expect("only records of this scope")).collect()
}

/// What a commit that must lose its condition reports: the write, and the record in the way.
pub(super) async fn loses(store: &dyn Store, commit: Commit) -> (usize, Option<Record>) {
    match store.commit(commit).await {
        Err(CommitError::ConditionFailed { write, standing }) => (write, standing.map(|record| *record)),
        other => panic!("the condition must fail, but the commit gave {other:?}"),
    }
}
