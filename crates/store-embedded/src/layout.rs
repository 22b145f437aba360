//! How records stand in the database's two keyspaces.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `records` | table (1 byte), id | layout (1), version (8), partition and sort lengths (2 + 2), partition, sort, attributes (postcard) |
//! | `records` | `FF` | the sequence before the last batch (8), the last sequence (8) |
//! | `listing` | table (1), partition, 00, sort, 00, id | nothing |
//!
//! Numbers are big-endian. No text in a key holds a NUL, so listing keys sort as (partition, sort, id) do. The
//! version and the listing come first in a value, so that the writer checks a condition and moves a listing
//! entry without decoding the attributes.
//!
//! Of `records`, values of 256 bytes and more, as those of bookings are, stand in files of their own beside the tables
//! (`engine`): that is fjall's to know, and a store that was made before it did so is read as it is.

use fjall::Slice;
use skybridge_store::{Attributes, Condition, Key, Listing, Record, Table, Version, Write};

/// The key of the sequence, beyond every table's.
pub(crate) const SEQUENCE_KEY: &[u8] = &[0xFF];

const LAYOUT: u8 = 1;
const HEAD_BYTES: usize = 13;

/// Why bytes do not decode.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("the value is shorter than its head says")]
    Short,
    #[error("the value has layout {0}, which this program does not know")]
    UnknownLayout(u8),
    #[error("a text is not UTF-8")]
    NotText(#[from] std::str::Utf8Error),
    #[error("the key is not one of a record or a listing entry")]
    NotAKey,
    #[error("the attributes do not decode")]
    Attributes(#[from] postcard::Error),
}

/// A write, encoded by the caller so that the one writer thread need not.
#[derive(Debug)]
pub(crate) struct EncodedWrite {
    pub(crate) key: Slice,
    pub(crate) value: Slice,
    /// The entry to stand in the listing.
    pub(crate) listing: Option<Slice>,
    pub(crate) condition: Condition,
}

impl EncodedWrite {
    pub(crate) fn new(write: &Write) -> Result<Self, postcard::Error> {
        let Record { key, listing, .. } = &write.record;
        let entry = listing.as_ref().map(|at| listing_key(key.table, &at.partition, &at.sort, &key.id));
        Ok(Self {
            key: record_key(key),
            value: encode_record(&write.record)?,
            listing: entry.map(Slice::from),
            condition: write.condition,
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.key.len() + self.value.len() + self.listing.as_ref().map_or(0, |entry| entry.len())
    }
}

pub(crate) fn record_key(key: &Key) -> Slice {
    let mut bytes = Vec::with_capacity(1 + key.id.len());
    bytes.push(table_byte(key.table));
    bytes.extend_from_slice(key.id.as_bytes());
    Slice::from(bytes)
}

/// The first key after those of `table`'s records.
pub(crate) fn end_of_records(table: Table) -> Slice {
    Slice::from([table_byte(table) + 1])
}

pub(crate) fn listing_key(table: Table, partition: &str, sort: &str, id: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(3 + partition.len() + sort.len() + id.len());
    key.push(table_byte(table));
    for text in [partition, sort] {
        key.extend_from_slice(text.as_bytes());
        key.push(0);
    }
    key.extend_from_slice(id.as_bytes());
    key
}

/// What the listing keys of one partition begin with.
pub(crate) fn partition_prefix(table: Table, partition: &str) -> Vec<u8> {
    let mut prefix = Vec::with_capacity(2 + partition.len());
    prefix.push(table_byte(table));
    prefix.extend_from_slice(partition.as_bytes());
    prefix.push(0);
    prefix
}

/// The key of the record that a listing entry names.
pub(crate) fn listed_key(entry: &[u8]) -> Result<Key, DecodeError> {
    let at = entry.iter().rposition(|byte| *byte == 0).ok_or(DecodeError::NotAKey)?;
    let table = entry.first().and_then(|byte| table(*byte)).ok_or(DecodeError::NotAKey)?;
    Ok(Key::new(table, std::str::from_utf8(&entry[at + 1..])?))
}

/// The key of a record, from its key in the database.
pub(crate) fn key_of(bytes: &[u8]) -> Result<Key, DecodeError> {
    let (first, id) = bytes.split_first().ok_or(DecodeError::NotAKey)?;
    let table = table(*first).ok_or(DecodeError::NotAKey)?;
    Ok(Key::new(table, std::str::from_utf8(id)?))
}

fn table_byte(table: Table) -> u8 {
    table as u8
}

fn table(byte: u8) -> Option<Table> {
    Table::ALL.get(usize::from(byte)).copied()
}

fn encode_record(record: &Record) -> Result<Slice, postcard::Error> {
    let (partition, sort) = match &record.listing {
        Some(listing) => (listing.partition.as_str(), listing.sort.as_str()),
        // A listed record's partition is never empty.
        None => ("", ""),
    };
    let length =
        |text: &str| u16::try_from(text.len()).expect("a checked commit holds key texts of 512 bytes");
    let mut value = Vec::with_capacity(1024);
    value.push(LAYOUT);
    value.extend_from_slice(&record.version.to_be_bytes());
    value.extend_from_slice(&length(partition).to_be_bytes());
    value.extend_from_slice(&length(sort).to_be_bytes());
    value.extend_from_slice(partition.as_bytes());
    value.extend_from_slice(sort.as_bytes());
    let value = postcard::to_extend(&record.attributes, value)?;
    Ok(Slice::from(value))
}

/// The front of a record's value, read without decoding the rest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) version: Version,
    /// Partition and sort text.
    pub(crate) listing: Option<(&'a str, &'a str)>,
    attributes: &'a [u8],
}

impl<'a> Head<'a> {
    pub(crate) fn read(value: &'a [u8]) -> Result<Self, DecodeError> {
        let (head, rest) = value.split_first_chunk::<HEAD_BYTES>().ok_or(DecodeError::Short)?;
        let [layout, v0, v1, v2, v3, v4, v5, v6, v7, p0, p1, s0, s1] = *head;
        if layout != LAYOUT {
            return Err(DecodeError::UnknownLayout(layout));
        }
        let partition_bytes = usize::from(u16::from_be_bytes([p0, p1]));
        let sort_bytes = usize::from(u16::from_be_bytes([s0, s1]));
        let (partition, rest) = rest.split_at_checked(partition_bytes).ok_or(DecodeError::Short)?;
        let (sort, attributes) = rest.split_at_checked(sort_bytes).ok_or(DecodeError::Short)?;
        let listing = (std::str::from_utf8(partition)?, std::str::from_utf8(sort)?);
        Ok(Self {
            version: u64::from_be_bytes([v0, v1, v2, v3, v4, v5, v6, v7]),
            listing: (partition_bytes > 0).then_some(listing),
            attributes,
        })
    }

    /// The entry of this record in the listing.
    pub(crate) fn listing_key(&self, key: &[u8]) -> Result<Option<Slice>, DecodeError> {
        let Some((partition, sort)) = self.listing else { return Ok(None) };
        let key = key_of(key)?;
        Ok(Some(Slice::from(listing_key(key.table, partition, sort, &key.id))))
    }
}

pub(crate) fn decode_record(key: Key, value: &[u8]) -> Result<Record, DecodeError> {
    let head = Head::read(value)?;
    let (attributes, rest) = postcard::take_from_bytes::<Attributes>(head.attributes)?;
    if !rest.is_empty() {
        return Err(DecodeError::Attributes(postcard::Error::DeserializeBadEncoding));
    }
    let listing = head
        .listing
        .map(|(partition, sort)| Listing { partition: partition.to_owned(), sort: sort.to_owned() });
    Ok(Record { key, version: head.version, listing, attributes })
}

/// What stands under [`SEQUENCE_KEY`]: commits are counted, and every batch names the count before it, so that
/// the batches in a journal form a chain without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The last commit before the batch.
    pub(crate) before: u64,
    /// The last commit of the batch.
    pub(crate) last: u64,
}

impl Span {
    pub(crate) fn encode(self) -> Slice {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.before.to_be_bytes());
        bytes[8..].copy_from_slice(&self.last.to_be_bytes());
        Slice::from(bytes)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (before, last) = bytes.split_first_chunk::<8>().ok_or(DecodeError::Short)?;
        let last: [u8; 8] = last.try_into().map_err(|_| DecodeError::Short)?;
        Ok(Self { before: u64::from_be_bytes(*before), last: u64::from_be_bytes(last) })
    }
}

