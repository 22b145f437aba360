//! Debian's packages, unpacked below `target` and not installed.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo;

/// Where they are unpacked, seen from the root.
const FOLDER: &str = "target/bench/debian";

/// A folder with the files of `packages`, fetched the first time.
///
/// # Errors
/// Where apt-get or dpkg is not there, or does not do it.
pub(super) fn unpacked(name: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = cargo::root().join(FOLDER).join(name);
    let root = folder.join("root");
    // Written last, so that what broke off is not taken for the whole.
    let done = folder.join("unpacked");
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&done).is_ok_and(|there| there == wanted) {
        return Ok(root);
    }
    println!("fetching  {} below target", packages.join(", "));
    let archives = tempfile::tempdir()?;
    let mut download = Command::new("apt-get");
    download.arg("download").args(packages).current_dir(archives.path());
    cargo::output(&mut download).context("apt-get could not download them")?;
    std::fs::create_dir_all(&root).with_context(|| format!("cannot make {}", root.display()))?;
    for entry in std::fs::read_dir(&archives)? {
        let mut unpack = Command::new("dpkg");
        unpack.arg("-x").arg(entry?.path()).arg(&root);
        cargo::output(&mut unpack).context("dpkg could not unpack them")?;
    }
    std::fs::write(&done, wanted)?;
    Ok(root)
}
