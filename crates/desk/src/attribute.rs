//! Reading a record's attributes back into the domain's types. What does not read is damage, and is said so.

use skybridge_domain::time::Timestamp;
use skybridge_store::{Attributes, Key, StoreError};

/// An attribute that is missing, or not what its name says.
#[derive(Debug, thiserror::Error)]
#[error("attribute {0:?} is missing or is not what it must be")]
pub(crate) struct Unreadable(pub(crate) &'static str);

/// Says that the record under `key` does not read.
pub(crate) fn damaged(key: &Key, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Damaged { table: key.table, id: key.id.to_string(), source: source.into() }
}

/// The text under `name`.
pub(crate) fn text<'a>(attributes: &'a Attributes, name: &'static str) -> Result<&'a str, Unreadable> {
    attributes.text(name).ok_or(Unreadable(name))
}

/// The number under `name`.
pub(crate) fn number(attributes: &Attributes, name: &'static str) -> Result<u64, Unreadable> {
    attributes.number(name).ok_or(Unreadable(name))
}

/// The moment under `name`, kept as milliseconds.
pub(crate) fn moment(attributes: &Attributes, name: &'static str) -> Result<Timestamp, Unreadable> {
    number(attributes, name).map(Timestamp::from_millis)
}

/// The text under `name`, as `parse` reads it.
pub(crate) fn parsed<T>(
    attributes: &Attributes,
    name: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Unreadable> {
    parse(text(attributes, name)?).ok_or(Unreadable(name))
}

/// As [`parsed`], if there is anything under `name`.
pub(crate) fn parsed_if_any<T>(
    attributes: &Attributes,
    name: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Unreadable> {
    if attributes.get(name).is_none() { Ok(None) } else { parsed(attributes, name, parse).map(Some) }
}

/// As [`number`], if there is anything under `name`.
pub(crate) fn number_if_any(attributes: &Attributes, name: &'static str) -> Result<Option<u64>, Unreadable> {
    if attributes.get(name).is_none() { Ok(None) } else { number(attributes, name).map(Some) }
}
