//! One batch of a journal: is it whole, and which commits does it hold?

use std::io::{self, Read};

use xxhash_rust::xxh3::xxh3_64;

use crate::layout::{SEQUENCE_KEY, Span};

const START: u8 = 1;
const ITEM: u8 = 2;
const END: u8 = 3;
const TRAILER: &[u8; 4] = b"FJL\x03";
const START_BYTES: usize = 13;
const ITEM_HEAD_BYTES: usize = 21;
const END_BYTES: usize = 13;

/// No batch of ours has so many items (a group's commits times their writes times three).
const ITEMS_MAX: u32 = 1 << 20;
/// No value of ours is so long: a record holds 400 KB.
const VALUE_BYTES_MAX: u32 = 1 << 20;
/// No batch of ours is so long: a group ends soon after 8 MiB, a commit holds 4 MB.
const BATCH_BYTES_MAX: usize = 1 << 26;

/// What stands where a batch would begin.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    Batch(Batch),
    /// A zero, or the end of the file.
    Nothing,
    /// Something else.
    Broken,
}

/// A whole batch.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Batch {
    pub(super) bytes: u64,
    /// fjall's number of it.
    pub(super) seqno: u64,
    /// Its commits; `None` for a batch that is not of commits.
    pub(super) span: Option<Span>,
}

/// Reads one batch and checks its form and its checksum.
pub(super) fn read_batch(reader: &mut impl Read, records: u64, scratch: &mut Vec<u8>) -> io::Result<Parsed> {
    match try_read(reader, records, scratch) {
        Ok(parsed) => Ok(parsed.unwrap_or(Parsed::Broken)),
        // The journal ends within a batch.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Parsed::Broken),
        Err(error) => Err(error),
    }
}

fn try_read(reader: &mut impl Read, records: u64, items: &mut Vec<u8>) -> io::Result<Option<Parsed>> {
    let mut first = [0];
    if reader.read(&mut first)? == 0 || first == [0] {
        return Ok(Some(Parsed::Nothing));
    }
    if first != [START] {
        return Ok(None);
    }
    let mut start = [0; START_BYTES - 1];
    reader.read_exact(&mut start)?;
    let count = u32_at(&start, 0);
    if count > ITEMS_MAX {
        return Ok(None);
    }
    items.clear();
    let mut span = None;
    for _ in 0..count {
        let Some(item) = read_item(reader, items)? else { return Ok(None) };
        if item.keyspace == records && item.key(items) == SEQUENCE_KEY {
            let Ok(found) = Span::decode(item.value(items)) else { return Ok(None) };
            span = Some(found);
        }
    }
    let mut end = [0; END_BYTES];
    reader.read_exact(&mut end)?;
    let is_whole = end[0] == END && u64_at(&end, 1) == xxh3_64(items) && end.ends_with(TRAILER);
    let bytes = (START_BYTES + items.len() + END_BYTES) as u64;
    Ok(is_whole.then_some(Parsed::Batch(Batch { bytes, seqno: u64_at(&start, 4), span })))
}

/// Where an item stands among the items read so far.
struct Item {
    keyspace: u64,
    key_at: usize,
    key_bytes: usize,
}

impl Item {
    fn key<'a>(&self, items: &'a [u8]) -> &'a [u8] {
        &items[self.key_at..self.key_at + self.key_bytes]
    }

    fn value<'a>(&self, items: &'a [u8]) -> &'a [u8] {
        &items[self.key_at + self.key_bytes..]
    }
}

fn read_item(reader: &mut impl Read, items: &mut Vec<u8>) -> io::Result<Option<Item>> {
    let mut head = [0; ITEM_HEAD_BYTES];
    reader.read_exact(&mut head)?;
    let [tag, _kind, compression, ..] = head;
    let key_bytes = usize::from(u16::from_le_bytes([head[11], head[12]]));
    let (value_bytes, stored_bytes) = (u32_at(&head, 13), u32_at(&head, 17));
    let is_ours =
        tag == ITEM && compression == 0 && value_bytes == stored_bytes && value_bytes <= VALUE_BYTES_MAX;
    if !is_ours {
        return Ok(None);
    }
    let key_at = items.len() + ITEM_HEAD_BYTES;
    let end = key_at + key_bytes + value_bytes as usize;
    if end > BATCH_BYTES_MAX {
        return Ok(None);
    }
    items.extend_from_slice(&head);
    items.resize(end, 0);
    reader.read_exact(&mut items[key_at..])?;
    Ok(Some(Item { keyspace: u64_at(&head, 3), key_at, key_bytes }))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(number)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(number)
}

/// Could a batch begin here? Cheap, and right about most bytes that are not the beginning of one.
pub(super) fn may_begin(bytes: &[u8]) -> bool {
    bytes.first() == Some(&START)
        && bytes.get(START_BYTES) == Some(&ITEM)
        && bytes.get(1..5).is_some_and(|count| (1..=ITEMS_MAX).contains(&u32_at(count, 0)))
}
