//! Checks the tables of a database, and the files of values beside them, before fjall reads them.
//!
//! fjall (lsm-tree 3.1, sfa 1.0) believes some lengths before it has compared any checksum. A flipped bit in one has it
//! ask for tens of GiB of memory, which ends the process on the spot, and `verify` with it. The checksums are there, so
//! they are looked at here, from the outside in: of the list of files in each keyspace, and of the table of contents at
//! the end of each file. What stands inside are blocks and values that have checksums of their own, which fjall compares
//! when it reads one. The checksum of a value does not cover the lengths before it: a reader has them from the table and
//! does not need them; a merge that moves a value goes by them, and a damaged one then stops the store.
//!
//! ```text
//! current  := number u64, checksum of the list u128, type of the checksum u8
//! v<number>:= the list: an sfa file with the sections
//!             "tables": levels u8, of each: runs u8, of each: tables u32, of each: file, seqno u64
//!             "blob_files": files u32, of each: file
//! file     := id u64, type of the checksum u8, checksum of the whole file u128
//! tables/<id>, blobs/<id>
//!          := section*, contents, "SFA!" 01, type u8, checksum of the contents u128, their place u64, their length u64
//! ```
//!
//! All numbers are little-endian, all checksums XXH3 of 128 bits (type 00).

use std::fs::{self, File};
use std::io::{self, Cursor};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::{Xxh3Default, xxh3_128};

/// How the last bytes of a file begin.
const END: &[u8] = b"SFA!\x01\x00";
/// How many they are: [`END`], a checksum, a place and a length.
const END_BYTES: usize = END.len() + 16 + 8 + 8;
/// How much of a file is read at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// Why the tables cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TablesError {
    #[error("{} is damaged: it is not what its checksum was made of", .0.display())]
    Damaged(PathBuf),
    #[error("{} cannot be read", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// A file that is in service: a table, or values that tables refer to.
pub(crate) struct Listed {
    path: PathBuf,
    /// Of the whole file.
    checksum: u128,
}

/// Compares the list of files of each keyspace in the database `dir`, and the contents of each file on it, with their
/// checksums, and gives the files. Those that no list names are fjall's to remove: a crash can leave one half-written.
pub(crate) fn check(dir: &Path) -> Result<Vec<Listed>, TablesError> {
    let mut all = Vec::new();
    for keyspace in keyspaces(dir)? {
        all.extend(listed(&keyspace)?);
    }
    all.iter().try_for_each(|file| check_contents(&file.path))?;
    Ok(all)
}

/// The files on those lists of the database `dir` that can be read.
pub(crate) fn all_listed(dir: &Path) -> Vec<Listed> {
    let keyspaces = keyspaces(dir).unwrap_or_default();
    keyspaces.iter().flat_map(|keyspace| listed(keyspace).unwrap_or_default()).collect()
}

/// Those of the files that are not, to the last byte, what was written, or cannot be read. Reads all of them.
pub(crate) fn damaged(files: Vec<Listed>) -> impl Iterator<Item = PathBuf> {
    let is_damaged = |file: &Listed| match checksum_of(&file.path) {
        Ok(found) => found != file.checksum,
        // An open database may have merged it into another since it was listed.
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    };
    files.into_iter().filter(is_damaged).map(|file| file.path)
}

fn keyspaces(dir: &Path) -> Result<Vec<PathBuf>, TablesError> {
    let dir = dir.join("keyspaces");
    let entries = fs::read_dir(&dir).map_err(io_error(&dir))?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(io_error(&dir))).collect()
}

/// The files of a keyspace.
fn listed(keyspace: &Path) -> Result<Vec<Listed>, TablesError> {
    let current = keyspace.join("current");
    let bytes = match fs::read(&current) {
        Ok(bytes) => bytes,
        // Whether this keyspace may be missing is not decided here.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io_error(&current)(error)),
    };
    let parsed = parse_current(&bytes);
    let (number, checksum) = parsed.ok_or(TablesError::Damaged(current))?;
    let list = keyspace.join(format!("v{number}"));
    let bytes = fs::read(&list).map_err(io_error(&list))?;
    let parsed = if xxh3_128(&bytes) == checksum { parse_list(keyspace, &bytes) } else { None };
    parsed.ok_or(TablesError::Damaged(list))
}

