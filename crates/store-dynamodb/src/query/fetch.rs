//! The records that entries of the index name, read from the table in batches.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use skybridge_store::{Key, Query, Record, StoreError};

use super::Entry;
use crate::item::{self, Item, range_key};
use crate::retry::Errand;
use crate::{DynamoStore, Failure, Operation, Outcome, Trouble};

/// DynamoDB's own bound on one `BatchGetItem`.
const BATCH_MAX: usize = 100;

impl DynamoStore {
    /// The records of `entries`, in their order, without those that stand elsewhere by now.
    pub(super) async fn standing(
        &self,
        errand: &Errand,
        query: &Query,
        entries: Vec<Entry>,
    ) -> Result<Vec<Record>, StoreError> {
        let errand = errand.instead(Operation::BatchGetItem);
        let mut records = HashMap::with_capacity(entries.len());
        for batch in entries.chunks(BATCH_MAX) {
            // Moving, a record may for a moment have its old entry and its new one: a batch names each key once.
            let mut ids: Vec<&str> = batch.iter().map(|entry| entry.id.as_str()).collect();
            ids.sort_unstable();
            ids.dedup();
            let keys = ids.into_iter().map(|id| item::key_of(&Key::new(query.table, id))).collect();
            let items = self.batch(&errand, &self.table_name(query.table), keys).await?;
            for item in items {
                let record = self.record(query.table, item)?;
                records.insert(record.key.id.to_string(), record);
            }
        }
        let here = |record: &Record, entry: &Entry| {
            record.listing.as_ref().is_some_and(|listing| {
                listing.partition == query.partition
                    && range_key(&listing.sort, &record.key.id) == entry.place
            })
        };
        let found = entries.into_iter().filter_map(|entry| {
            records.remove(&entry.id).and_then(|record| {
                if here(&record, &entry) {
                    return Some(record);
                }
                // Its other entry may be still to come.
                records.insert(entry.id.clone(), record);
                None
            })
        });
        Ok(found.collect())
    }

    /// The items of `keys`. What DynamoDB leaves unprocessed is asked for again; each answer holds at least one, or is
    /// a failure.
    async fn batch(&self, errand: &Errand, table: &str, keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let unbuilt = |error: BuildError| StoreError::Unavailable(Box::new(error));
        let asked = KeysAndAttributes::builder().consistent_read(true).set_keys(Some(keys)).build();
        let mut asked = Some(HashMap::from([(table.to_owned(), asked.map_err(unbuilt)?)]));
        let mut items = Vec::new();
        let mut round = 0;
        while asked.as_ref().is_some_and(|asked| !asked.is_empty()) {
            self.retry.breathe(round).await;
            let request = self.client.batch_get_item().set_request_items(asked.take());
            let answer = self.retry.run(errand, || {
                let request = request.clone();
                async move {
                    let answer = request.send().await.map_err(Trouble::of)?;
                    let is_whole = answer.unprocessed_keys().is_none_or(HashMap::is_empty);
                    let outcome = if is_whole { Outcome::Done } else { Outcome::Partial };
                    Ok((answer, outcome))
                }
            });
            let answer = answer.await.map_err(Failure::nothing_written)?;
            items.extend(answer.responses.into_iter().flat_map(HashMap::into_values).flatten());
            asked = answer.unprocessed_keys;
            round += 1;
        }
        Ok(items)
    }
}
