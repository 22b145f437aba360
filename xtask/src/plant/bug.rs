//! One planted bug: which words of which file it replaces, and what that would do to whoever uses the product.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::selection::Selection;
use crate::cargo;

/// A bug, as `xtask/plant/*.toml` describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bug {
    /// A few words, joined by hyphens.
    pub(super) name: String,
    /// What users would suffer, as a sentence.
    pub(super) does: String,
    /// The file that it is planted in, from the root.
    pub(super) file: String,
    /// The text that it replaces, which stands in the file exactly once.
    old: String,
    /// What it puts there.
    new: String,
    /// The tests that have to notice.
    pub(super) tests: Selection,
}

#[derive(Deserialize)]
struct List {
    bug: Vec<Bug>,
}

/// All bugs, file by file.
pub(super) fn all() -> Result<Vec<Bug>> {
    let folder = cargo::root().join("xtask/plant");
    let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    let mut bugs = Vec::new();
    for file in files {
        bugs.extend(read(&file)?);
    }
    Ok(bugs)
}

fn read(file: &Path) -> Result<Vec<Bug>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let list: List =
        toml::from_str(&text).with_context(|| format!("{} is no list of bugs", file.display()))?;
    Ok(list.bug)
}

impl Bug {
    /// The file's text with the bug in it.
    pub(super) fn planted_in(&self, sound: &str) -> Result<String> {
        let times = sound.matches(&self.old).count();
        ensure!(
            times == 1,
            "the text that the bug {} replaces stands {times} times in {}; the sources have moved, so say anew in \
             xtask/plant what it replaces",
            self.name,
            self.file
        );
        let planted = sound.replacen(&self.old, &self.new, 1);
        ensure!(planted != sound, "the bug {} changes nothing", self.name);
        Ok(planted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bug(old: &str, new: &str) -> Bug {
        let tests = Selection::default();
        let (name, does, file) = ("name".to_owned(), "harm".to_owned(), "file".to_owned());
        Bug { name, does, file, old: old.to_owned(), new: new.to_owned(), tests }
    }

    #[test]
    fn every_bug_fits_the_sources() {
        for bug in all().unwrap() {
            let sound = std::fs::read_to_string(cargo::root().join(&bug.file)).unwrap();
            if let Err(error) = bug.planted_in(&sound) {
                panic!("{error:#}");
            }
        }
    }

    #[test]
    fn no_two_bugs_have_one_name() {
        let mut names: Vec<String> = all().unwrap().into_iter().map(|bug| bug.name).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_text_that_has_moved_or_stands_twice_is_told() {
        assert_eq!(bug("b", "x").planted_in("abc").unwrap(), "axc");
        for (old, new) in [("d", "x"), ("a", "x"), ("b", "b")] {
            assert!(bug(old, new).planted_in("aabc").is_err());
        }
    }
}
