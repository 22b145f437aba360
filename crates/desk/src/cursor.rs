//! Where a list goes on: an opaque text that a page gives and the next request returns.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use skybridge_store::{Key, Position};

/// A place in the listing of one partition.
///
/// It says nothing that its reader may not know, and it gives no rights: the partition that a caller may read
/// comes from who the caller is, never from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) partition: String,
    pub(crate) position: Position,
}

impl Cursor {
    pub(crate) fn at(partition: &str, position: Position) -> Self {
        Self { partition: partition.to_owned(), position }
    }

    /// The text that a page gives: the three parts, which hold no NUL, in base64url.
    pub(crate) fn write(&self) -> String {
        let Self { partition, position: Position { sort, id } } = self;
        URL_SAFE_NO_PAD.encode(format!("{partition}\0{sort}\0{id}"))
    }

    /// The place in `partition` that [`write`](Self::write) wrote; a cursor of another list is none of this one.
    pub(crate) fn read_within(partition: &str, text: &str) -> Result<Position, InvalidCursor> {
        let cursor = Self::read(text)?;
        if cursor.partition == partition { Ok(cursor.position) } else { Err(InvalidCursor) }
    }

    /// Reads what [`write`](Self::write) wrote.
    pub(crate) fn read(text: &str) -> Result<Self, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        let text = String::from_utf8(bytes).map_err(|_| InvalidCursor)?;
        let parts: Vec<_> = text.split('\0').collect();
        let [partition, sort, id] = parts.as_slice() else { return Err(InvalidCursor) };
        let short = parts.iter().all(|part| part.len() <= Key::ID_BYTES_MAX);
        if !short {
            return Err(InvalidCursor);
        }
        let position = Position { sort: (*sort).to_owned(), id: (*id).to_owned() };
        Ok(Self { partition: (*partition).to_owned(), position })
    }
}

/// The text is not a cursor that a page gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one that a page of this list gave; begin without a cursor")]
pub struct InvalidCursor;
