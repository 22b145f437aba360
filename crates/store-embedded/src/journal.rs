//! Reads fjall's journal before fjall does, and changes nothing.
//!
//! fjall recovers by reading its journal up to the first byte that makes no sense, and cutting the file there.
//! After a crash that is right: the last batch was being written. After a flipped bit it throws away every
//! batch behind it, acknowledged or not, and with them the evidence. So we read first, and tell the two apart:
//!
//! * a **torn end**: in the newest journal, nothing whole behind it. A batch is written only after the one before
//!   it was synced, so what is torn was never acknowledged (and the high-water mark must agree).
//! * **damage**: in an older journal, which was synced whole before the next was begun; or with a whole batch
//!   behind it; or where the batches do not follow on each other.
//!
//! The format (fjall 3.1, `journal/entry.rs`), numbers little-endian:
//!
//! ```text
//! batch := 01, items u32, seqno u64, item*, 03, xxh3 of the items u64, "FJL" 03
//! item  := 02, type u8, compression u8 (00), keyspace u64, key length u16, length u32, length u32, key, value
//! ```
//!
//! A journal is made 64 MiB long, of zeros; where a batch would begin, a zero is its end.

mod batch;
mod damage;

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use batch::{Batch, Parsed, read_batch};

/// What the journals hold.
#[derive(Debug)]
pub(crate) struct Survey {
    /// The last sequence that a whole batch carries; `None` if no batch is left in the journals.
    pub(crate) last: Option<u64>,
    pub(crate) end: End,
}

/// How the journals end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// After a whole batch.
    Clean,
    /// In the newest journal, with bytes that are no whole batch and nothing whole behind them.
    Torn(Tear),
    /// With bytes that are no batch where there was one.
    Damaged {
        /// Where.
        tear: Tear,
        /// The newest sequence found behind it, if any.
        later: Option<u64>,
    },
}

/// Where a journal stops making sense.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tear {
    pub(crate) journal: PathBuf,
    /// The end of the last whole batch.
    pub(crate) at: u64,
    /// How many bytes follow, without the zeros at the end.
    pub(crate) bytes: u64,
}

/// The journals in a database directory, oldest first.
pub(crate) fn files(database: &Path) -> io::Result<Vec<PathBuf>> {
    let mut journals = Vec::new();
    for entry in fs::read_dir(database)? {
        let path = entry?.path();
        let number =
            path.file_name().and_then(|name| name.to_str()?.strip_suffix(".jnl")?.parse::<u64>().ok());
        journals.extend(number.map(|number| (number, path)));
    }
    journals.sort_unstable();
    Ok(journals.into_iter().map(|(_, path)| path).collect())
}

/// Reads all journals. `records` is the number of the keyspace whose batches carry the sequence.
pub(crate) fn survey(database: &Path, records: u64) -> io::Result<Survey> {
    let journals = files(database)?;
    let mut chain = Chain::default();
    for (n, journal) in journals.iter().enumerate() {
        let Some(tear) = read_journal(journal, records, &mut chain)? else { continue };
        let is_newest = n + 1 == journals.len();
        let mut later = damage::last_whole_batch(&tear, records)?;
        for behind in &journals[n + 1..] {
            let whole = Tear { journal: behind.clone(), at: 0, bytes: 0 };
            later = later.max(damage::last_whole_batch(&whole, records)?);
        }
        let end = if is_newest && later.is_none() { End::Torn(tear) } else { End::Damaged { tear, later } };
        return Ok(Survey { last: chain.last, end });
    }
    Ok(Survey { last: chain.last, end: End::Clean })
}

/// The batches so far, each of which follows on the one before.
#[derive(Debug, Default)]
struct Chain {
    /// The last commit of the last batch.
    last: Option<u64>,
    /// fjall's number of the last batch. It decides which of two values of a record is the newer, and no checksum
    /// covers it; but it only ever grows, so a flipped bit that would change an order is seen here.
    seqno: Option<u64>,
}

impl Chain {
    /// fjall counts batches; no store comes near this number but by a flipped bit.
    const SEQNO_MAX: u64 = 1 << 48;

    /// Adds a batch; `false` if it does not follow.
    fn add(&mut self, batch: &Batch) -> bool {
        let grows = self.seqno.is_none_or(|last| last < batch.seqno) && batch.seqno < Self::SEQNO_MAX;
        let follows = self.last.is_none_or(|last| batch.span.is_none_or(|span| span.before == last));
        if grows && follows {
            self.seqno = Some(batch.seqno);
            self.last = batch.span.map_or(self.last, |span| Some(span.last));
        }
        grows && follows
    }
}

/// Reads one journal to its end, or to where it stops making sense.
fn read_journal(path: &Path, records: u64, chain: &mut Chain) -> io::Result<Option<Tear>> {
    const BUFFER_BYTES: usize = 256 * 1024;
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, File::open(path)?);
    let mut scratch = Vec::new();
    let mut at = 0;
    loop {
        match read_batch(&mut reader, records, &mut scratch)? {
            Parsed::Batch(batch) if chain.add(&batch) => at += batch.bytes,
            Parsed::Nothing if is_blank(&mut reader)? => return Ok(None),
            Parsed::Batch(_) | Parsed::Nothing | Parsed::Broken => return Ok(Some(tear(path, at)?)),
        }
    }
}

/// Measures what stands behind `at`.
fn tear(path: &Path, at: u64) -> io::Result<Tear> {
    let end = damage::last_byte(path, at)?.unwrap_or(at);
    Ok(Tear { journal: path.to_owned(), at, bytes: end - at })
}

/// Is the rest nothing but zeros?
fn is_blank(reader: &mut impl Read) -> io::Result<bool> {
    const ZEROS: &[u8] = &[0; 64 * 1024];
    let mut chunk = vec![0; ZEROS.len()];
    loop {
        match reader.read(&mut chunk)? {
            0 => return Ok(true),
            // Compared as a whole, for speed: most journals end in tens of megabytes of zeros.
            read if chunk[..read] != ZEROS[..read] => return Ok(false),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
