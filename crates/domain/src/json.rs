//! Reading a request body as JSON (RFC 8259), strictly.
//!
//! What other readers let pass quietly is refused here, because two programs that read one body differently are
//! how bookings get lost: a member name that stands twice in an object (most readers keep the last one),
//! text after the document, a byte-order mark, invalid UTF-8, half of a surrogate pair.
//!
//! One pass through `serde_json` builds a small tree that borrows from the body; only texts with escapes are
//! copied. Bounds: nesting of at most [`DEPTH_MAX`]; everything else is bounded by the size of the body, which
//! the caller limits. The work is linear in that size, whatever the body holds.
//!
//! Numbers are checked but not kept, because no field of the contract is a number (amounts are decimal text).
//! So a number that no `f64` can hold, such as `1e999`, is still valid JSON here, as the RFC has it.

mod duplicates;
mod numbers;
#[cfg(test)]
mod tests;
mod tree;

use std::borrow::Cow;

use crate::fault::Fault;

/// How deep lists and objects may nest; the document's outermost is 1. A booking needs 3.
pub const DEPTH_MAX: usize = 32;

/// A JSON value that borrows from the text it was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number; its value is not kept.
    Number,
    /// Text, escapes resolved.
    Text(Cow<'a, str>),
    /// Values in a row.
    List(Vec<Json<'a>>),
    /// Members in the order of the document; no name stands twice.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl Json<'_> {
    /// What kind of value this is, with its article, as a sentence needs it.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    fn into_owned(self) -> Json<'static> {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Self::Null => Json::Null,
            Self::Bool(yes) => Json::Bool(yes),
            Self::Number => Json::Number,
            Self::Text(text) => Json::Text(owned(text)),
            Self::List(items) => Json::List(items.into_iter().map(Json::into_owned).collect()),
            Self::Object(members) => Json::Object(
                members.into_iter().map(|(name, value)| (owned(name), value.into_owned())).collect(),
            ),
        }
    }
}

/// Reads `body` as one JSON document.
///
/// # Errors
/// [`JsonError::NotJson`] when it is not one, [`JsonError::DuplicateMembers`] with every name that stands twice
/// in its object when it otherwise is.
pub fn read(body: &[u8]) -> Result<Json<'_>, JsonError> {
    let text = std::str::from_utf8(body).map_err(|error| not_utf8(body, error.valid_up_to()))?;
    if text.starts_with('\u{feff}') {
        return Err(malformed(
            1,
            1,
            "it begins with a byte-order mark, which JSON on the wire must not have",
        ));
    }
    match tree::parse(text) {
        Ok(tree) => tree.without_duplicates(),
        Err(tree::Stop::NumberOutOfRange(refused)) => {
            // Rare and bounded: the body is copied once, with every number in it made small.
            let small = numbers::made_small(text);
            match tree::parse(&small) {
                Ok(tree) => tree.without_duplicates().map(Json::into_owned),
                Err(tree::Stop::NumberOutOfRange(_)) => Err(refused.into()),
                Err(tree::Stop::NotJson(refused)) => Err(refused.into()),
            }
        }
        Err(tree::Stop::NotJson(refused)) => Err(refused.into()),
    }
}

/// Why a body was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JsonError {
    /// It is not one JSON document.
    NotJson(NotJson),
    /// It is, but names stand twice in an object; each is named.
    DuplicateMembers(Vec<Fault>),
}

impl From<NotJson> for JsonError {
    fn from(refused: NotJson) -> Self {
        Self::NotJson(refused)
    }
}

/// The body is not a JSON document that is read here. Displays as a sentence for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotJson {
    /// It breaks the grammar of RFC 8259.
    #[error("The body is not valid JSON: {what} (line {line}, column {column}).")]
    Malformed {
        /// The line, counted from 1.
        line: usize,
        /// The column in bytes, counted from 1; 0 is the end of the line before.
        column: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// It nests deeper than [`DEPTH_MAX`].
    #[error("The body nests deeper than {DEPTH_MAX} levels (line {line}, column {column}).")]
    TooDeep {
        /// The line, counted from 1.
        line: usize,
        /// The column in bytes, counted from 1.
        column: usize,
    },
}

fn malformed(line: usize, column: usize, what: &'static str) -> JsonError {
    NotJson::Malformed { line, column, what }.into()
}

fn not_utf8(body: &[u8], valid_up_to: usize) -> JsonError {
    let before = &body[..valid_up_to];
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let line_begin = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    malformed(line, valid_up_to - line_begin + 1, "it is not UTF-8")
}

/// Writes `text` as a JSON string: escaped is only what RFC 8259 demands, in its shortest form (as RFC 8785,
/// section 3.2.2.2, has it, and as `serde_json` writes it).
pub(crate) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, 0..=0x1f | b'"' | b'\\')) {
        out.push_str(&rest[..at]);
        match rest.as_bytes()[at] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            control => out.push_str(&format!("\\u{control:04x}")),
        }
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
    out.push('"');
}
