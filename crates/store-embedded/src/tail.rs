//! Cutting off the torn end of a journal, after a copy of it was made durable.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use crate::journal::Tear;
use crate::place::{Place, make_private_dir, sync_dir};

/// Cuts the journal at the tear, and says where the copy stands. Cutting again the same tear is harmless.
pub(crate) fn cut(place: &Place, tear: &Tear) -> io::Result<PathBuf> {
    let copy = copy_tail(place, tear)?;
    let journal = File::options().write(true).open(&tear.journal)?;
    journal.set_len(tear.at)?;
    journal.sync_all()?;
    tracing::warn!(
        journal = %tear.journal.display(),
        at = tear.at,
        bytes = tear.bytes,
        copy = %copy.display(),
        "cut off the torn, unacknowledged end of a journal"
    );
    Ok(copy)
}

fn copy_tail(place: &Place, tear: &Tear) -> io::Result<PathBuf> {
    let dir = place.cut();
    make_private_dir(&dir)?;
    let mut journal = File::open(&tear.journal)?;
    journal.seek(SeekFrom::Start(tear.at))?;
    let (mut copy, path) = new_copy(place, tear)?;
    io::copy(&mut journal.take(tear.bytes), &mut copy)?;
    copy.sync_all()?;
    sync_dir(&dir)?;
    sync_dir(place.root())?;
    Ok(path)
}

/// A file of its own for every cut: none is ever overwritten.
fn new_copy(place: &Place, tear: &Tear) -> io::Result<(File, PathBuf)> {
    let journal = tear.journal.file_stem().unwrap_or_default().to_string_lossy();
    let copies = fs::read_dir(place.cut())?.count();
    let path = place.cut().join(format!("{copies:04}-journal-{journal}-at-{}", tear.at));
    Ok((File::create_new(&path)?, path))
}
