//! What stands behind the place where a journal stops making sense. Only read when one does.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::Tear;
use super::batch::{Parsed, may_begin, read_batch};

/// The newest sequence in any whole batch behind `tear`, wherever it begins.
pub(super) fn last_whole_batch(tear: &Tear, records: u64) -> io::Result<Option<u64>> {
    let bytes = rest(&tear.journal, tear.at)?;
    let mut scratch = Vec::new();
    let mut newest = None;
    let mut at = 0;
    while at < bytes.len() {
        let mut step = 1;
        if may_begin(&bytes[at..])
            && let Parsed::Batch(batch) = read_batch(&mut &bytes[at..], records, &mut scratch)?
        {
            newest = newest.max(batch.span.map(|span| span.last));
            step = usize::try_from(batch.bytes).expect("a batch that was read fits in memory");
        }
        at += step;
    }
    Ok(newest)
}

/// The end of the last byte behind `at` that is not zero.
pub(super) fn last_byte(path: &Path, at: u64) -> io::Result<Option<u64>> {
    let bytes = rest(path, at)?;
    Ok(bytes.iter().rposition(|byte| *byte != 0).map(|last| at + last as u64 + 1))
}

fn rest(path: &Path, at: u64) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
