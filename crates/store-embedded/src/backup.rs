//! Backups: a consistent state of a store in one file, taken while it serves, and made into a store again.
//!
//! A backup is a row of frames: a header (format, store, sequence), the records in the order of their keys, and a
//! trailer (counts, and the SHA-256 of every byte before it). Each frame carries its length and a CRC-32 of its place
//! and payload. A backup that was cut, altered, or put together from two is refused, and restoring never leaves half
//! a store. The listing is not in it: it follows from the records.
//!
//! The digest guards against accidents. Who can write the file can make a valid one: guard it as you guard the store.

mod error;
mod frame;
mod restore;

pub use error::{BackupError, RestoreError};
pub use restore::restore;

use std::io::Write;

use fjall::{Readable, Snapshot};
use skybridge_store::Record;

use crate::engine::{Engine, sequence_of};
use crate::layout::{DecodeError, SEQUENCE_KEY, decode_record, key_of};
use crate::store::EmbeddedStore;
use frame::{FORMAT, Frame, Header, Trailer};

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The commits whose state it is: all up to this one.
    pub sequence: u64,
    /// How many records.
    pub records: u64,
    /// Bytes of the file.
    pub bytes: u64,
}

impl EmbeddedStore {
    /// Writes the state of this moment to `out`, while the store goes on serving. Blocks for as long as that takes;
    /// flushing and syncing the file is the caller's.
    ///
    /// # Errors
    ///
    /// When the store cannot be read or `out` not written. What was written by then is no backup.
    pub fn backup(&self, out: impl Write) -> Result<Summary, BackupError> {
        let engine = &self.shared.engine;
        let snapshot = engine.snapshot();
        let sequence = sequence_of(&snapshot, &engine.records).map_err(BackupError::reading)?;
        let mut out = frame::Writer::new(out);
        out.write(&Frame::Header(Header { format: FORMAT, store_id: self.store_id, sequence }))?;
        let mut records = 0;
        for record in records_of(engine, &snapshot) {
            out.write(&Frame::Record(record?))?;
            records += 1;
        }
        let trailer = Trailer { records, digest: out.digest() };
        let bytes = out.finish(&Frame::Trailer(trailer))?;
        Ok(Summary { sequence, records, bytes })
    }
}

/// All records of a snapshot, decoded.
fn records_of<'a>(
    engine: &'a Engine,
    snapshot: &'a Snapshot,
) -> impl Iterator<Item = Result<Record, BackupError>> + use<'a> {
    snapshot.range::<&[u8], _>(&engine.records, ..SEQUENCE_KEY).map(|entry| {
        let (key, value) = entry.into_inner().map_err(BackupError::reading)?;
        let decode = |key: &[u8], value: &[u8]| decode_record(key_of(key)?, value);
        decode(&key, &value).map_err(|error: DecodeError| BackupError::reading(error))
    })
}
