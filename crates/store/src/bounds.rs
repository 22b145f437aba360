//! The bounds that every store enforces, in one place: DynamoDB's, where it has them, so that what one store
//! takes every store takes.

use std::collections::HashSet;

use crate::{Attributes, Commit, Condition, Key, Listing, Query, Record, StoreError, Value, Write};

impl Commit {
    /// DynamoDB's bound on all items of one transaction together, 4 MB.
    pub const BYTES_MAX: usize = 4 * 1024 * 1024;

    /// Is this a commit that a store takes?
    ///
    /// Every store calls it before anything else. It holds 1 to [`Commit::WRITES_MAX`] writes to distinct
    /// records, [`Commit::BYTES_MAX`] bytes at most; each record is within its own bounds, and carries version
    /// 1 where it is created and one more than the version it replaces.
    ///
    /// # Errors
    ///
    /// [`StoreError::Refused`], naming the bound.
    pub fn check(&self) -> Result<(), StoreError> {
        refuse_if(self.writes.is_empty(), "a commit holds at least one write")?;
        refuse_if(self.writes.len() > Self::WRITES_MAX, "a commit holds at most 100 writes")?;
        let mut bytes = 0;
        for write in &self.writes {
            bytes += write.check()?;
        }
        refuse_if(bytes > Self::BYTES_MAX, "the records of a commit hold at most 4 MB together")?;
        refuse_if(!self.keys_are_distinct(), "a commit writes each record once")
    }

    fn keys_are_distinct(&self) -> bool {
        let mut seen = HashSet::new();
        self.writes.len() == 1 || self.writes.iter().all(|write| seen.insert(&write.record.key))
    }
}

impl Write {
    fn check(&self) -> Result<usize, StoreError> {
        let expected = match self.condition {
            Condition::Absent => Some(1),
            Condition::VersionIs(version) => version.checked_add(1),
        };
        refuse_if(
            expected != Some(self.record.version),
            "a record is created at version 1 and replaced at the next version",
        )?;
        self.record.check()
    }
}

impl Record {
    /// DynamoDB's bound on one item, 400 KB, counted as DynamoDB counts.
    pub const BYTES_MAX: usize = 400 * 1024;

    /// DynamoDB's bound on lists and maps within each other.
    pub const DEPTH_MAX: usize = 32;

    /// DynamoDB's bound on a sort key is 1,024 bytes. The place of a record in its listing is its sort text and its
    /// id, and stores put a separator between them and one behind, to say "after this".
    pub const PLACE_BYTES_MAX: usize = 1022;

    /// What the names and numbers that a store adds (key, version, place in the listing) may take of an item.
    const OVERHEAD_BYTES: usize = 200;

    /// The size of this record as DynamoDB would count it, rounded up.
    #[must_use]
    pub fn bytes(&self) -> usize {
        // An index keeps the id beside the sort text.
        let in_listing = |listing: &Listing| listing.partition.len() + listing.sort.len() + self.key.id.len();
        let listing = self.listing.as_ref().map_or(0, in_listing);
        Self::OVERHEAD_BYTES + self.key.id.len() + listing + map_bytes(&self.attributes)
    }

    fn check(&self) -> Result<usize, StoreError> {
        refuse_if(!self.key.is_storable(), "an id holds 1 to 512 bytes and no NUL")?;
        if let Some(Listing { partition, sort }) = &self.listing {
            refuse_if(!is_key_text(partition), "a listing's partition holds 1 to 512 bytes and no NUL")?;
            refuse_if(!is_key_text(sort), "a listing's sort text holds 1 to 512 bytes and no NUL")?;
            refuse_if(
                sort.len() + self.key.id.len() > Self::PLACE_BYTES_MAX,
                "a listing's sort text and the record's id hold at most 1022 bytes together",
            )?;
        }
        // The depth first: counting the bytes recurses.
        check_map(&self.attributes, 1)?;
        let bytes = self.bytes();
        refuse_if(bytes > Self::BYTES_MAX, "a record holds at most 400 KB")?;
        Ok(bytes)
    }
}

impl Key {
    /// Can a record have this key: 1 to [`Key::ID_BYTES_MAX`] bytes without a NUL?
    #[must_use]
    pub fn is_storable(&self) -> bool {
        is_key_text(&self.id)
    }
}

impl Query {
    /// Is this a query that a store answers? No text in it holds a NUL, which separates texts in index keys.
    ///
    /// # Errors
    ///
    /// [`StoreError::Refused`], naming the bound.
    pub fn check(&self) -> Result<(), StoreError> {
        let after = self.after.iter().flat_map(|position| [&position.sort, &position.id]);
        let mut texts = [&self.partition].into_iter().chain(&self.from).chain(&self.to).chain(after);
        refuse_if(texts.any(|text| text.contains('\0')), "a query's texts hold no NUL")
    }
}

fn is_key_text(text: &str) -> bool {
    (1..=Key::ID_BYTES_MAX).contains(&text.len()) && !text.contains('\0')
}

fn check_map(map: &Attributes, depth: usize) -> Result<(), StoreError> {
    for (name, value) in map.iter() {
        refuse_if(name.is_empty(), "an attribute has a name")?;
        check_value(value, depth)?;
    }
    Ok(())
}

fn check_value(value: &Value, depth: usize) -> Result<(), StoreError> {
    match value {
        Value::L(_) | Value::M(_) if depth >= Record::DEPTH_MAX => {
            Err(StoreError::Refused("lists and maps stand at most 32 deep"))
        }
        Value::L(list) => list.iter().try_for_each(|value| check_value(value, depth + 1)),
        Value::M(map) => check_map(map, depth + 1),
        Value::S(_) | Value::N(_) | Value::Bool(_) | Value::B(_) => Ok(()),
    }
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
fn value_bytes(value: &Value) -> usize {
    const CONTAINER_BYTES: usize = 3;
    match value {
        Value::S(text) => text.len(),
        Value::B(bytes) => bytes.len(),
        // Two digits a byte, one more for the exponent and one for the sign: at most 12 for a u64.
        Value::N(_) => 12,
        Value::Bool(_) => 1,
        Value::L(list) => CONTAINER_BYTES + list.iter().map(|value| 1 + value_bytes(value)).sum::<usize>(),
        Value::M(map) => CONTAINER_BYTES + map_bytes(map) + map.iter().count(),
    }
}

fn map_bytes(map: &Attributes) -> usize {
    map.iter().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

fn refuse_if(broken: bool, bound: &'static str) -> Result<(), StoreError> {
    if broken { Err(StoreError::Refused(bound)) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
