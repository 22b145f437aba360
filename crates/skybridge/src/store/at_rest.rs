//! The embedded store while no server has it open. Its own lock keeps these off a store in use.

use std::io::{BufWriter, Read, Write};

use anyhow::Context as _;
use serde_json::{Value, json};
use skybridge_desk::bookings::check_record;
use skybridge_store_embedded::{self as embedded, EmbeddedStore, OpenError, Options, Report};

use crate::data_dir::DataDir;

/// What is there, as far as opening it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Glance {
    /// No store was made yet.
    Absent,
    /// It opens, and lacks nothing that was acknowledged.
    Opens,
}

/// Opens the store and closes it again, which reads its journals and compares them with its high-water mark.
pub(crate) fn glance(data: &DataDir) -> Result<Glance, OpenError> {
    match EmbeddedStore::open(&data.store(), Options::default()) {
        Ok(_) => Ok(Glance::Opens),
        Err(OpenError::Absent { .. }) => Ok(Glance::Absent),
        Err(error) => Err(error),
    }
}

/// Writes the whole store to `out`, and tells how many records it holds.
pub(crate) fn back_up(data: &DataDir, out: &mut dyn Write) -> anyhow::Result<()> {
    let store = EmbeddedStore::open(&data.store(), Options::default())?;
    let mut out = BufWriter::new(out);
    store.backup(&mut out)?;
    out.flush().context("the backup cannot be written")
}

/// Makes a store out of a backup, where there is none.
pub(crate) fn restore(data: &DataDir, octets: impl Read) -> anyhow::Result<Value> {
    let was_there = data.path().exists();
    data.create()?;
    let restored = embedded::restore(octets, &data.store());
    if restored.is_err() && !was_there {
        // Made for nothing. If it is not empty any more, somebody else makes use of it.
        let _ = std::fs::remove_dir(data.path());
    }
    let summary = restored?;
    Ok(json!({ "records": summary.records, "sequence": summary.sequence, "bytes": summary.bytes }))
}

/// Reads everything, and says what is wrong.
pub(crate) fn verify(data: &DataDir) -> anyhow::Result<Value> {
    Ok(report(&embedded::verify(&data.store(), &check_record)?))
}

/// Mends what can be mended without losing anything that was acknowledged, and says what was mended.
pub(crate) fn repair(data: &DataDir) -> anyhow::Result<Value> {
    let repair = embedded::repair(&data.store())?;
    let cut = repair.cut.map(|cut| json!({ "journal": cut.journal, "bytes": cut.bytes, "copy": cut.copy }));
    Ok(json!({ "cut": cut, "mark_renewed_at": repair.mark_renewed_at }))
}

/// A report as commands and the admin API give it.
pub(crate) fn report(report: &Report) -> Value {
    let findings: Vec<String> = report.findings.iter().map(|finding| whole_story(finding)).collect();
    json!({
        "ok": report.is_whole(),
        "records": report.records,
        "listed": report.listed,
        "sequence": report.sequence,
        "high_water_mark": report.mark,
        "torn_ends_kept": report.torn_ends_kept,
        "findings": findings,
        "findings_total": report.findings_total,
    })
}

/// An error and what it came from, in one line.
fn whole_story(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(error.source(), |error| error.source());
    sources.fold(error.to_string(), |mut text, source| {
        let source = source.to_string();
        // An error that only passes another on has said it already.
        if !text.ends_with(&source) {
            text.push_str(": ");
            text.push_str(&source);
        }
        text
    })
}
