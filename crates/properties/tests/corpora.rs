//! Every file of the corpora, through its property: what once found something, or reaches somewhere, is tried again.

#![cfg(feature = "lambda")]
#![expect(clippy::unwrap_used, reason = "in a test a value that is not there is a failure")]

use std::path::{Path, PathBuf};

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_property_holds_for_its_corpus() {
    for (name, property) in skybridge_properties::ALL {
        let files = files_of(&corpora().join(name));
        assert!(!files.is_empty(), "{name} has an empty corpus");
        for file in files {
            let data = std::fs::read(&file).unwrap();
            // The output of a test that fails shows which file it was.
            println!("{}", file.display());
            property(&data);
            // Cut short, and with one byte changed: so that files tell more than that they once passed.
            property(&data[..data.len() / 2]);
            let mut changed = data.clone();
            if let Some(byte) = changed.get_mut(data.len() / 3) {
                *byte ^= 0x11;
                property(&changed);
            }
        }
    }
}

#[test]
fn every_corpus_and_every_fuzz_target_has_a_property() {
    let names = |folder: &Path| -> Vec<String> {
        let stem = |file: &PathBuf| file.file_stem().unwrap().to_str().unwrap().to_owned();
        files_of(folder).iter().map(stem).collect()
    };
    let properties: Vec<_> = skybridge_properties::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&corpora()), properties);
    assert_eq!(names(&corpora().join("../fuzz_targets")), properties);
}
