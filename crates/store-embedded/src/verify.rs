//! Walks a whole store and says what is wrong with it.
//!
//! Every record is read and decoded. The listing is compared with the records both ways: each listed record has its
//! entry, and each entry names a record that is listed just there. The sequence is compared with the high-water mark,
//! and, offline, the journals are read first and every file of the database is compared with its checksum. What a record
//! means is for its owner to judge: an [`Inspector`] sees every one of them.

mod report;
mod walk;

pub use report::{Finding, Report, VerifyError};

use std::error::Error;
use std::path::Path;

use skybridge_store::Record;

use crate::engine::sequence_of;
use crate::open::{self, OpenError};
use crate::place::Place;
use crate::store::EmbeddedStore;
use crate::tables::{self, Listed};

/// Judges a record that decodes; an error becomes a [`Finding::Refused`].
pub type Inspector<'a> = &'a dyn Fn(&Record) -> Result<(), Box<dyn Error + Send + Sync>>;

/// Verifies the store in `dir`, which no process may have open. It is opened as [`EmbeddedStore::open`] does, so an
/// unacknowledged torn end of the journal is cut off, a copy kept. Damage that keeps the store from opening is a
/// finding. Blocks for as long as it takes to read everything.
///
/// # Errors
///
/// When there is no store to verify, or another process has it open.
pub fn verify(dir: &Path, inspect: Inspector<'_>) -> Result<Report, VerifyError> {
    const CACHE_BYTES: u64 = 64 * 1024 * 1024;
    let place = Place::new(dir).map_err(OpenError::io(dir))?;
    let mut report = Report::default();
    match open::open(dir, CACHE_BYTES) {
        Ok(opened) => {
            report.mark = Some(opened.mark.sequence());
            report.torn_ends_kept = count_copies(&place);
            look_at_files(opened.files, &mut report);
            walk::walk(&opened.engine, &opened.engine.snapshot(), inspect, &mut report);
            report.sequence = Some(opened.sequence);
        }
        Err(
            error @ (OpenError::Absent { .. }
            | OpenError::NotAStore { .. }
            | OpenError::Locked { .. }
            | OpenError::NewerFormat { .. }
            | OpenError::Io { .. }),
        ) => return Err(VerifyError::Open(error)),
        Err(error) => {
            report.add(Finding::DoesNotOpen(Box::new(error)));
            // If it is for one of the database's files, that has a name.
            look_at_files(tables::all_listed(&place.database()), &mut report);
        }
    }
    Ok(report)
}

impl EmbeddedStore {
    /// Verifies the state of this moment, while the store goes on serving. Blocks for as long as it takes to read
    /// everything.
    #[must_use]
    pub fn verify(&self, inspect: Inspector<'_>) -> Report {
        let engine = &self.shared.engine;
        let snapshot = engine.snapshot();
        let mut report = Report::default();
        match sequence_of(&snapshot, &engine.records) {
            Ok(sequence) => report.sequence = Some(sequence),
            Err(error) => report.add(Finding::Unreadable(Box::new(error))),
        }
        walk::walk(engine, &snapshot, inspect, &mut report);
        report
    }
}

/// Every byte of every file: a walk finds a damaged block only by what cannot be read.
fn look_at_files(files: Vec<Listed>, report: &mut Report) {
    tables::damaged(files).for_each(|path| report.add(Finding::DamagedFile { path }));
}

fn count_copies(place: &Place) -> u64 {
    std::fs::read_dir(place.cut()).map_or(0, |copies| copies.count() as u64)
}
