//! Reads, on the caller's thread: they see what is on disk, and never wait for the writer.

use std::error::Error;
use std::ops::Bound;

use fjall::{Readable, Slice, Snapshot};
use skybridge_store::{Key, Order, Page, Query, Record, ScanPage, StoreError, Table};

use crate::engine::Engine;
use crate::layout::{
    DecodeError, decode_record, end_of_records, key_of, listed_key, listing_key, partition_prefix, record_key,
};

pub(crate) fn get(engine: &Engine, key: &Key) -> Result<Option<Record>, StoreError> {
    if !key.is_storable() {
        return Ok(None);
    }
    let value = engine.records.get(record_key(key)).map_err(unavailable)?;
    value.map(|value| decode_record(key.clone(), &value)).transpose().map_err(|source| damaged(key, source))
}

/// Reads a page from one snapshot, so that the listing and the records agree.
pub(crate) fn query(engine: &Engine, query: &Query) -> Result<Page, StoreError> {
    query.check()?;
    let size = query.page_size();
    let mut page = Page { records: Vec::new(), next: None };
    let Some(range) = range(query) else { return Ok(page) };
    let snapshot = engine.snapshot();
    let mut entries = snapshot.range(&engine.listing, range);
    while page.records.len() <= size {
        let entry = match query.order {
            Order::Ascending => entries.next(),
            Order::Descending => entries.next_back(),
        };
        let Some(entry) = entry else { break };
        let entry = entry.key().map_err(unavailable)?;
        page.records.push(listed_record(engine, &snapshot, query, &entry)?);
    }
    page.end_at(size);
    Ok(page)
}

/// Reads a part of a table from one snapshot.
pub(crate) fn scan(engine: &Engine, table: Table, after: Option<&str>) -> Result<ScanPage, StoreError> {
    // No id is empty, so what begins behind the empty one begins at the first.
    let behind = Bound::Excluded(record_key(&Key::new(table, after.unwrap_or_default())));
    let range = (behind, Bound::Excluded(end_of_records(table)));
    let entries = engine.snapshot().range(&engine.records, range);
    let mut records = Vec::new();
    for entry in entries.take(Query::LIMIT_MAX + 1) {
        let (key, value) = entry.into_inner().map_err(unavailable)?;
        let key = key_of(&key).map_err(|source| damaged(&Key::new(table, ""), source))?;
        records.push(decode_record(key.clone(), &value).map_err(|source| damaged(&key, source))?);
    }
    Ok(ScanPage::of(records))
}

fn listed_record(
    engine: &Engine,
    snapshot: &Snapshot,
    query: &Query,
    entry: &Slice,
) -> Result<Record, StoreError> {
    let key = listed_key(entry).map_err(|source| damaged(&Key::new(query.table, ""), source))?;
    let value = snapshot.get(&engine.records, record_key(&key)).map_err(unavailable)?;
    let value = value.ok_or_else(|| damaged_by(&key, Box::new(ListedButAbsent)))?;
    decode_record(key.clone(), &value).map_err(|source| damaged(&key, source))
}

/// A range of listing keys.
type Range = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// The keys between `from`, `to` and the cursor, or `None` if none can be there.
fn range(query: &Query) -> Option<Range> {
    let prefix = partition_prefix(query.table, &query.partition);
    let start_of = |sort: &String| [&*prefix, sort.as_bytes()].concat();
    let from = query.from.as_ref().map_or_else(|| prefix.clone(), start_of);
    let to = query.to.as_ref().map_or_else(|| end_of(&prefix), start_of);
    let cursor =
        query.after.as_ref().map(|after| listing_key(query.table, &query.partition, &after.sort, &after.id));
    let (low, high) = match (query.order, cursor) {
        (Order::Ascending, Some(cursor)) if cursor >= from => (Bound::Excluded(cursor), to),
        (Order::Descending, Some(cursor)) if cursor < to => (Bound::Included(from), cursor),
        _ => (Bound::Included(from), to),
    };
    let (Bound::Included(first) | Bound::Excluded(first)) = &low else { return None };
    (*first < high).then_some((low, Bound::Excluded(high)))
}

/// The first key after all those that begin with `prefix`, which ends in the NUL behind the partition.
fn end_of(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    end.pop();
    end.push(1);
    end
}

#[derive(Debug, thiserror::Error)]
#[error("the listing names a record that is not there: verify the store")]
struct ListedButAbsent;

fn unavailable(source: fjall::Error) -> StoreError {
    StoreError::Unavailable(Box::new(source))
}

pub(crate) fn damaged(key: &Key, source: DecodeError) -> StoreError {
    damaged_by(key, Box::new(source))
}

pub(crate) fn damaged_by(key: &Key, source: Box<dyn Error + Send + Sync>) -> StoreError {
    StoreError::Damaged { table: key.table, id: key.id.to_string(), source }
}
