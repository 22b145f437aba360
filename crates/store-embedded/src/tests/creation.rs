//! Creation that a crash cannot half-make, and directories that are refused by name.

use std::fs;
use std::process::Command;

use super::kit::{Dir, bookings, put_bookings};
use crate::{EmbeddedStore, OpenError, Options};

fn open(dir: &Dir) -> Result<EmbeddedStore, OpenError> {
    EmbeddedStore::open(&dir.path(), Options::default())
}

/// The parts of a store, in the order in which they come to be.
const PARTS: [&str; 8] = [
    "lock",
    "database/lock",
    "database/0.jnl",
    "database/version",
    "database/keyspaces/0",
    "database/keyspaces/1",
    "mark",
    "manifest.json",
];

#[test]
fn a_crash_at_any_step_of_creation_leaves_no_store_and_the_next_one_succeeds() {
    for made in 0..=PARTS.len() {
        let dir = Dir::new();
        // A store in the making that got as far as `made` parts, and then no further.
        EmbeddedStore::create(&dir.sibling("donor")).unwrap();
        let new = dir.sibling(".store.new");
        for part in &PARTS[..made] {
            let (from, to) = (dir.sibling("donor").join(part), new.join(part));
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::rename(from, to).unwrap();
        }
        assert!(matches!(open(&dir), Err(OpenError::Absent { .. })), "after {made} parts");
        let store = dir.store();
        put_bookings(&store, 0..2);
        drop(store);
        assert_eq!(bookings(&dir.store(), 2), [0, 1], "after {made} parts");
        assert!(!new.exists(), "what the crash left is gone");
    }
}

#[test]
fn opening_never_makes_a_store() {
    let dir = Dir::new();
    assert!(matches!(open(&dir), Err(OpenError::Absent { .. })));
    assert!(!dir.path().exists());
    fs::create_dir(dir.path()).unwrap();
    assert!(matches!(open(&dir), Err(OpenError::Absent { .. })));
    EmbeddedStore::create(&dir.path()).unwrap();
    open(&dir).unwrap();
}

#[test]
fn what_stands_is_never_made_over() {
    let dir = Dir::with_bookings(1);
    assert!(matches!(EmbeddedStore::create(&dir.path()), Err(OpenError::Exists { .. })));
    assert_eq!(bookings(&dir.store(), 1), [0]);

    let other = Dir::new();
    fs::create_dir(other.path()).unwrap();
    fs::write(other.part("letter.txt"), "Dear").unwrap();
    assert!(matches!(EmbeddedStore::create(&other.path()), Err(OpenError::NotAStore { .. })));
    let opened = EmbeddedStore::open_or_create(&other.path(), Options::default());
    assert!(matches!(opened, Err(OpenError::NotAStore { .. })));
    assert!(other.part("letter.txt").exists());
}

#[test]
fn a_missing_part_is_named_and_never_made_anew() {
    for part in [
        "mark",
        "database/version",
        "database/lock",
        "database/0.jnl",
        "database/keyspaces/0",
        "database/keyspaces/1",
        "database/keyspaces/2",
        "database/keyspaces/1/current",
        "database/keyspaces",
        "database",
    ] {
        let dir = Dir::with_bookings(3);
        let (there, away) = (dir.part(part), dir.sibling("away"));
        fs::rename(&there, &away).unwrap();
        let error = open(&dir).unwrap_err();
        match &error {
            OpenError::MissingPart { part: named, .. } => {
                let named = named.strip_prefix(dir.path()).unwrap();
                let is_within = named.starts_with(part) || part.ends_with(".jnl");
                assert!(is_within || part.starts_with("database"), "{part}: {error}");
            }
            OpenError::Io { .. } if part == "database" => {}
            other => panic!("{part}: {other}"),
        }
        assert!(!there.exists(), "{part} was made anew");
        fs::rename(&away, &there).unwrap();
        assert_eq!(bookings(&dir.store(), 3), [0, 1, 2], "{part} was put back");
    }
}

#[test]
fn a_newer_format_is_refused_with_a_sentence() {
    let dir = Dir::with_bookings(1);
    let manifest = fs::read_to_string(dir.part("manifest.json")).unwrap();
    fs::write(dir.part("manifest.json"), manifest.replace("\"format\": 1", "\"format\": 9")).unwrap();
    let error = open(&dir).unwrap_err();
    assert!(matches!(error, OpenError::NewerFormat { found: 9, known: 1, .. }));
    assert!(error.to_string().contains("has format 9, and this program reads formats up to 1"), "{error}");

    fs::write(dir.part("manifest.json"), &manifest[..manifest.len() / 2]).unwrap();
    assert!(matches!(open(&dir), Err(OpenError::Manifest { .. })));
}

#[test]
fn a_second_opening_is_refused_and_names_the_directory() {
    let dir = Dir::new();
    let store = dir.store();
    let error = open(&dir).unwrap_err();
    assert!(matches!(error, OpenError::Locked { .. }));
    assert!(error.to_string().contains(&*dir.path().to_string_lossy()), "{error}");
    assert!(matches!(crate::repair(&dir.path()), Err(OpenError::Locked { .. })));
    assert!(crate::verify(&dir.path(), &|_| Ok(())).is_err());
    drop(store);
    open(&dir).unwrap();
}

/// Where the child of the next test finds the store. It is run only by that test.
const CHILD_DIR: &str = "SKYBRIDGE_TEST_STORE_DIR";

#[test]
fn a_second_process_is_refused() {
    #[expect(clippy::disallowed_methods, reason = "how the parent tells its child what to open")]
    let asked = std::env::var(CHILD_DIR);
    if let Ok(dir) = asked {
        let opened = EmbeddedStore::open(dir.as_ref(), Options::default());
        assert!(matches!(opened, Err(OpenError::Locked { .. })), "{opened:?}");
        return;
    }
    let dir = Dir::new();
    let _store = dir.store();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::creation::a_second_process_is_refused"])
        .env(CHILD_DIR, dir.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn only_the_owner_may_enter() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Dir::with_bookings(0);
    assert_eq!(fs::metadata(dir.path()).unwrap().permissions().mode() & 0o777, 0o700);
}
