//! The store that holds everything in memory: the model of what every store promises but durability.
//!
//! Its semantics are exact and its code is plain, because the others are compared with it. It serves in
//! production too (`--store memory`, for trying out): a commit is one lock and a few tree operations. It grows
//! with what it is given; nothing is ever deleted through the port.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use compact_str::CompactString;

use crate::{Commit, CommitError, Key, Order, Page, Query, Record, ScanPage, Store, StoreError, Table};

/// A store in memory: atomic and serial, gone with the process.
#[derive(Debug, Default)]
pub struct MemoryStore {
    /// Written by commits alone, all at once, under the lock.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    records: BTreeMap<Key, Record>,
    /// One entry per listed record, in the order of a query.
    listing: BTreeMap<(Table, String), BTreeSet<Entry>>,
}

/// Sort text, then id: compared as bytes, as `str` compares.
type Entry = (String, CompactString);

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many records it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.state().records.len()
    }

    /// Does it hold none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics between the first and the last change of a commit, so a poisoned state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, key: &Key) -> Result<Option<Record>, StoreError> {
        Ok(self.state().records.get(key).cloned())
    }

    async fn query(&self, query: &Query) -> Result<Page, StoreError> {
        query.check()?;
        Ok(self.state().query(query))
    }

    async fn scan(&self, table: Table, after: Option<&str>) -> Result<ScanPage, StoreError> {
        Ok(self.state().scan(table, after))
    }

    async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        commit.check()?;
        self.state().commit(commit)
    }
}

impl State {
    fn commit(&mut self, commit: Commit) -> Result<(), CommitError> {
        for (write, asked) in commit.writes.iter().enumerate() {
            let standing = self.records.get(&asked.record.key);
            if !asked.condition.holds(standing) {
                let standing = standing.cloned().map(Box::new);
                return Err(CommitError::ConditionFailed { write, standing });
            }
        }
        for write in commit.writes {
            self.put(write.record);
        }
        Ok(())
    }

    fn put(&mut self, record: Record) {
        let table = record.key.table;
        if let Some(listing) = record.listing.clone() {
            let entry = (listing.sort, record.key.id.clone());
            self.listing.entry((table, listing.partition)).or_default().insert(entry);
        }
        let Some(before) = self.records.insert(record.key.clone(), record) else { return };
        let after = &self.records[&before.key].listing;
        if before.listing != *after
            && let Some(listing) = before.listing
        {
            self.unlist(&(table, listing.partition), &(listing.sort, before.key.id));
        }
    }

    fn unlist(&mut self, partition: &(Table, String), entry: &Entry) {
        let Some(entries) = self.listing.get_mut(partition) else { return };
        entries.remove(entry);
        if entries.is_empty() {
            self.listing.remove(partition);
        }
    }

    fn query(&self, query: &Query) -> Page {
        let mut page = Page { records: Vec::new(), next: None };
        let Some(entries) = self.listing.get(&(query.table, query.partition.clone())) else { return page };
        let Some(bounds) = bounds(query) else { return page };
        let range = entries.range(bounds);
        let record = |(_, id): &Entry| self.records[&Key::new(query.table, id.clone())].clone();
        let wanted = query.page_size() + 1;
        page.records = match query.order {
            Order::Ascending => range.take(wanted).map(record).collect(),
            Order::Descending => range.rev().take(wanted).map(record).collect(),
        };
        page.end_at(query.page_size());
        page
    }

    fn scan(&self, table: Table, after: Option<&str>) -> ScanPage {
        // No id is empty.
        let behind = Bound::Excluded(Key::new(table, after.unwrap_or_default()));
        let records = self.records.range((behind, Bound::Unbounded));
        let records = records.map(|(_, record)| record).take_while(|record| record.key.table == table);
        ScanPage::of(records.take(Query::LIMIT_MAX + 1).cloned().collect())
    }
}

/// The entries between `from`, `to` and the cursor, or `None` if nothing can be there.
fn bounds(query: &Query) -> Option<(Bound<Entry>, Bound<Entry>)> {
    // ("x", "") comes before every entry with sort text "x", because no id is empty.
    let start_of = |sort: &String| (sort.clone(), CompactString::default());
    let from = query.from.as_ref().map(start_of);
    let to = query.to.as_ref().map(start_of);
    let cursor =
        query.after.as_ref().map(|after| (after.sort.clone(), CompactString::from(after.id.as_str())));
    let (after, before) = match query.order {
        Order::Ascending => (cursor, None),
        Order::Descending => (None, cursor),
    };
    let high = [to, before].into_iter().flatten().min();
    let low = if after >= from { after.map(Bound::Excluded) } else { from.map(Bound::Included) };
    let is_empty = match (&low, &high) {
        (Some(Bound::Included(low) | Bound::Excluded(low)), Some(high)) => low >= high,
        _ => false,
    };
    (!is_empty).then(|| (low.unwrap_or(Bound::Unbounded), high.map_or(Bound::Unbounded, Bound::Excluded)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;

    #[tokio::test]
    async fn keeps_the_contract() {
        contract::run_all(&MemoryStore::new(), "memory").await;
    }

    #[test]
    fn agrees_with_itself() {
        // The comparison must hold of the model against itself, or it compares nothing.
        contract::agrees_with_model(64, MemoryStore::new, |store| store);
    }
}
