//! Mends what can be mended without inventing anything, and refuses the rest by name.
//!
//! * A **torn end** of the newest journal that was not acknowledged is cut off, a copy kept in `cut/`. Opening does
//!   the same; here it is reported.
//! * An **unreadable high-water mark** is made anew from the sequence of the database, if everything else is whole.
//!   Whether commits beyond that sequence had been acknowledged is then not known, and the report says so.
//! * **Damage to acknowledged commits** is refused, naming the commits, with nothing changed. What fjall would do
//!   is cut the journal at the damage and go on without them; the way back is a backup.

use std::path::{Path, PathBuf};

use crate::engine::Engine;
use crate::journal;
use crate::lock::Lock;
use crate::manifest::Manifest;
use crate::mark::Mark;
use crate::open::{self, OpenError};
use crate::place::Place;
use crate::tail;

/// What was mended.
#[derive(Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repair {
    /// The torn end that was cut off, if there was one.
    pub cut: Option<Cut>,
    /// The sequence at which an unreadable mark was made anew. Commits beyond it may have been acknowledged: nothing
    /// is left that could tell.
    pub mark_renewed_at: Option<u64>,
}

/// A torn end that was cut off a journal.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cut {
    /// The journal.
    pub journal: PathBuf,
    /// Where it ends now.
    pub at: u64,
    /// How many bytes were cut.
    pub bytes: u64,
    /// Where their copy stands.
    pub copy: PathBuf,
}

/// Repairs the store in `dir`, which no process may have open. The store opens afterwards. Blocks.
///
/// # Errors
///
/// [`OpenError::Damaged`] and [`OpenError::Lost`] name the acknowledged commits that are lost; nothing was changed
/// then. See [`OpenError`] for the rest.
pub fn repair(dir: &Path) -> Result<Repair, OpenError> {
    const CACHE_BYTES: u64 = 0;
    let place = Place::new(dir).map_err(OpenError::io(dir))?;
    Manifest::read(&place)?;
    let lock = Lock::of_store(&place)?;
    let manifest = Manifest::read(&place)?;
    let mut repair = Repair::default();
    let mark = Mark::open(&place.mark(), manifest.store_id).map_err(OpenError::io(&place.mark()))?;
    let known = mark.as_ref().map_or(0, Mark::sequence);
    repair.cut = cut_torn_end(&place, &manifest, known)?;
    if mark.is_none() {
        repair.mark_renewed_at = Some(renew_mark(&place, &manifest)?);
    }
    drop(lock);
    open::open(dir, CACHE_BYTES)?;
    Ok(repair)
}

fn cut_torn_end(place: &Place, manifest: &Manifest, mark: u64) -> Result<Option<Cut>, OpenError> {
    let database = place.database();
    let survey = journal::survey(&database, manifest.records).map_err(OpenError::io(&database))?;
    let Some(tear) = open::judge(place, survey, mark)? else { return Ok(None) };
    let copy = tail::cut(place, &tear).map_err(OpenError::io(&tear.journal))?;
    Ok(Some(Cut { journal: tear.journal, at: tear.at, bytes: tear.bytes, copy }))
}

fn renew_mark(place: &Place, manifest: &Manifest) -> Result<u64, OpenError> {
    let (engine, _) = Engine::open(place, manifest, 0).map_err(OpenError::engine(place))?;
    let sequence = engine.sequence().map_err(OpenError::engine(place))?;
    Mark::create(&place.mark(), manifest.store_id, sequence).map_err(OpenError::io(&place.mark()))?;
    Ok(sequence)
}
