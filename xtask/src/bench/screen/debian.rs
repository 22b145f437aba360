//! Debian's packages, unpacked beside the build and not installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::cargo;

/// The peer, what it needs, and the rules.
const PACKAGES: [&str; 8] = [
    "libmodsecurity3",
    "libmodsecurity-dev",
    "modsecurity-crs",
    "libfuzzy2",
    "libgeoip1",
    "liblua5.3-0",
    "libmaxminddb0",
    "libyajl2",
];

/// A folder with the packages' files.
pub(super) struct Unpacked {
    root: PathBuf,
}

impl Unpacked {
    /// Downloads and unpacks what is not there yet.
    pub(super) fn fetch(folder: &Path) -> Result<Self> {
        let root = folder.join("debian");
        let unpacked = Self { root };
        if unpacked.rules().is_dir() && unpacked.library().is_ok() {
            return Ok(unpacked);
        }
        let packages = folder.join("packages");
        std::fs::create_dir_all(&packages)?;
        let mut download = Command::new("apt-get");
        download.arg("download").args(PACKAGES).current_dir(&packages);
        cargo::output(&mut download).context("apt-get could not download them")?;
        for entry in std::fs::read_dir(&packages)? {
            let mut unpack = Command::new("dpkg");
            unpack.arg("-x").arg(entry?.path()).arg(&unpacked.root);
            cargo::output(&mut unpack).context("dpkg could not unpack them")?;
        }
        ensure!(unpacked.rules().is_dir(), "modsecurity-crs has no rules where they used to be");
        Ok(unpacked)
    }

    /// The rules of CRS.
    pub(super) fn rules(&self) -> PathBuf {
        self.root.join("usr/share/modsecurity-crs/rules")
    }

    /// CRS's settings.
    pub(super) fn setup(&self) -> PathBuf {
        self.root.join("etc/modsecurity/crs/crs-setup.conf")
    }

    /// The headers of the library.
    pub(super) fn include(&self) -> PathBuf {
        self.root.join("usr/include")
    }

    /// The folder with the library, named after the machine's architecture.
    pub(super) fn library(&self) -> Result<PathBuf> {
        let folders = std::fs::read_dir(self.root.join("usr/lib")).context("there is no usr/lib")?;
        let found = folders
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.join("libmodsecurity.so.3").exists());
        found.context("there is no libmodsecurity.so.3")
    }
}
