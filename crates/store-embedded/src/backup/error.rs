//! Why a backup was not made, or not restored.

use std::io;

use crate::open::OpenError;

/// Why a backup was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The store could not be read.
    #[error("the store cannot be read whole, so no backup was made: verify it")]
    Reading(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file could not be written.
    #[error("the backup cannot be written")]
    Writing(#[source] io::Error),
}

impl BackupError {
    pub(super) fn reading(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Reading(Box::new(source))
    }
}

/// Why a backup was not restored. The directory is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The file is not a backup of a store.
    #[error("this file is not a backup of a SkyBridge store")]
    NotABackup,
    /// A newer program wrote it.
    #[error(
        "the backup has format {found}, and this program reads formats up to {known}: use the newer program"
    )]
    NewerFormat {
        /// Its format.
        found: u32,
        /// The newest that this program reads.
        known: u32,
    },
    /// It ends too early.
    #[error("the backup is cut off after {records} records: use another one")]
    Cut {
        /// Records read by then.
        records: u64,
    },
    /// Something in it is not as it was written.
    #[error("the backup was altered: frame {frame} is not as it was written; use another one")]
    Altered {
        /// Which frame, counted from 0.
        frame: u64,
    },
    /// The file could not be read.
    #[error("the backup cannot be read")]
    Reading(#[source] io::Error),
    /// The new store could not be made.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The new store could not be written.
    #[error("the records cannot be written into the new store")]
    Writing(#[source] Box<dyn std::error::Error + Send + Sync>),
}
