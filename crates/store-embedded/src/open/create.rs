//! Making a store so that a crash at any moment leaves none or a whole one.
//!
//! fjall's first creation, when it is interrupted, leaves a directory that never opens again. So a store is made
//! in a sibling directory, made durable there, and moved into place by one rename. What a crash leaves behind is
//! that sibling, which the next creation clears away.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::Path;

use super::OpenError;
use crate::engine::{Engine, EngineError};
use crate::layout::{SEQUENCE_KEY, Span};
use crate::lock::Lock;
use crate::mark::Mark;
use crate::place::{Files, Place, make_private_dir, sync_dir, sync_tree};

/// Makes an empty store in `dir`.
pub(crate) fn create(dir: &Path) -> Result<(), OpenError> {
    build(dir, |_| Ok(0))
}

/// Makes a store in `dir` and lets `fill` put records into it, which says the sequence that they are the state of.
/// An error of `fill` leaves nothing behind.
pub(crate) fn build<E: From<OpenError>>(
    dir: &Path,
    fill: impl FnOnce(&Engine) -> Result<u64, E>,
) -> Result<(), E> {
    let place = Place::new(dir).map_err(OpenError::io(dir))?;
    check_vacant(&place)?;
    let new = place.in_the_making().map_err(OpenError::io(dir))?;
    let lock = begin(&new)?;
    let filled = fill_database(&new, fill);
    if filled.is_err() {
        // Best effort: what cannot be removed now is cleared away by the next creation.
        let _ = fs::remove_dir_all(new.root());
    }
    filled?;
    finish(&new, &place)?;
    drop(lock);
    Ok(())
}

fn check_vacant(place: &Place) -> Result<(), OpenError> {
    let dir = place.root().to_owned();
    if place.is_vacant().map_err(OpenError::io(&dir))? {
        return Ok(());
    }
    let is_store = place.manifest().try_exists().map_err(OpenError::io(&dir))?;
    Err(if is_store { OpenError::Exists { dir } } else { OpenError::NotAStore { dir } })
}

/// Takes the place in the making, and clears away what a crash left there.
fn begin(new: &Place) -> Result<Lock, OpenError> {
    make_private_dir(new.root()).map_err(OpenError::io(new.root()))?;
    let lock = Lock::of_new(new)?;
    clear(new).map_err(OpenError::io(new.root()))?;
    Ok(lock)
}

fn clear(new: &Place) -> io::Result<()> {
    for entry in fs::read_dir(new.root())? {
        let path = entry?.path();
        if path == new.lock() {
            continue;
        }
        if path.is_dir() {
            fs::remove_dir_all(path)?;
        } else {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn fill_database<E: From<OpenError>>(
    new: &Place,
    fill: impl FnOnce(&Engine) -> Result<u64, E>,
) -> Result<(), E> {
    let engine = Engine::create(&new.database()).map_err(OpenError::engine(new))?;
    let sequence = fill(&engine)?;
    write_sequence(&engine, sequence).map_err(OpenError::engine(new))?;
    // Two random words that the standard library keeps for its hash maps: an identity, not a secret.
    let store_id = RandomState::new().hash_one(sequence);
    let manifest = engine.manifest(store_id).ok_or_else(|| OpenError::MissingPart {
        dir: new.root().to_owned(),
        part: new.keyspace("<number>"),
    })?;
    // The database closes before its files are synced and moved.
    drop(engine);
    Mark::create(&new.mark(), store_id, sequence).map_err(OpenError::io(&new.mark()))?;
    manifest.write(new).map_err(OpenError::io(&new.manifest()))?;
    Ok(())
}

fn write_sequence(engine: &Engine, sequence: u64) -> Result<(), EngineError> {
    let mut batch = engine.batch(1);
    batch.insert(&engine.records, SEQUENCE_KEY, Span { before: sequence, last: sequence }.encode());
    batch.commit()?;
    engine.sync()?;
    Ok(())
}

/// Makes everything durable, and moves it into place.
fn finish(new: &Place, place: &Place) -> Result<(), OpenError> {
    sync_tree(new.root(), Files::Too).map_err(OpenError::io(new.root()))?;
    fs::rename(new.root(), place.root()).map_err(|error| match error.kind() {
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => {
            OpenError::Exists { dir: place.root().to_owned() }
        }
        _ => OpenError::io(place.root())(error),
    })?;
    let parent = place.parent().map_err(OpenError::io(place.root()))?;
    sync_dir(parent).map_err(OpenError::io(parent))
}
