//! What verifying found.

use std::path::PathBuf;

use skybridge_store::Key;

use crate::open::OpenError;

/// What verifying found, and what it counted on the way.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Records that were read and decoded.
    pub records: u64,
    /// Records that are listed.
    pub listed: u64,
    /// Entries in the listing.
    pub entries: u64,
    /// The last commit in the store.
    pub sequence: Option<u64>,
    /// The high-water mark; `None` in a store in service, whose mark is the writer's.
    pub mark: Option<u64>,
    /// Copies of torn journal ends that were cut off at some time. Not a fault: they were not acknowledged.
    pub torn_ends_kept: u64,
    /// What is wrong, up to [`Report::FINDINGS_MAX`] of them.
    pub findings: Vec<Finding>,
    /// Everything that is wrong, counted.
    pub findings_total: u64,
}

impl Report {
    /// How many findings a report holds; the rest are only counted.
    pub const FINDINGS_MAX: usize = 100;

    /// Is the store whole?
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.findings_total == 0
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.findings_total += 1;
        if self.findings.len() < Self::FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// The store does not open.
    #[error("{0}")]
    DoesNotOpen(#[source] Box<OpenError>),
    /// A file of the database, of a table or of values, is not, to the last byte, what was written.
    #[error("{} is damaged: it is not what its checksum was made of, or cannot be read", path.display())]
    DamagedFile {
        /// Which one.
        path: PathBuf,
    },
    /// A part of the database cannot be read, and nothing behind it was.
    #[error("the database cannot be read further")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A record does not decode.
    #[error("record {key} does not decode")]
    Undecodable {
        /// Its key in the database, as text where it is text.
        key: String,
        /// What the decoder said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A record decodes, but is not what its owner wrote.
    #[error("record {} of {} is not what was recorded", key.id, key.table)]
    Refused {
        /// The record.
        key: Key,
        /// What its owner says of it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A record should be listed and is not.
    #[error("record {} of {} is missing from the listing", key.id, key.table)]
    NotListed {
        /// The record.
        key: Key,
    },
    /// An entry of the listing names a record that is not there, or that is not listed there.
    #[error("the listing holds an entry that no record stands behind: {entry}")]
    Stray {
        /// The entry, as text where it is text.
        entry: String,
    },
}

/// Why nothing was verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// There is no store that this program could walk.
    #[error(transparent)]
    Open(#[from] OpenError),
}
