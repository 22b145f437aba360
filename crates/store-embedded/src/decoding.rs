//! What bytes on disk mean, for those who put others there. Behind a feature: no program needs it.

use skybridge_store::{Commit, Record, Write};

use crate::layout::{EncodedWrite, decode_record, key_of};

/// The record whose key in the database is `key` and whose value is `value`; `None` if they are not of one.
#[must_use]
pub fn decoded(key: &[u8], value: &[u8]) -> Option<Record> {
    decode_record(key_of(key).ok()?, value).ok()
}

/// The key and the value of a record, as they stand in the database; `None` if it breaks the store's bounds.
#[must_use]
pub fn encoded(record: Record) -> Option<(Vec<u8>, Vec<u8>)> {
    let commit = Commit::of(Write::create(record));
    commit.check().ok()?;
    let write = EncodedWrite::new(&commit.writes[0]).ok()?;
    Some((write.key.to_vec(), write.value.to_vec()))
}
