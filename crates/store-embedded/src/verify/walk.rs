//! The walk through one snapshot.

use fjall::{Readable, Snapshot};

use super::Inspector;
use super::report::{Finding, Report};
use crate::engine::Engine;
use crate::layout::{DecodeError, Head, SEQUENCE_KEY, decode_record, key_of, listed_key, record_key};

/// Reads everything in `snapshot` into `report`.
pub(super) fn walk(engine: &Engine, snapshot: &Snapshot, inspect: Inspector<'_>, report: &mut Report) {
    let records = walk_records(engine, snapshot, inspect, report);
    let listing = walk_listing(engine, snapshot, report);
    for error in [records, listing].into_iter().filter_map(Result::err) {
        report.add(Finding::Unreadable(Box::new(error)));
    }
}

fn walk_records(
    engine: &Engine,
    snapshot: &Snapshot,
    inspect: Inspector<'_>,
    report: &mut Report,
) -> fjall::Result<()> {
    for entry in snapshot.range::<&[u8], _>(&engine.records, ..SEQUENCE_KEY) {
        let (key, value) = entry.into_inner()?;
        report.records += 1;
        match check_record(engine, snapshot, inspect, (&key, &value))? {
            Ok(is_listed) => report.listed += u64::from(is_listed),
            Err(finding) => report.add(finding),
        }
    }
    Ok(())
}

/// Is the record listed, as it should be?
fn check_record(
    engine: &Engine,
    snapshot: &Snapshot,
    inspect: Inspector<'_>,
    (bytes, value): (&[u8], &[u8]),
) -> fjall::Result<Result<bool, Finding>> {
    let decode = || {
        let record = decode_record(key_of(bytes)?, value)?;
        Ok((record, Head::read(value)?.listing_key(bytes)?))
    };
    let (record, entry) = match decode() {
        Ok(decoded) => decoded,
        Err(source) => {
            let source: Box<DecodeError> = Box::new(source);
            return Ok(Err(Finding::Undecodable { key: text(bytes), source }));
        }
    };
    if let Err(source) = inspect(&record) {
        return Ok(Err(Finding::Refused { key: record.key, source }));
    }
    let Some(entry) = entry else { return Ok(Ok(false)) };
    let is_there = snapshot.contains_key(&engine.listing, entry)?;
    Ok(if is_there { Ok(true) } else { Err(Finding::NotListed { key: record.key }) })
}

fn walk_listing(engine: &Engine, snapshot: &Snapshot, report: &mut Report) -> fjall::Result<()> {
    for entry in snapshot.iter(&engine.listing) {
        let entry = entry.key()?;
        report.entries += 1;
        if !is_backed(engine, snapshot, &entry)? {
            report.add(Finding::Stray { entry: text(&entry) });
        }
    }
    Ok(())
}

/// Does a record stand behind this entry, listed just here?
fn is_backed(engine: &Engine, snapshot: &Snapshot, entry: &[u8]) -> fjall::Result<bool> {
    let Ok(key) = listed_key(entry) else { return Ok(false) };
    let key = record_key(&key);
    let Some(value) = snapshot.get(&engine.records, &key)? else { return Ok(false) };
    let expected = Head::read(&value).and_then(|head| head.listing_key(&key));
    Ok(expected.is_ok_and(|expected| expected.is_some_and(|expected| *expected == *entry)))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).escape_default().to_string()
}
