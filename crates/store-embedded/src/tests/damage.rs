//! Flipped bits, torn ends and lost files: what was acknowledged is there, or the store says that it is not.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::kit::{Dir, booking, bookings, copy_tree, put_bookings};
use crate::journal::{End, survey};
use crate::mark::Mark;
use crate::{EmbeddedStore, OpenError, Options, repair};

const BOOKINGS: usize = 20;

fn open(dir: &Dir) -> Result<EmbeddedStore, OpenError> {
    EmbeddedStore::open(&dir.path(), Options::default())
}

/// The bytes of the journal up to the last that is not zero.
fn written(journal: &Path) -> Vec<u8> {
    let mut bytes = fs::read(journal).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    bytes.truncate(end);
    bytes
}

fn flip(journal: &Path, at: u64, bit: u8) {
    let file = File::options().read(true).write(true).open(journal).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ (1 << bit)], at).unwrap();
}

fn append(journal: &Path, at: u64, bytes: &[u8]) {
    File::options().write(true).open(journal).unwrap().write_all_at(bytes, at).unwrap();
}

#[test]
fn a_bit_flip_anywhere_in_acknowledged_data_is_refused_and_nothing_is_changed() {
    let dir = Dir::with_bookings(BOOKINGS);
    let journal = dir.journal();
    let whole = written(&journal);
    // Every byte of one batch in the middle, and bytes all over the rest.
    let middle = whole.len() as u64 / 2;
    let batch = whole.len() as u64 / BOOKINGS as u64;
    let all_over = (0..whole.len() as u64).step_by(61);
    for at in all_over.chain(middle..middle + batch) {
        let bit = u8::try_from(at % 8).unwrap();
        flip(&journal, at, bit);
        let damaged = fs::read(&journal).unwrap();
        for error in [open(&dir).unwrap_err(), repair(&dir.path()).unwrap_err()] {
            let OpenError::Damaged { from, to, .. } = error else {
                panic!("bit {bit} of byte {at}: {error}")
            };
            assert!(from <= to && to == BOOKINGS as u64, "byte {at}: commits {from} to {to}");
        }
        assert!(fs::read(&journal).unwrap() == damaged, "the evidence was changed");
        flip(&journal, at, bit);
    }
    assert_eq!(bookings(&open(&dir).unwrap(), BOOKINGS), Vec::from_iter(0..BOOKINGS));
}

#[test]
fn damage_names_the_commits_that_it_hit() {
    let dir = Dir::with_bookings(BOOKINGS);
    let journal = dir.journal();
    let bytes = written(&journal);
    let id_of_seventh = b"000007\x00";
    let at = bytes.windows(7).position(|window| window == id_of_seventh).unwrap();
    flip(&journal, at as u64, 3);
    let error = open(&dir).unwrap_err();
    // Booking 0 is commit 1.
    assert!(matches!(error, OpenError::Damaged { from: 8, to: 20, .. }), "{error}");
    assert!(error.to_string().contains("acknowledged commits 8 to 20"), "{error}");
    let report = crate::verify(&dir.path(), &|_| Ok(())).unwrap();
    assert!(!report.is_whole(), "{report:?}");
}