#[cfg(test)]
mod tests {
    use skybridge_store::Value;

    use super::*;

    fn record(listing: Option<(&str, &str)>) -> Record {
        Record {
            key: Key::new(Table::Audit, "id é"),
            version: 258,
            listing: listing.map(|(p, s)| Listing { partition: p.to_owned(), sort: s.to_owned() }),
            attributes: Attributes::default().with("a", vec![0_u8, 1]).with("n", u64::MAX),
        }
    }

    #[test]
    fn a_record_comes_back() {
        for listing in [None, Some(("p", "s")), Some(("partnerco", "2026-01-01"))] {
            let record = record(listing);
            let value = encode_record(&record).unwrap();
            assert_eq!(decode_record(record.key.clone(), &value).unwrap(), record);
            assert_eq!(key_of(&record_key(&record.key)).unwrap(), record.key);
        }
    }

    #[test]
    fn a_value_cut_anywhere_is_an_error_not_a_panic() {
        let record = record(Some(("p", "s")));
        let value = encode_record(&record).unwrap();
        for length in 0..value.len() {
            assert!(decode_record(record.key.clone(), &value[..length]).is_err(), "{length} bytes");
        }
        let longer = [&*value, &[0]].concat();
        assert!(decode_record(record.key.clone(), &longer).is_err());
        let other_layout = [&[LAYOUT + 1], &value[1..]].concat();
        assert!(matches!(decode_record(record.key, &other_layout), Err(DecodeError::UnknownLayout(_))));
    }

