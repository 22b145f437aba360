//! A page of a listing: the index says which records stand where, the table says what they are.
//!
//! The index follows the table with a lag and holds keys alone. What it names is read from the table, consistently,
//! and an entry whose record stands elsewhere by now is dropped: its new entry is found where it belongs.

mod fetch;
mod range;

use aws_sdk_dynamodb::types::AttributeValue;
use skybridge_store::{Order, Page, Query, StoreError};

use crate::item::{Item, names};
use crate::retry::Errand;
use crate::{DynamoStore, Failure, Operation, Outcome, Trouble, hash_key};
use range::Range;

/// What the index says: this record, at this place of the partition asked for.
struct Entry {
    id: String,
    /// The whole range key.
    place: String,
}

impl DynamoStore {
    pub(crate) async fn page(&self, query: &Query) -> Result<Page, StoreError> {
        let mut page = Page { records: Vec::new(), next: None };
        let Some(range) = Range::of(query) else { return Ok(page) };
        let errand = self.retry.errand(Operation::Query, &self.table_name(query.table));
        // One more than asked for shows whether there is a next page.
        let wanted = query.page_size() + 1;
        let mut start = None;
        loop {
            let missing = wanted - page.records.len();
            let (entries, next) = self
                .entries(&errand, query, &range, missing, start)
                .await
                .map_err(Failure::nothing_written)?;
            page.records.extend(self.standing(&errand, query, entries).await?);
            start = next;
            if start.is_none() || page.records.len() >= wanted {
                break;
            }
        }
        page.end_at(query.page_size());
        Ok(page)
    }

    /// Up to `count` entries of the index from `start` on, and where it goes on. Fewer may come although there are
    /// more: DynamoDB answers a megabyte at a time.
    async fn entries(
        &self,
        errand: &Errand,
        query: &Query,
        range: &Range,
        count: usize,
        start: Option<Item>,
    ) -> Result<(Vec<Entry>, Option<Item>), Failure> {
        // The cursor's own entry may come too, and is then dropped. If it does not come, there is one more than asked
        // for, which must not be dropped: `next` is behind it.
        let limit = i32::try_from(count + usize::from(range.may_hold_the_cursor())).unwrap_or(i32::MAX);
        let (text, values) = range.condition();
        let request = self
            .client
            .query()
            .table_name(self.table_name(query.table))
            .index_name(names::LISTING_INDEX)
            .key_condition_expression(text)
            .expression_attribute_names("#partition", names::LISTING_PARTITION)
            .expression_attribute_values(":partition", AttributeValue::S(query.partition.clone()))
            .scan_index_forward(query.order == Order::Ascending)
            .limit(limit)
            .set_exclusive_start_key(start);
        let request = range
            .names()
            .fold(request, |request, (name, attribute)| request.expression_attribute_names(name, attribute));
        let request = values.into_iter().fold(request, |request, (name, value)| {
            request.expression_attribute_values(name, AttributeValue::S(value))
        });
        let found = self
            .retry
            .run(errand, || {
                let request = request.clone();
                async move { Ok((request.send().await.map_err(Trouble::of)?, Outcome::Done)) }
            })
            .await?;
        let mut entries: Vec<Entry> =
            found.items.unwrap_or_default().into_iter().filter_map(|item| entry(query, item)).collect();
        entries.retain(|entry| range.holds(&entry.place));
        Ok((entries, found.last_evaluated_key))
    }
}

/// `None` for an item without its key attributes, which no index hands out.
fn entry(query: &Query, mut item: Item) -> Option<Entry> {
    let mut text = |name: &str| match item.remove(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    };
    Some(Entry { id: text(hash_key(query.table))?, place: text(names::LISTING_SORT)? })
}