#[test]
fn a_torn_end_is_cut_off_and_kept() {
    let dir = Dir::with_bookings(BOOKINGS);
    let journal = dir.journal();
    let whole = written(&journal);
    let last = whole.len() / BOOKINGS;
    // The beginning of a batch that was never finished, cut at many places; and mere noise.
    let donor = &whole[whole.len() - last..];
    let cuts = (1..donor.len()).step_by(37).map(|length| donor[..length].to_vec());
    // Zeros at the end of a torn batch cannot be told from those that a journal is made of.
    let cuts = cuts.filter(|torn: &Vec<u8>| torn.last() != Some(&0));
    let noise = [vec![0xAB; 300], vec![1], vec![1; 40], vec![2; 100], b"\0\0\0\0late".to_vec()];
    for (n, torn) in cuts.chain(noise).enumerate() {
        append(&journal, whole.len() as u64, &torn);
        let store = if n % 2 == 0 {
            open(&dir).unwrap()
        } else {
            let repaired = repair(&dir.path()).unwrap();
            let cut = repaired.cut.expect("the torn end is cut");
            assert_eq!((cut.at, cut.bytes), (whole.len() as u64, torn.len() as u64));
            let trimmed: Vec<u8> = fs::read(cut.copy).unwrap();
            assert_eq!(trimmed, torn);
            open(&dir).unwrap()
        };
        assert_eq!(bookings(&store, BOOKINGS), Vec::from_iter(0..BOOKINGS));
        drop(store);
        assert_eq!(fs::read_dir(dir.part("cut")).unwrap().count(), n + 1);
        assert_eq!(written(&journal), whole);
    }
    put_bookings(&open(&dir).unwrap(), [BOOKINGS]);
    assert_eq!(bookings(&open(&dir).unwrap(), BOOKINGS + 1).len(), BOOKINGS + 1);
}

#[test]
fn a_whole_batch_with_a_wrong_checksum_at_the_end_is_torn_if_it_was_not_acknowledged() {
    // After a loss of power, pages of the last batch may be missing though its end is there. fjall does not open.
    let dir = Dir::with_bookings(3);
    let journal = dir.journal();
    let whole = written(&journal).len() as u64;
    let store = open(&dir).unwrap();
    store.shared.faults.set(super::faults::Fault::AfterPersist);
    let outcome =
        super::kit::block_on(skybridge_store::Store::commit(&store, super::kit::create(booking(3))));
    assert!(outcome.is_err());
    drop(store);
    flip(&journal, whole + 200, 0);
    assert_eq!(bookings(&open(&dir).unwrap(), 4), [0, 1, 2]);
}

#[test]
fn a_journal_that_was_cut_short_is_refused() {
    let dir = Dir::with_bookings(BOOKINGS);
    let journal = dir.journal();
    let whole = written(&journal);
    let file = File::options().write(true).open(&journal).unwrap();
    let records = 1;
    for length in (0..whole.len() as u64).rev().step_by(97) {
        file.set_len(length).unwrap();
        let last = survey(&dir.part("database"), records).unwrap().last;
        match open(&dir).unwrap_err() {
            OpenError::Damaged { from, to, .. } | OpenError::Lost { from, to, .. } => {
                assert_eq!((from, to), (last.map_or(0, |last| last + 1), BOOKINGS as u64));
            }
            // Not even the batch that created the store is left.
            OpenError::Engine { .. } if last.is_none() => break,
            other => panic!("{length} bytes: {other}"),
        }
    }
}

#[test]
fn a_mark_ahead_of_the_store_is_refused() {
    let dir = Dir::with_bookings(3);
    let store_id = open(&dir).unwrap().store_id;
    Mark::create(&dir.part("mark"), store_id, 5).unwrap();
    let error = open(&dir).unwrap_err();
    assert!(matches!(error, OpenError::Lost { from: 4, to: 5, .. }), "{error}");
    assert!(matches!(repair(&dir.path()), Err(OpenError::Lost { from: 4, to: 5, .. })));
}

#[test]
fn an_unreadable_mark_is_refused_and_renewed_only_by_repair() {
    let dir = Dir::with_bookings(3);
    fs::write(dir.part("mark"), b"????").unwrap();
    assert!(matches!(open(&dir), Err(OpenError::Mark { .. })));
    assert_eq!(repair(&dir.path()).unwrap().mark_renewed_at, Some(3));
    assert_eq!(bookings(&open(&dir).unwrap(), 3), [0, 1, 2]);
    assert_eq!(repair(&dir.path()).unwrap(), crate::Repair::default());
}