    #[test]
    fn what_nests_as_deep_as_may_be_comes_back_and_deeper_is_an_error_not_the_end_of_the_stack() {
        let nested = |depth| (1..depth).fold(Value::from(true), |inner, _| Value::from(vec![inner]));
        let record = |depth| {
            let attributes = Attributes::default().with("a", nested(depth));
            Record { attributes, ..record(None) }
        };
        let deepest = record(Record::DEPTH_MAX);
        let value = encode_record(&deepest).unwrap();
        assert_eq!(decode_record(deepest.key.clone(), &value).unwrap(), deepest);
        let deeper = encode_record(&record(Record::DEPTH_MAX + 1)).unwrap();
        assert!(decode_record(deepest.key.clone(), &deeper).is_err());
        // After an error the next record is read as ever.
        assert_eq!(decode_record(deepest.key.clone(), &value).unwrap(), deepest);

        // As damage or another's hand could leave it: a list of one list of one list, two bytes for each.
        let empty = encode_record(&Record { attributes: Attributes::default(), ..deepest.clone() }).unwrap();
        let head = &empty[..empty.len() - 1];
        let bottomless = [head, &[1, 1, b'a'], &[4, 1].repeat(190_000)[..]].concat();
        assert!(decode_record(deepest.key, &bottomless).is_err());
    }

    #[test]
    fn listing_keys_sort_as_partition_sort_and_id() {
        let texts = ["a", "a\u{1}", "ab", "b", "é"];
        let mut triples = Vec::new();
        for partition in texts {
            for sort in texts {
                triples.extend(texts.map(|id| (partition, sort, id)));
            }
        }
        triples.sort_unstable();
        let keys: Vec<_> = triples.iter().map(|(p, s, id)| listing_key(Table::Limits, p, s, id)).collect();
        assert!(keys.is_sorted());
        assert!(keys.iter().zip(&triples).all(|(key, (_, _, id))| listed_key(key).unwrap().id == *id));
    }
}
