//! What a store holds: records of named attributes, as a DynamoDB item holds them.

mod nesting;

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// The tables. Their names on DynamoDB are `skybridge-` and the name here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Table {
    /// Bookings, by `booking_id`; the lesson's own table.
    Bookings,
    /// Plans, agencies and keys, by kind and name.
    Partners,
    /// What each agency has used of its plan, reserved in leases.
    Limits,
    /// Who changed what, when.
    Audit,
}

impl Table {
    /// All tables, in the order in which stores number them.
    pub const ALL: [Self; 4] = [Self::Bookings, Self::Partners, Self::Limits, Self::Audit];

    /// The table's name in manifests, messages and DynamoDB table names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bookings => "bookings",
            Self::Partners => "partners",
            Self::Limits => "limits",
            Self::Audit => "audit",
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a record stands: its table and its id, 1 to [`Key::ID_BYTES_MAX`] bytes of text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// The table.
    pub table: Table,
    /// The hash key within it.
    pub id: CompactString,
}

impl Key {
    /// DynamoDB allows 2,048 bytes of partition key; ours are far shorter.
    pub const ID_BYTES_MAX: usize = 512;

    /// The key of record `id` in `table`.
    #[must_use]
    pub fn new(table: Table, id: impl Into<CompactString>) -> Self {
        Self { table, id: id.into() }
    }
}

/// Counts the changes of a record: 1 when it is created, one more with every replacement.
pub type Version = u64;

/// Where a record stands in its table's listing. `partition` and `sort` hold no NUL and at most
/// [`Key::ID_BYTES_MAX`] bytes each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// What is listed together.
    pub partition: String,
    /// The order within it, compared as bytes.
    pub sort: String,
}

/// A record: its key, its version, its place in the listing, and its attributes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Where it stands.
    pub key: Key,
    /// How often it was written.
    pub version: Version,
    /// Its place in the listing; a record without one is not listed.
    pub listing: Option<Listing>,
    /// Everything else.
    pub attributes: Attributes,
}

/// Named values. Kept in order of name, so that equal sets are equal byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Attributes(Vec<(CompactString, Value)>);

impl Attributes {
    /// No attributes, with room for `count`.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// Sets `name` to `value`, in place of what it was before.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        match self.0.binary_search_by(|(held, _)| held.as_str().cmp(name)) {
            Ok(at) => self.0[at].1 = value.into(),
            Err(at) => self.0.insert(at, (CompactString::from(name), value.into())),
        }
    }

    /// As [`set`](Self::set), for building in one expression.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// The value of `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let at = self.0.binary_search_by(|(held, _)| held.as_str().cmp(name)).ok()?;
        Some(&self.0[at].1)
    }

    /// The text under `name`, if it is there and is text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::S(text) => Some(text),
            _ => None,
        }
    }

    /// The number under `name`, if it is there and is a number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        match self.get(name)? {
            Value::N(number) => Some(*number),
            _ => None,
        }
    }

    /// The bytes under `name`, if they are there and are bytes.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        match self.get(name)? {
            Value::B(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The list under `name`, if it is there and is a list.
    #[must_use]
    pub fn list(&self, name: &str) -> Option<&[Value]> {
        match self.get(name)? {
            Value::L(list) => Some(list),
            _ => None,
        }
    }

    /// All of them, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

/// A value, in DynamoDB's types (and by their names there).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// Text.
    S(String),
    /// A whole number.
    N(u64),
    /// Yes or no.
    Bool(bool),
    /// Bytes.
    B(#[serde(with = "whole_bytes")] Vec<u8>),
    /// Values in a row.
    L(#[serde(deserialize_with = "nesting::deserialize")] Vec<Value>),
    /// Named values.
    M(#[serde(deserialize_with = "nesting::deserialize")] Attributes),
}

/// Bytes in one piece: serde's own way for a `Vec<u8>` goes byte by byte, which showed in the profile of a commit.
/// The form is the same in formats that write both as a length and the bytes, such as postcard.
mod whole_bytes {
    use std::fmt;

    use serde::de::{Deserializer, SeqAccess, Visitor};
    use serde::ser::Serializer;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_byte_buf(Bytes)
    }

    struct Bytes;

    impl<'de> Visitor<'de> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }

        fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
            Ok(bytes)
        }

        /// Formats without bytes of their own, such as JSON, write a sequence.
        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<u8>, A::Error> {
            let mut bytes = Vec::new();
            while let Some(byte) = sequence.next_element()? {
                bytes.push(byte);
            }
            Ok(bytes)
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::S(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::S(text)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::N(number)
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Self {
        Self::Bool(yes)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::B(bytes)
    }
}

impl From<Vec<Value>> for Value {
    fn from(list: Vec<Value>) -> Self {
        Self::L(list)
    }
}

impl From<Attributes> for Value {
    fn from(map: Attributes) -> Self {
        Self::M(map)
    }
}
