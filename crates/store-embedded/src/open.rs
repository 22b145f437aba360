//! Making a store, and opening one: what stands must be whole, or it is refused by name.

mod create;
mod error;

pub(crate) use create::{build, create};
pub use error::OpenError;

use std::path::Path;

use crate::engine::{Engine, EngineError};
use crate::journal::{self, End, Survey, Tear};
use crate::lock::Lock;
use crate::manifest::Manifest;
use crate::mark::Mark;
use crate::place::{Files, Place, sync_dir, sync_tree};
use crate::tables::Listed;
use crate::tail;

/// A store that was found whole and is ready for its writer. The fields are dropped in this order: the lock goes
/// last.
pub(crate) struct Opened {
    pub(crate) engine: Engine,
    /// The database's files as they were before it was opened.
    pub(crate) files: Vec<Listed>,
    pub(crate) mark: Mark,
    pub(crate) sequence: u64,
    pub(crate) store_id: u64,
    pub(crate) lock: Lock,
}

/// Opens the store in `dir`: takes its lock, looks for its parts, reads its journals, cuts an unacknowledged torn
/// end, and compares what is left with the high-water mark.
pub(crate) fn open(dir: &Path, cache_bytes: u64) -> Result<Opened, OpenError> {
    let place = Place::new(dir).map_err(OpenError::io(dir))?;
    // The manifest first: a directory that is no store gets that answer, not one about a missing lock.
    Manifest::read(&place)?;
    let lock = Lock::of_store(&place)?;
    let manifest = Manifest::read(&place)?;
    let mark = Mark::open(&place.mark(), manifest.store_id).map_err(OpenError::io(&place.mark()))?;
    let mark = mark.ok_or_else(|| OpenError::Mark { path: place.mark() })?;
    settle_journals(&place, &manifest, mark.sequence())?;
    let (engine, files) = Engine::open(&place, &manifest, cache_bytes).map_err(OpenError::engine(&place))?;
    let sequence = engine.sequence().map_err(OpenError::engine(&place))?;
    if sequence < mark.sequence() {
        return Err(OpenError::lost(&place, sequence, mark.sequence()));
    }
    // fjall does not sync every directory entry that it makes. Before the first acknowledgement, all must be.
    sync_tree(place.root(), Files::AreSynced).map_err(OpenError::io(place.root()))?;
    let parent = place.parent().map_err(OpenError::io(dir))?;
    sync_dir(parent).map_err(OpenError::io(parent))?;
    Ok(Opened { engine, files, mark, sequence, store_id: manifest.store_id, lock })
}

/// Reads the journals before fjall does. A torn end that was not acknowledged is cut off, a copy kept.
fn settle_journals(place: &Place, manifest: &Manifest, mark: u64) -> Result<(), OpenError> {
    let database = place.database();
    let survey = journal::survey(&database, manifest.records).map_err(OpenError::io(&database))?;
    if let Some(tear) = judge(place, survey, mark)? {
        tail::cut(place, &tear).map_err(OpenError::io(&tear.journal))?;
    }
    Ok(())
}

/// What may be cut off the journals; damage to what was acknowledged is an error that names it.
pub(crate) fn judge(place: &Place, survey: Survey, mark: u64) -> Result<Option<Tear>, OpenError> {
    let is_short = survey.last.is_some_and(|last| last < mark);
    match survey.end {
        End::Damaged { tear, later } => Err(OpenError::damaged(tear, survey.last, mark, later)),
        End::Torn(tear) if is_short => Err(OpenError::damaged(tear, survey.last, mark, None)),
        // Without a whole batch in the journals, the database itself is compared with the mark once it is open.
        End::Torn(tear) => Ok(Some(tear)),
        End::Clean if is_short => Err(OpenError::lost(place, survey.last.unwrap_or(0), mark)),
        End::Clean => Ok(None),
    }
}

impl OpenError {
    pub(crate) fn engine(place: &Place) -> impl FnOnce(EngineError) -> Self {
        let dir = place.root().to_owned();
        move |source| Self::Engine { dir, source: Box::new(source) }
    }
}
