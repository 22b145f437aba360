//! A backup becomes a store: whole, or not at all.

use std::io::Read;
use std::path::Path;

use skybridge_store::{Record, Write};

use super::Summary;
use super::error::RestoreError;
use super::frame::{FORMAT, Frame, Header, Reader};
use crate::engine::Engine;
use crate::layout::EncodedWrite;
use crate::open;

/// Makes a store in `dir`, which must not exist or be empty, from a backup. Its state and sequence are those of the
/// backup. Nothing stands in `dir` until the whole backup was read, checked and made durable. Blocks.
///
/// # Errors
///
/// See [`RestoreError`]; after any, `dir` is as it was.
pub fn restore(input: impl Read, dir: &Path) -> Result<Summary, RestoreError> {
    let mut reader = Reader::new(input)?;
    let header = read_header(&mut reader)?;
    let mut records = 0;
    open::build(dir, |engine| {
        records = fill(engine, &mut reader)?;
        Ok::<_, RestoreError>(header.sequence)
    })?;
    Ok(Summary { sequence: header.sequence, records, bytes: reader.bytes })
}

fn read_header(reader: &mut Reader<impl Read>) -> Result<Header, RestoreError> {
    let Frame::Header(header) = reader.read()? else { return Err(RestoreError::NotABackup) };
    if header.format > FORMAT {
        return Err(RestoreError::NewerFormat { found: header.format, known: FORMAT });
    }
    Ok(header)
}

/// Writes all records into the new database, and returns how many after the trailer has vouched for them.
fn fill(engine: &Engine, reader: &mut Reader<impl Read>) -> Result<u64, RestoreError> {
    const BATCH: usize = 256;
    let mut records = 0;
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let digest = reader.digest();
        let altered = RestoreError::Altered { frame: reader.frames };
        match reader.read()? {
            Frame::Header(_) => return Err(altered),
            Frame::Record(record) => {
                records += 1;
                batch.push(record);
                if batch.len() == BATCH {
                    put(engine, &mut batch)?;
                }
            }
            Frame::Trailer(trailer) => {
                let is_whole =
                    trailer.digest == digest && trailer.records == records && reader.is_at_end()?;
                put(engine, &mut batch)?;
                return if is_whole { Ok(records) } else { Err(altered) };
            }
        }
    }
}

/// Not synced: the store is synced as a whole before it is moved into place.
fn put(engine: &Engine, records: &mut Vec<Record>) -> Result<(), RestoreError> {
    let mut batch = engine.loose_batch(2 * records.len());
    for record in records.drain(..) {
        let write = EncodedWrite::new(&Write::create(record));
        let EncodedWrite { key, value, listing, .. } =
            write.map_err(|error| RestoreError::Writing(Box::new(error)))?;
        batch.insert(&engine.records, key, value);
        if let Some(entry) = listing {
            batch.insert(&engine.listing, entry, []);
        }
    }
    batch.commit().map_err(|error| RestoreError::Writing(Box::new(error)))
}
