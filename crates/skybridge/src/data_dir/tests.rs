//! Modes, wholeness, and the note of the address.

use super::*;
use skybridge_machine::MachineRandomness;

fn fresh() -> (tempfile::TempDir, DataDir) {
    let parent = tempfile::tempdir().unwrap();
    let data = DataDir::at(parent.path().join("deep/skybridge-data"));
    data.create().unwrap();
    (parent, data)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_directory_is_for_its_owner_only() {
    let (_parent, data) = fresh();
    assert_eq!(mode(data.path()), 0o700);
    data.create().expect("creating it again changes nothing");
}

#[test]
fn secrets_are_for_their_owner_only_and_made_once() {
    let (_parent, data) = fresh();
    let token = data.admin_token(&MachineRandomness).unwrap();

    assert_eq!(token.len(), 64);
    assert_eq!(mode(&data.path().join(ADMIN_TOKEN)), 0o600);
    assert_eq!(data.admin_token(&MachineRandomness).unwrap(), token);
}

#[test]
fn whoever_comes_first_makes_the_file() {
    let (_parent, data) = fresh();
    let text = data.read_or_make("pepper", || {
        fs::write(data.path().join("pepper"), "of the other process\n").unwrap();
        "of this process".to_owned()
    });
    assert_eq!(text.unwrap(), "of the other process");
}

#[test]
fn no_temporary_file_stays_behind() {
    let (_parent, data) = fresh();
    data.admin_token(&MachineRandomness).unwrap();
    let note = data.note_address("http://127.0.0.1:1").unwrap();
    assert_eq!(mode(&data.path().join(ADMIN_URL)), 0o600);
    drop(note);

    let names: Vec<_> = fs::read_dir(data.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, [ADMIN_TOKEN]);
}

#[test]
fn the_note_of_another_server_stays() {
    let (_parent, data) = fresh();
    let first = data.note_address("http://127.0.0.1:1").unwrap();
    let _second = data.note_address("http://127.0.0.1:2").unwrap();
    drop(first);
    assert_eq!(data.read(ADMIN_URL).unwrap().as_deref(), Some("http://127.0.0.1:2"));
}

#[test]
fn what_is_not_there_is_nothing() {
    let (parent, data) = fresh();
    assert_eq!(data.read(ADMIN_URL).unwrap(), None);
    assert_eq!(DataDir::at(parent.path().join("nowhere")).read(ADMIN_TOKEN).unwrap(), None);
}
