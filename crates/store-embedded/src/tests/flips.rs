//! A small store with one byte flipped, in any file and at any place: it is refused, or a record is, or nothing that was
//! put into it has changed; and what a reader is refused, `verify` names.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use skybridge_store::{Record, Store};

use super::kit::{Dir, block_on, booking, copy_tree, listing, put_bookings};
use crate::{EmbeddedStore, Finding, Options};

/// Half of them in tables, half in the journal.
const BOOKINGS: usize = 12;

/// What became of a flipped byte.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcomes {
    /// The store did not open.
    refused: u64,
    /// It opened, and a record or the listing could not be read.
    refused_at_the_record: u64,
    /// Nothing had changed: the byte is of no account, or what it was part of is kept elsewhere too.
    harmless: u64,
    /// Of the last, how many `verify` named all the same.
    harmless_but_named: u64,
}

#[test]
fn a_flipped_byte_yields_no_wrong_data() {
    // A prime, so that fields of any width are met at each of their bytes.
    let outcomes = flip_every(61);
    assert!(outcomes.refused > 0 && outcomes.harmless > 0, "{outcomes:?}");
}

/// How many sections a table has stands there as a number for which fjall makes room at once.
#[test]
fn a_table_that_claims_too_much_is_refused_before_fjall_believes_it() {
    let dir = store();
    let mut outcomes = Outcomes::default();
    for table in tables(&dir) {
        let bytes = fs::read(&table).unwrap();
        let contents = bytes.windows(4).rposition(|window| window == b"TOC!").unwrap() as u64;
        (contents + 4..contents + 8).for_each(|at| judge(&dir, &table, at, &mut outcomes));
    }
    assert!(outcomes.refused >= 8, "{outcomes:?}");
    assert_eq!(Outcomes { refused: 0, ..outcomes }, Outcomes::default());
}

/// The first bytes of a file are a block's or a value's, of which a walk says only that it cannot be read.
#[test]
fn verify_names_every_damaged_file() {
    let dir = store();
    for table in tables(&dir) {
        let copy = flipped(&dir, &table, 0);
        let report = crate::verify(&copy.path(), &|_| Ok(())).unwrap();
        let same = |path: &Path| path.strip_prefix(copy.path()) == table.strip_prefix(dir.path());
        let named: Vec<_> = report
            .findings
            .iter()
            .filter(|finding| matches!(finding, Finding::DamagedFile { path } if same(path)))
            .collect();
        assert_eq!(named.len(), 1, "{}: {:?}", table.display(), report.findings);
    }
}

/// `cargo xtask faults flipped-byte` runs it.
#[test]
#[ignore = "takes minutes"]
fn no_flipped_byte_yields_wrong_data() {
    println!("{:?}", flip_every(1));
}

fn flip_every(step: u64) -> Outcomes {
    let dir = store();
    let mut outcomes = Outcomes::default();
    let mut at = 0;
    for file in files(&dir.path()) {
        let length = fs::metadata(&file).unwrap().len();
        let first = (step - at % step) % step;
        for byte in (first..length).step_by(usize::try_from(step).unwrap()) {
            judge(&dir, &file, byte, &mut outcomes);
        }
        at += length;
    }
    outcomes
}

/// A closed store with bookings in tables and in the journal.
fn store() -> Dir {
    let dir = Dir::new();
    let store = dir.store();
    put_bookings(&store, 0..BOOKINGS / 2);
    for keyspace in [&store.shared.engine.records, &store.shared.engine.listing] {
        keyspace.rotate_memtable_and_wait().unwrap();
    }
    put_bookings(&store, BOOKINGS / 2..BOOKINGS);
    drop(store);
    dir
}

/// The files of tables, and of values beside them.
fn tables(dir: &Dir) -> impl Iterator<Item = PathBuf> + use<> {
    let holds_them = |folder: &Path| folder.ends_with("tables") || folder.ends_with("blobs");
    files(&dir.path()).into_iter().filter(move |file| file.parent().is_some_and(holds_them))
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort_unstable();
    files
}

/// A copy of the store with one bit of this byte flipped.
fn flipped(dir: &Dir, file: &Path, at: u64) -> Dir {
    let copy = Dir::new();
    copy_tree(&dir.path(), &copy.path());
    let file = copy.path().join(file.strip_prefix(dir.path()).unwrap());
    let file = File::options().read(true).write(true).open(file).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ (1 << (at % 8))], at).unwrap();
    copy
}

fn judge(dir: &Dir, file: &Path, at: u64, outcomes: &mut Outcomes) {
    let place = format!("{} at {at}", file.strip_prefix(dir.path()).unwrap().display());
    let is_named = {
        let copy = flipped(dir, file, at);
        crate::verify(&copy.path(), &|_| Ok(())).map_or(true, |report| !report.is_whole())
    };
    let copy = flipped(dir, file, at);
    let Ok(store) = EmbeddedStore::open(&copy.path(), Options::default()) else {
        outcomes.refused += 1;
        assert!(is_named, "{place}: it does not open, and verify finds nothing");
        return;
    };
    // A panic is an answer too, though not a good one: nobody is told anything wrong.
    let read = catch_unwind(AssertUnwindSafe(|| read_all(&store)));
    match read {
        Ok(Ok(())) if is_named => outcomes.harmless_but_named += 1,
        Ok(Ok(())) => outcomes.harmless += 1,
        Ok(Err(Refused)) => {
            outcomes.refused_at_the_record += 1;
            assert!(is_named, "{place}: a record is refused, and verify finds nothing");
        }
        Err(wrong) => {
            let wrong = wrong.downcast_ref::<String>();
            panic!("{place}, which verify {}: {wrong:?}", if is_named { "names" } else { "does not see" })
        }
    }
}

struct Refused;

/// Reads every record by its key and by the listing; what is read must be what was put there.
fn read_all(store: &EmbeddedStore) -> Result<(), Refused> {
    let mut outcome = Ok(());
    for n in 0..BOOKINGS {
        match block_on(store.get(&booking(n).key)) {
            Ok(found) => assert_eq!(found, Some(booking(n)), "booking {n}"),
            Err(_) => outcome = Err(Refused),
        }
    }
    match block_on(store.query(&listing())) {
        Ok(page) => {
            let expected: Vec<Record> = (0..BOOKINGS).map(booking).collect();
            assert_eq!(page.records, expected, "the listing");
        }
        Err(_) => outcome = Err(Refused),
    }
    outcome
}
