//! Data directories that earlier programs wrote: opened by this one, with every booking as it was.
//!
//! `tests/data/format-N` holds one of each format: a store that was closed in order, the pepper, an agency's key (made
//! for this and good for nothing else), and each booking's request, its answer, what it was at last, and its history.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::kit::Program;
use crate::kit::program::{Caller, run_json};

const FORMAT_1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/format-1");

#[tokio::test]
async fn a_directory_of_format_1_serves_every_booking_as_it_was() {
    let data = tempfile::tempdir().unwrap();
    let golden = Path::new(FORMAT_1);
    copy_store(golden, data.path());
    let key = fs::read_to_string(golden.join("key")).unwrap();
    let caller = Caller::with_key(key.trim());
    let server = Program::serve(data.path(), &[]);
    let bookings = fs::read_to_string(golden.join("bookings.ndjson")).unwrap();
    let bookings: Vec<Value> = bookings.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(bookings.len(), 12);
    for booking in &bookings {
        let text = |member: &str| booking[member].as_str().unwrap();
        let answer: Value = serde_json::from_str(text("answer")).unwrap();
        let url = format!("{}/v1/bookings/{}", server.public, answer["booking_id"].as_str().unwrap());
        let now = caller.get(&url).await.unwrap().expect(200);
        assert_eq!(String::from_utf8(now.body).unwrap(), text("now"));
        let history = caller.get(&format!("{url}/history")).await.unwrap().expect(200);
        assert_eq!(String::from_utf8(history.body).unwrap(), text("history"));
        let request: Value = serde_json::from_str(text("request")).unwrap();
        let replay = caller.book(&server.public, text("key"), &request).await.unwrap().expect(201);
        assert_eq!(replay.header("idempotent-replayed"), "true");
        assert_eq!(String::from_utf8(replay.body).unwrap(), text("answer"));
    }
    let listed = run_json(data.path(), &["booking", "list", "--limit", "100"]);
    assert_eq!(listed["bookings"].as_array().unwrap().len(), bookings.len());
    assert!(server.terminate());
    let report = run_json(data.path(), &["verify"]);
    assert_eq!(report["findings"], serde_json::json!([]), "{report}");
}

/// As it was on disk: git keeps neither modes nor empty directories.
fn copy_store(golden: &Path, data: &Path) {
    copy_tree(&golden.join("store"), &data.join("store"));
    for keyspace in ["0", "1", "2"] {
        fs::create_dir_all(data.join("store/database/keyspaces").join(keyspace).join("tables")).unwrap();
    }
    fs::copy(golden.join("pepper"), data.join("pepper")).unwrap();
    fs::set_permissions(data.join("pepper"), Permissions::from_mode(0o600)).unwrap();
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, to) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        if path.is_dir() {
            copy_tree(&path, &to);
        } else {
            fs::copy(path, to).unwrap();
        }
    }
}
