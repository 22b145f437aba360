//! A record as an item, and back.
//!
//! Each attribute of a record is an attribute of the item, by its own name and in DynamoDB's own type. Beside them
//! stand ours ([`names`]); an attribute that takes one of those names is refused.
//!
//! An item without them was not written by SkyBridge. The lesson's own handler, for one, writes `booking_id`,
//! `agency` and `status` and no more: such an item cannot be changed safely (it has no version) and does not say
//! what was booked, so reading it is [`StoreError::Damaged`] with a text that says so. It stands in no listing, and a
//! create never overwrites it.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use skybridge_store::{Attributes, Key, Listing, Record, StoreError, Table, Value, Version};

use crate::history::History;
use crate::tables::hash_key;

/// The attributes that the store adds to a record's own, beside its key.
pub mod names {
    /// N: counts the changes of the record; conditions compare it.
    pub const VERSION: &str = "version";
    /// B, up to 128 bytes: which commits wrote the last versions, so that a write whose answer was lost can be
    /// recognised even when others have written since.
    pub const COMMITS: &str = "commits";
    /// S: the partition of the listing, the hash key of the index. Absent if the record is not listed.
    pub const LISTING_PARTITION: &str = "listing_partition";
    /// S: the range key of the index: the listing's sort text, NUL, and the record's id. NUL stands in neither and
    /// sorts before everything, so the order is that of the sort text, and of the id where those are equal.
    pub const LISTING_SORT: &str = "listing_sort";
    /// The index.
    pub const LISTING_INDEX: &str = "listing";
}

use names::{COMMITS, LISTING_PARTITION, LISTING_SORT, VERSION};

/// An item of DynamoDB.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// `record` as the last commit of `history` writes it.
pub(crate) fn of(record: &Record, history: &History) -> Result<Item, StoreError> {
    let hash_key = hash_key(record.key.table);
    let mut item = Item::new();
    for (name, value) in record.attributes.iter() {
        if name == hash_key || [VERSION, COMMITS, LISTING_PARTITION, LISTING_SORT].contains(&name) {
            return Err(StoreError::Refused("an attribute has a name that the store itself uses"));
        }
        item.insert(name.to_owned(), attribute(value));
    }
    item.insert(hash_key.to_owned(), AttributeValue::S(record.key.id.to_string()));
    item.insert(VERSION.to_owned(), AttributeValue::N(record.version.to_string()));
    item.insert(COMMITS.to_owned(), history.attribute());
    if let Some(Listing { partition, sort }) = &record.listing {
        item.insert(LISTING_PARTITION.to_owned(), AttributeValue::S(partition.clone()));
        item.insert(LISTING_SORT.to_owned(), AttributeValue::S(range_key(sort, &record.key.id)));
    }
    Ok(item)
}

/// Where a record with this sort text and id stands within its partition of the index.
pub(crate) fn range_key(sort: &str, id: &str) -> String {
    format!("{sort}\0{id}")
}

/// The key of an item.
pub(crate) fn key_of(key: &Key) -> Item {
    Item::from([(hash_key(key.table).to_owned(), AttributeValue::S(key.id.to_string()))])
}

/// The id in a key of `table`.
pub(crate) fn id_of(table: Table, mut key: Item) -> Option<String> {
    match key.remove(hash_key(table)) {
        Some(AttributeValue::S(id)) => Some(id),
        _ => None,
    }
}

/// Did SkyBridge write it?
pub(crate) fn is_record(item: &Item) -> bool {
    item.contains_key(VERSION)
}

/// The version of the record that `item` is, or `None` if it is none.
pub(crate) fn version(item: &Item) -> Option<Version> {
    item.get(VERSION)?.as_n().ok()?.parse().ok()
}

/// The record that `item` of `table` is.
pub(crate) fn record(table: Table, mut item: Item) -> Result<Record, StoreError> {
    let id = match item.remove(hash_key(table)) {
        Some(AttributeValue::S(id)) => id,
        _ => String::new(),
    };
    match read(&id, item) {
        Ok((version, listing, attributes)) => {
            Ok(Record { key: Key::new(table, id), version, listing, attributes })
        }
        Err(unreadable) => Err(StoreError::Damaged { table, id, source: Box::new(unreadable) }),
    }
}

fn read(id: &str, mut item: Item) -> Result<(Version, Option<Listing>, Attributes), Unreadable> {
    let version = match version(&item) {
        Some(version) => version,
        None if item.contains_key(VERSION) => return Err(Unreadable::Attribute(VERSION.into())),
        None => return Err(Unreadable::Foreign),
    };
    item.remove(VERSION);
    item.remove(COMMITS);
    let listing = match (item.remove(LISTING_PARTITION), item.remove(LISTING_SORT)) {
        (None, None) => None,
        (Some(AttributeValue::S(partition)), Some(AttributeValue::S(sort))) => {
            let sort = sort.strip_suffix(id).and_then(|sort| sort.strip_suffix('\0'));
            let sort = sort.ok_or(Unreadable::Attribute(LISTING_SORT.into()))?.to_owned();
            Some(Listing { partition, sort })
        }
        _ => return Err(Unreadable::Attribute(LISTING_SORT.into())),
    };
    Ok((version, listing, attributes(item)?))
}

/// Why an item is no record.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error(
        "the item has no `version`, so SkyBridge did not write it (the lesson's own handler writes such items); it \
         is left as it is, and can be read and deleted with the AWS console or `aws dynamodb`"
    )]
    Foreign,
    #[error("the attribute `{0}` is not as SkyBridge writes it")]
    Attribute(String),
}

fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::S(text) => AttributeValue::S(text.clone()),
        Value::N(number) => AttributeValue::N(number.to_string()),
        Value::Bool(yes) => AttributeValue::Bool(*yes),
        Value::B(bytes) => AttributeValue::B(Blob::new(bytes.clone())),
        Value::L(list) => AttributeValue::L(list.iter().map(attribute).collect()),
        Value::M(map) => {
            AttributeValue::M(map.iter().map(|(name, value)| (name.to_owned(), attribute(value))).collect())
        }
    }
}

/// Sorted first, because that is how [`Attributes`] takes them fastest.
fn attributes(item: Item) -> Result<Attributes, Unreadable> {
    let mut named: Vec<_> = item.into_iter().collect();
    named.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    let mut attributes = Attributes::with_capacity(named.len());
    for (name, value) in named {
        let Some(value) = self::value(value) else { return Err(Unreadable::Attribute(name)) };
        attributes.set(&name, value);
    }
    Ok(attributes)
}

/// `None` for what a record cannot hold: sets, nulls, and numbers other than whole ones of 64 bits.
fn value(attribute: AttributeValue) -> Option<Value> {
    Some(match attribute {
        AttributeValue::S(text) => Value::S(text),
        AttributeValue::N(number) => Value::N(number.parse().ok()?),
        AttributeValue::Bool(yes) => Value::Bool(yes),
        AttributeValue::B(bytes) => Value::B(bytes.into_inner()),
        AttributeValue::L(list) => Value::L(list.into_iter().map(value).collect::<Option<_>>()?),
        AttributeValue::M(map) => Value::M(attributes(map).ok()?),
        _ => return None,
    })
}