#[test]
fn a_gap_between_journals_is_damage() {
    // Batches 1 to 9 in one journal, 11 to 20 in the next, as if one between them were gone.
    let dir = Dir::with_bookings(BOOKINGS);
    let journal = dir.journal();
    let bytes = written(&journal);
    let start_of = |n: usize| {
        // Each batch of one booking begins 13 bytes before its first item, whose key is the booking's id.
        let pattern = [&[0_u8][..], n.to_string().as_bytes()].concat();
        let key = bytes.windows(pattern.len()).position(|window| window == pattern).unwrap();
        key - 21 - 13
    };
    let (first, second) = (&bytes[..start_of(10)], &bytes[start_of(11)..]);
    fs::write(&journal, first).unwrap();
    let number: u64 = journal.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    let newer = journal.with_file_name(format!("{}.jnl", number + 1));
    File::create(&newer).unwrap().write_all(second).unwrap();
    let survey = survey(&dir.part("database"), 1).unwrap();
    assert!(matches!(survey.end, End::Damaged { later: Some(20), .. }), "{survey:?}");
    assert!(matches!(open(&dir), Err(OpenError::Damaged { from: 11, to: 20, .. })));
}

#[test]
fn a_torn_end_of_an_older_journal_is_damage() {
    // An older journal was synced whole before the next was begun.
    let dir = Dir::with_bookings(3);
    let journal = dir.journal();
    append(&journal, written(&journal).len() as u64, &[1, 2, 3]);
    let number: u64 = journal.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    File::create(journal.with_file_name(format!("{}.jnl", number + 1))).unwrap();
    assert!(matches!(open(&dir), Err(OpenError::Damaged { .. })));
}

#[test]
fn a_kill_keeps_every_acknowledged_commit_and_the_mark() {
    // A copy of the files at this moment is what a killed process leaves behind.
    let dir = Dir::new();
    let store = dir.store();
    put_bookings(&store, 0..BOOKINGS);
    let killed = Dir::new();
    copy_tree(&dir.path(), &killed.path());
    drop(store);
    let recovered = open(&killed).unwrap();
    assert_eq!(bookings(&recovered, BOOKINGS), Vec::from_iter(0..BOOKINGS));
    drop(recovered);
    let report = crate::verify(&killed.path(), &|_| Ok(())).unwrap();
    assert!(report.is_whole() && report.mark == Some(BOOKINGS as u64), "{report:?}");
}

#[test]
fn verify_finds_what_the_listing_and_the_records_disagree_on() {
    let dir = Dir::with_bookings(3);
    let store = open(&dir).unwrap();
    let engine = &store.shared.engine;
    let entry = crate::layout::listing_key(booking(0).key.table, "partnerco", "000000", "0");
    engine.listing.remove(entry).unwrap();
    let stray = crate::layout::listing_key(booking(1).key.table, "partnerco", "elsewhere", "1");
    engine.listing.insert(stray, []).unwrap();
    engine.records.insert(crate::layout::record_key(&booking(2).key), [1, 2, 3]).unwrap();
    let report = store.verify(&|_| Ok(()));
    // Not listed; stray; undecodable, and with it a second entry that nothing stands behind.
    assert_eq!(report.findings_total, 4, "{report:?}");
}

#[test]
fn a_damaged_list_of_tables_is_refused_by_its_name() {
    // fjall would take a flipped length for one, ask for 64 GiB of memory, and be ended for it.
    let dir = Dir::with_bookings(3);
    let keyspaces = dir.part("database").join("keyspaces");
    let lists = fs::read_dir(keyspaces).unwrap().flat_map(|keyspace| {
        fs::read_dir(keyspace.unwrap().path()).unwrap().map(|file| file.unwrap().path())
    });
    let is_list = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with('v');
    let lists: Vec<PathBuf> = lists.filter(is_list).collect();
    assert_eq!(lists.len(), 3);
    for list in lists {
        for at in 0..fs::metadata(&list).unwrap().len() {
            flip(&list, at, 4);
            let error = open(&dir).unwrap_err();
            let OpenError::Engine { source, .. } = error else { panic!("byte {at}: {error}") };
            assert!(source.to_string().contains(list.to_str().unwrap()), "byte {at}: {source}");
            flip(&list, at, 4);
        }
    }
    assert_eq!(bookings(&open(&dir).unwrap(), 3), [0, 1, 2]);
}
