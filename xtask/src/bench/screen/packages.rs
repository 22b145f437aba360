//! libmodsecurity and CRS, from Debian.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

use crate::bench::debian;

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
pub(super) struct Packages {
    root: PathBuf,
}

impl Packages {
    /// Downloads and unpacks what is not there yet.
    pub(super) fn fetch() -> Result<Self> {
        let packages = Self { root: debian::unpacked("screen", &PACKAGES)? };
        ensure!(packages.rules().is_dir(), "modsecurity-crs has no rules where they used to be");
        Ok(packages)
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
