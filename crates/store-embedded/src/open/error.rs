//! Why a store does not open: what, why, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use crate::journal::Tear;
use crate::place::Place;

/// Why a store was not made or not opened. Every message is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Nothing is there.
    #[error("there is no store in {}: create one there, or restore a backup", dir.display())]
    Absent {
        /// Where one was looked for.
        dir: PathBuf,
    },
    /// Something else is there.
    #[error(
        "{} is not a store: it holds files but no manifest of a store; name another directory, or empty this one \
         if nothing in it is needed",
        dir.display()
    )]
    NotAStore {
        /// The directory.
        dir: PathBuf,
    },
    /// A store is there, where a new one was to be made.
    #[error("{} already holds a store, which is left as it is; name a directory that does not exist", dir.display())]
    Exists {
        /// The directory.
        dir: PathBuf,
    },
    /// Another process has it open.
    #[error("{} is in use by another process: stop that one first, or name another directory", dir.display())]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// The manifest does not parse.
    #[error("the manifest {} cannot be read: restore a backup into another directory", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
    /// A newer program wrote it.
    #[error(
        "the store in {} has format {found}, and this program reads formats up to {known}: use the newer program \
         that wrote it",
        dir.display()
    )]
    NewerFormat {
        /// The directory.
        dir: PathBuf,
        /// Its format.
        found: u32,
        /// The newest that this program reads.
        known: u32,
    },
    /// A part that the manifest names is missing.
    #[error(
        "the store in {} lacks {}, and is not opened without it, because records would be missing: put it back, or \
         restore a backup into another directory",
        dir.display(), part.display()
    )]
    MissingPart {
        /// The directory.
        dir: PathBuf,
        /// The file that is not there.
        part: PathBuf,
    },
    /// The high-water mark is unreadable.
    #[error(
        "the high-water mark {} cannot be read, so nothing says whether acknowledged commits are missing: repair \
         the store, which makes a new mark if everything else is whole",
        path.display()
    )]
    Mark {
        /// The file.
        path: PathBuf,
    },
    /// The database ends before the mark.
    #[error(
        "the store in {} lacks acknowledged commits {from} to {to}: they are lost here; restore a backup into another \
         directory, and keep this one until you have compared them",
        dir.display()
    )]
    Lost {
        /// The directory.
        dir: PathBuf,
        /// The first sequence that is missing.
        from: u64,
        /// The last one.
        to: u64,
    },
    /// A journal is damaged where acknowledged commits stood.
    #[error(
        "{} is damaged at byte {at}, where acknowledged commits {from} to {to} stand; nothing was changed: restore a \
         backup into another directory, and keep this one until you have compared them",
        journal.display()
    )]
    Damaged {
        /// The journal.
        journal: PathBuf,
        /// Where the last whole batch before the damage ends.
        at: u64,
        /// The first sequence that may be lost.
        from: u64,
        /// The last one that is known to have been written.
        to: u64,
    },
    /// The database does not open.
    #[error(
        "the database of the store in {} does not open: verify the store, or restore a backup into another directory",
        dir.display()
    )]
    Engine {
        /// The directory.
        dir: PathBuf,
        /// What it said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system refused something.
    #[error("{} cannot be used", path.display())]
    Io {
        /// What was touched.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl OpenError {
    pub(crate) fn io(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { path: path.clone(), source }
    }

    pub(crate) fn lost(place: &Place, last: u64, mark: u64) -> Self {
        Self::Lost { dir: place.root().to_owned(), from: last + 1, to: mark }
    }

    pub(crate) fn damaged(tear: Tear, last: Option<u64>, mark: u64, later: Option<u64>) -> Self {
        let from = last.map_or(0, |last| last + 1);
        Self::Damaged { journal: tear.journal, at: tear.at, from, to: mark.max(later.unwrap_or(0)) }
    }
}