fn parse_current(current: &[u8]) -> Option<(u64, u128)> {
    let mut rest = current;
    let (number, checksum) = (u64_from(&mut rest)?, u128_from(&mut rest)?);
    (rest == [0]).then_some((number, checksum))
}

fn parse_list(keyspace: &Path, list: &[u8]) -> Option<Vec<Listed>> {
    let contents = sfa::Reader::from_reader(&mut Cursor::new(list)).ok()?;
    let section = |name: &[u8]| {
        let section = contents.toc().section(name)?;
        list.get(usize::try_from(section.pos()).ok()?..)?.get(..usize::try_from(section.len()).ok()?)
    };
    let (mut tables, mut values) = (section(b"tables")?, section(b"blob_files")?);
    let mut listed = Vec::new();
    for _level in 0..u8_from(&mut tables)? {
        for _run in 0..u8_from(&mut tables)? {
            for _table in 0..u32_from(&mut tables)? {
                listed.push(file_from(&mut tables, &keyspace.join("tables"))?);
                let _seqno = u64_from(&mut tables)?;
            }
        }
    }
    for _file in 0..u32_from(&mut values)? {
        listed.push(file_from(&mut values, &keyspace.join("blobs"))?);
    }
    Some(listed)
}

fn file_from(rest: &mut &[u8], folder: &Path) -> Option<Listed> {
    let (id, kind, checksum) = (u64_from(rest)?, u8_from(rest)?, u128_from(rest)?);
    (kind == 0).then(|| Listed { path: folder.join(id.to_string()), checksum })
}

fn check_contents(path: &Path) -> Result<(), TablesError> {
    let file = File::open(path).map_err(io_error(path))?;
    match has_sound_contents(&file) {
        Ok(true) => Ok(()),
        Ok(false) => Err(TablesError::Damaged(path.to_owned())),
        Err(error) => Err(io_error(path)(error)),
    }
}

fn has_sound_contents(file: &File) -> io::Result<bool> {
    let length = file.metadata()?.len();
    let Some(end_at) = length.checked_sub(END_BYTES as u64) else { return Ok(false) };
    let mut end = [0; END_BYTES];
    file.read_exact_at(&mut end, end_at)?;
    let parse = || {
        let mut rest = end.strip_prefix(END)?;
        Some((u128_from(&mut rest)?, u64_from(&mut rest)?, u64_from(&mut rest)?))
    };
    let Some((checksum, place, bytes)) = parse() else { return Ok(false) };
    // The contents fill what is between their place and the end; only then is their length believed.
    if place.checked_add(bytes) != Some(end_at) {
        return Ok(false);
    }
    Ok(checksum_between(file, place, end_at)? == checksum)
}

fn checksum_of(path: &Path) -> io::Result<u128> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    checksum_between(&file, 0, length)
}

fn checksum_between(file: &File, from: u64, to: u64) -> io::Result<u128> {
    let mut checksum = Xxh3Default::new();
    let mut piece = vec![0; PIECE_BYTES];
    let mut at = from;
    while at < to {
        let bytes = usize::try_from(to - at).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
        file.read_exact_at(&mut piece[..bytes], at)?;
        checksum.update(&piece[..bytes]);
        at += bytes as u64;
    }
    Ok(checksum.digest128())
}

fn u8_from(rest: &mut &[u8]) -> Option<u8> {
    rest.split_off_first().copied()
}

fn u32_from(rest: &mut &[u8]) -> Option<u32> {
    chunk_from(rest).map(u32::from_le_bytes)
}

fn u64_from(rest: &mut &[u8]) -> Option<u64> {
    chunk_from(rest).map(u64::from_le_bytes)
}

fn u128_from(rest: &mut &[u8]) -> Option<u128> {
    chunk_from(rest).map(u128::from_le_bytes)
}

fn chunk_from<const BYTES: usize>(rest: &mut &[u8]) -> Option<[u8; BYTES]> {
    let (chunk, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*chunk)
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> TablesError + use<> {
    let path = path.to_owned();
    move |source| TablesError::Io { path, source }
}
