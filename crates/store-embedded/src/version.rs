//! Checks the lists of a database's tables before fjall reads them.
//!
//! Each keyspace has a file `v<number>` that lists its tables, and a file `current` with that number and the checksum of
//! the list. fjall (lsm-tree 3.1, `version/persist.rs`) writes the checksum and does not look at it when it opens: a
//! flipped bit in a length then has it ask for 64 GiB of memory, which ends the process on the spot, and `verify` with
//! it. So the checksum is looked at here.
//!
//! ```text
//! current := number u64, checksum u128, type of the checksum u8 (00: XXH3 of 128 bits), all little-endian
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_128;

/// Why a list of tables cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum VersionError {
    #[error("{} is damaged: it is not what its checksum was made of", .0.display())]
    Damaged(PathBuf),
    #[error("{} cannot be read", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// Compares the list of each keyspace in the database `dir` with its checksum.
pub(crate) fn check(dir: &Path) -> Result<(), VersionError> {
    let keyspaces = dir.join("keyspaces");
    for entry in fs::read_dir(&keyspaces).map_err(io_error(&keyspaces))? {
        let keyspace = entry.map_err(io_error(&keyspaces))?.path();
        let current = keyspace.join("current");
        match fs::read(&current) {
            Ok(bytes) => check_list(&keyspace, &current, &bytes)?,
            // Whether this keyspace may be missing is not decided here.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io_error(&current)(error)),
        }
    }
    Ok(())
}

fn check_list(keyspace: &Path, current: &Path, bytes: &[u8]) -> Result<(), VersionError> {
    let parsed = parse(bytes);
    let (number, checksum) = parsed.ok_or_else(|| VersionError::Damaged(current.to_owned()))?;
    let list = keyspace.join(format!("v{number}"));
    let bytes = fs::read(&list).map_err(io_error(&list))?;
    if xxh3_128(&bytes) == checksum { Ok(()) } else { Err(VersionError::Damaged(list)) }
}

fn parse(current: &[u8]) -> Option<(u64, u128)> {
    let (number, rest) = current.split_first_chunk()?;
    let (checksum, kind) = rest.split_first_chunk()?;
    (kind == [0]).then(|| (u64::from_le_bytes(*number), u128::from_le_bytes(*checksum)))
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> VersionError + use<> {
    let path = path.to_owned();
    move |source| VersionError::Io { path, source }
}
