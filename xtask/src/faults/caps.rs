//! What a program may take, whatever befell it: memory, open files, disk (I7).

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::site::Server;
use super::tally::Wrongs;

const MIB: u64 = 1024 * 1024;

/// Resident memory: a store of a million bookings may have as much.
const MEMORY_MAX: u64 = 300 * MIB;

/// Open files, with every connection of a trial's callers.
const FILES_MAX: usize = 256;

/// The journals of the embedded store, of which 128 MiB are kept and one more is written, and what is there from the
/// beginning.
const DISK_AT_FIRST: u64 = 224 * MIB;

/// What a booking takes in the store's files at most, while they are merged too.
const DISK_PER_BOOKING: u64 = 4 * 1024;

/// What this program takes beyond them.
pub(super) fn of_process(server: &Server) -> Result<Wrongs> {
    let mut wrongs = Wrongs::default();
    let memory = server.resident_bytes()?;
    if memory > MEMORY_MAX {
        wrongs.other(format!("{} MiB of memory are resident", memory / MIB));
    }
    let fds = format!("/proc/{}/fd", server.id());
    let files = fs::read_dir(&fds).with_context(|| format!("cannot read {fds}"))?.count();
    if files > FILES_MAX {
        wrongs.other(format!("{files} files are open"));
    }
    Ok(wrongs)
}

/// What this data directory of so many bookings takes beyond them.
pub(super) fn of_disk(data: &Path, bookings: usize) -> Result<Wrongs> {
    let mut wrongs = Wrongs::default();
    let (disk, may_be) = (disk_of(data)?, DISK_AT_FIRST + bookings as u64 * DISK_PER_BOOKING);
    if disk > may_be {
        wrongs.other(format!("{bookings} bookings take {} MiB of the disk", disk / MIB));
    }
    Ok(wrongs)
}

/// The bytes of all files below `dir`. A file that is taken away meanwhile has none.
fn disk_of(dir: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let entry = entry?;
        let Ok(found) = entry.metadata() else { continue };
        bytes += if found.is_dir() { disk_of(&entry.path())? } else { found.len() };
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_of_a_directory_is_that_of_all_below_it() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        fs::write(dir.path().join("one"), [0; 10]).unwrap();
        fs::write(dir.path().join("a/b/two"), [0; 32]).unwrap();
        assert_eq!(disk_of(dir.path()).unwrap(), 42);
    }
}
