//! One process at a time has a store open.

use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt;

use crate::open::OpenError;
use crate::place::Place;

/// Held while the store is open. The system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock of a standing store.
    pub(crate) fn of_store(place: &Place) -> Result<Self, OpenError> {
        let path = place.lock();
        let file = File::options().read(true).write(true).open(&path).map_err(OpenError::io(&path))?;
        Self::take(file, place)
    }

    /// Takes the lock of a place in the making. The file moves with the directory when it becomes the store.
    pub(crate) fn of_new(place: &Place) -> Result<Self, OpenError> {
        let path = place.lock();
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let lock = Self::take(file.map_err(OpenError::io(&path))?, place)?;
        // Between the opening and the locking, another process may have finished this very directory and moved
        // it away: then what we hold is the lock of its store.
        let is_still_here = match (lock.file.metadata(), path.metadata()) {
            (Ok(held), Ok(there)) => (held.dev(), held.ino()) == (there.dev(), there.ino()),
            _ => false,
        };
        if is_still_here { Ok(lock) } else { Err(OpenError::Locked { dir: place.root().to_owned() }) }
    }

    fn take(file: File, place: &Place) -> Result<Self, OpenError> {
        match file.try_lock() {
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked { dir: place.root().to_owned() }),
            Err(TryLockError::Error(source)) => Err(OpenError::io(&place.lock())(source)),
        }
    }
}
