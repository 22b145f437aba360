//! The high-water mark: the last acknowledged sequence, kept outside the database.
//!
//! A flipped bit can cut fjall's journal short without a word. The mark is how we know: it is written after the
//! sync of a group and before its acknowledgement, so at every moment *acknowledged <= mark <= on disk*. A store
//! whose database ends before its mark has lost acknowledged commits, and does not open.
//!
//! **What it is worth.** The mark is written to the file at once, which survives any death of the process, and
//! synced at most once a second (and at close), which is what a loss of power can take back: after one, the
//! mark may lag by the commits of up to the last second. It never runs ahead of the database.
//!
//! **Its form.** Two slots, written in turn, each with a checksum: a torn write spoils one slot and leaves the
//! other, whose sequence is at most one group older and was acknowledged.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

const SLOT_BYTES: usize = 28;
/// Apart by more than a disk's sector, so that no torn write touches both.
const SLOT_OFFSETS: [u64; 2] = [0, 4096];
const MAGIC: [u8; 4] = *b"SBm1";

/// The open mark of a store.
#[derive(Debug)]
pub(crate) struct Mark {
    file: File,
    store_id: u64,
    sequence: u64,
    next_slot: usize,
    is_synced: bool,
}

impl Mark {
    /// Makes the mark of a new store, or in place of one that cannot be read; both slots are written.
    pub(crate) fn create(path: &Path, store_id: u64, sequence: u64) -> io::Result<()> {
        let file = File::options().write(true).create(true).truncate(true).open(path)?;
        for offset in SLOT_OFFSETS {
            file.write_all_at(&encode(store_id, sequence), offset)?;
        }
        file.sync_all()
    }

    /// Opens the mark; `None` if neither slot can be read.
    pub(crate) fn open(path: &Path, store_id: u64) -> io::Result<Option<Self>> {
        let file = File::options().read(true).write(true).open(path)?;
        let mut newest = None;
        for (slot, offset) in SLOT_OFFSETS.into_iter().enumerate() {
            let sequence = read_slot(&file, offset, store_id)?.map(|sequence| (sequence, slot));
            newest = newest.max(sequence);
        }
        Ok(newest.map(|(sequence, slot)| Self {
            file,
            store_id,
            sequence,
            next_slot: 1 - slot,
            is_synced: false,
        }))
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Writes the mark; it then survives the process, though not yet a loss of power.
    pub(crate) fn record(&mut self, sequence: u64) -> io::Result<()> {
        debug_assert!(sequence >= self.sequence, "the mark never goes back");
        self.file.write_all_at(&encode(self.store_id, sequence), SLOT_OFFSETS[self.next_slot])?;
        self.next_slot = 1 - self.next_slot;
        self.sequence = sequence;
        self.is_synced = false;
        Ok(())
    }

    pub(crate) fn is_synced(&self) -> bool {
        self.is_synced
    }

    /// Makes the mark survive a loss of power.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        if !self.is_synced {
            self.file.sync_data()?;
            self.is_synced = true;
        }
        Ok(())
    }
}

fn encode(store_id: u64, sequence: u64) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    slot[..4].copy_from_slice(&MAGIC);
    slot[4..12].copy_from_slice(&store_id.to_le_bytes());
    slot[12..20].copy_from_slice(&sequence.to_le_bytes());
    // 20..24 is kept for later use, and zero.
    let checksum = crc32fast::hash(&slot[..24]);
    slot[24..].copy_from_slice(&checksum.to_le_bytes());
    slot
}

/// The sequence in a slot that is whole and of this store.
fn read_slot(file: &File, offset: u64, store_id: u64) -> io::Result<Option<u64>> {
    let mut slot = [0; SLOT_BYTES];
    match file.read_exact_at(&mut slot, offset) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut sequence = [0; 8];
    sequence.copy_from_slice(&slot[12..20]);
    let sequence = u64::from_le_bytes(sequence);
    Ok((slot == encode(store_id, sequence)).then_some(sequence))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: u64 = 7;

    fn written(sequences: &[u64]) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mark");
        Mark::create(&path, STORE, 0).unwrap();
        let mut mark = Mark::open(&path, STORE).unwrap().unwrap();
        for sequence in sequences {
            mark.record(*sequence).unwrap();
        }
        (dir, path)
    }

    fn read(path: &Path) -> Option<u64> {
        Mark::open(path, STORE).unwrap().map(|mark| mark.sequence())
    }

    #[test]
    fn the_newest_slot_counts() {
        let (_dir, path) = written(&[]);
        assert_eq!(read(&path), Some(0));
        let (_dir, path) = written(&[1, 5, 9]);
        assert_eq!(read(&path), Some(9));
        let mut mark = Mark::open(&path, STORE).unwrap().unwrap();
        mark.record(12).unwrap();
        assert_eq!(read(&path), Some(12));
    }

    #[test]
    fn a_torn_write_leaves_the_slot_before_it() {
        for torn_at in 0..SLOT_BYTES {
            let (_dir, path) = written(&[1, 5, 9]);
            let file = File::options().read(true).write(true).open(&path).unwrap();
            // 9 stands in the slot that was written third; the next write goes over 5, and is torn.
            let mark = Mark::open(&path, STORE).unwrap().unwrap();
            let next = encode(STORE, 0xFFFF_FFFF_FFFF_FFFF);
            file.write_all_at(&next[..torn_at], SLOT_OFFSETS[mark.next_slot]).unwrap();
            assert_eq!(read(&path), Some(9), "torn after {torn_at} bytes");
        }
    }

    #[test]
    fn a_mark_of_another_store_or_without_a_whole_slot_is_none() {
        let (_dir, path) = written(&[1]);
        assert!(Mark::open(&path, STORE + 1).unwrap().is_none());
        std::fs::write(&path, b"").unwrap();
        assert_eq!(read(&path), None);
    }
}
