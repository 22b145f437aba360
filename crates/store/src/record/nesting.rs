//! Lists and maps within each other, as they are read.
//!
//! What is written is checked before ([`Record::DEPTH_MAX`]); what is read may have been damaged, or made by somebody
//! else, and a reader that follows it as deep as it goes ends the process when the stack does.

use std::cell::Cell;

use serde::{Deserialize, Deserializer, de::Error};

use super::Record;

thread_local! {
    /// The lists and maps that are being read on this thread, each within the one before.
    static OPEN: Cell<usize> = const { Cell::new(0) };
}

/// Reads a list or a map, unless it stands deeper than one that could have been written.
pub(super) fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let _open = Open::within().ok_or_else(|| Error::custom("lists and maps stand too deep"))?;
    T::deserialize(deserializer)
}

/// One list or map that is being read.
struct Open;

impl Open {
    fn within() -> Option<Self> {
        OPEN.with(|open| {
            // The attributes themselves are the first.
            let deeper = open.get() + 1;
            (deeper < Record::DEPTH_MAX).then(|| open.set(deeper))
        })?;
        Some(Self)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        OPEN.with(|open| open.set(open.get() - 1));
    }
}
