//! The copy of the sources that bugs are planted in.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo;

/// A copy of the working tree under `target/plant`, with a build directory of its own.
pub(super) struct Tree {
    home: PathBuf,
}

impl Tree {
    /// Brings the copy up to the working tree: what git tracks, and new files that it does not ignore. A file that has
    /// not changed keeps its date, so cargo builds only what it must.
    pub(super) fn of_working_tree() -> Result<Self> {
        let tree = Self { home: cargo::root().join("target/plant") };
        let sources = sources()?;
        for source in &sources {
            copy(&cargo::root().join(source), &tree.path(source))?;
        }
        tree.drop_all_but(&sources)?;
        Ok(tree)
    }

    /// Where a file of the working tree stands in the copy.
    pub(super) fn path(&self, source: &str) -> PathBuf {
        self.home.join("tree").join(source)
    }

    /// A call of cargo in the copy. The build directory is kept from run to run.
    pub(super) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo::command("cargo", arguments);
        command.current_dir(self.path("")).env("CARGO_TARGET_DIR", self.home.join("build"));
        command
    }

    /// Where a run may write what it prints.
    pub(super) fn log(&self) -> PathBuf {
        self.home.join("run.log")
    }

    /// Removes Rust files that the working tree no longer has: cargo would find tests in them.
    fn drop_all_but(&self, sources: &BTreeSet<String>) -> Result<()> {
        let root = self.path("");
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder)? {
                let path = entry?.path();
                let name = path.strip_prefix(&root)?.to_string_lossy().into_owned();
                if path.is_dir() {
                    folders.push(path);
                } else if name.ends_with(".rs") && !sources.contains(&name) {
                    std::fs::remove_file(&path)?;
                }
            }
        }
        Ok(())
    }
}

/// The names of the working tree's files, from the root.
fn sources() -> Result<BTreeSet<String>> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let listed = cargo::output(&mut cargo::command("git", &list))?;
    let names = listed.split_terminator('\0').map(str::to_owned);
    // What is deleted and not committed yet is still listed.
    Ok(names.filter(|name| cargo::root().join(name).is_file()).collect())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let text = std::fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
    if std::fs::read(to).is_ok_and(|there| there == text) {
        return Ok(());
    }
    let folder = to.parent().context("every file stands in a folder")?;
    std::fs::create_dir_all(folder)?;
    std::fs::write(to, text).with_context(|| format!("cannot write {}", to.display()))
}
