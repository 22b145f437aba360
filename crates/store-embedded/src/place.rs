//! Where the parts of a store stand, and making directories and files durable.
//!
//! ```text
//! <store>/manifest.json   what this directory is, in which format, and which parts it must have
//! <store>/lock            held while a process has the store open
//! <store>/mark            the last acknowledged sequence, outside the database
//! <store>/database/       fjall's
//! <store>/cut/            copies of torn journal ends that were cut off
//! <parent>/.<store>.new/  a store in the making; becomes <store> by one rename
//! ```

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The directory of one store.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    root: PathBuf,
}

impl Place {
    pub(crate) fn new(root: &Path) -> io::Result<Self> {
        Ok(Self { root: std::path::absolute(root)? })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn manifest(&self) -> PathBuf {
        self.root.join("manifest.json")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(crate) fn mark(&self) -> PathBuf {
        self.root.join("mark")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.root.join("database")
    }

    pub(crate) fn keyspace(&self, directory: &str) -> PathBuf {
        self.database().join("keyspaces").join(directory)
    }

    pub(crate) fn cut(&self) -> PathBuf {
        self.root.join("cut")
    }

    /// The directory that holds this one.
    pub(crate) fn parent(&self) -> io::Result<&Path> {
        self.root.parent().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the root directory"))
    }

    /// The sibling in which this store is made.
    pub(crate) fn in_the_making(&self) -> io::Result<Self> {
        let mut name = OsString::from(".");
        name.push(self.root.file_name().unwrap_or_default());
        name.push(".new");
        Ok(Self { root: self.parent()?.join(name) })
    }

    /// Is there nothing yet: no directory, or an empty one?
    pub(crate) fn is_vacant(&self) -> io::Result<bool> {
        match fs::read_dir(&self.root) {
            Ok(mut entries) => Ok(entries.next().is_none()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(error),
        }
    }
}

/// Makes a directory that only its owner can enter: bookings hold personal data.
pub(crate) fn make_private_dir(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// Makes the entries of one directory durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Makes every directory at and below `dir` durable, deepest first, and with `files` their files as well.
pub(crate) fn sync_tree(dir: &Path, files: Files) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            sync_tree(&entry.path(), files)?;
        } else if files == Files::Too {
            File::open(entry.path())?.sync_all()?;
        }
    }
    sync_dir(dir)
}

/// Whether [`sync_tree`] goes for files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Files {
    /// Their writers have synced them.
    AreSynced,
    /// They are synced here.
    Too,
}
