//! `skybridge backup` and `skybridge restore`: the whole store as one file, and back.
//!
//! A backup goes through the running server, or reads the store at rest. A restore only ever makes a new store,
//! so it cannot overwrite bookings.

use std::fs::{File, Permissions};
use std::io::{self, BufReader, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde_json::json;
use tempfile::NamedTempFile;

use super::failure::Failure;
use super::fields::{Fields as _, grouped};
use super::session::Session;
use crate::data_dir::sync_directory;
use crate::store::at_rest;

/// Write the whole store into one file
///
/// Goes through the running server, which takes bookings meanwhile; without one, reads the store at rest. The
/// file appears whole or not at all, readable by its owner only: it holds passengers' data. The pepper is not in
/// it; keep DATA/pepper apart, for without it every key is void.
#[derive(Debug, clap::Args)]
pub(crate) struct BackupArgs {
    /// The file to write
    file: PathBuf,

    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
}

/// Make a store out of a backup, in a data directory that has none
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  skybridge restore skybridge.backup --data /var/lib/skybridge")]
pub(crate) struct RestoreArgs {
    /// A file that `skybridge backup` wrote
    file: PathBuf,
}

impl BackupArgs {
    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        let mut file = OutFile::begin(&self.file, self.force)?;
        match session.client_if_running()? {
            Some(client) => {
                let mut octets = client.stream("/admin/v1/backup")?;
                io::copy(&mut octets, &mut file).context("the backup broke off")?;
            }
            None => at_rest::back_up(&session.data_dir()?, &mut file)?,
        }
        let bytes = file.finish()?;
        let done = json!({ "file": self.file, "bytes": bytes });
        session.show(&done, |done| format!("Wrote {} ({} bytes).", done.text("file"), grouped(bytes)))
    }
}

impl RestoreArgs {
    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        let data = session.data_dir()?;
        let file =
            File::open(&self.file).with_context(|| format!("{} cannot be read", self.file.display()))?;
        let octets = BufReader::new(file);
        let report = at_rest::restore(&data, octets)?;
        session.show(&report, |report| {
            let (file, place) = (self.file.display(), data.path().display());
            format!(
                "Restored {} records from {file} into {place}.\n\nKeys hold only with the pepper they were made under: put the \
                 saved one at {place}/pepper (mode 600) before the first start.",
                report.number("records")
            )
        })
    }
}

/// A file that appears under its name whole and on disk, or not at all.
#[derive(Debug)]
struct OutFile {
    path: PathBuf,
    file: NamedTempFile,
    replace: bool,
    bytes: u64,
}

impl OutFile {
    fn begin(path: &Path, replace: bool) -> anyhow::Result<Self> {
        ensure!(replace || !path.exists(), "{} is there already; --force replaces it", path.display());
        let file = tempfile::Builder::new()
            .prefix(".skybridge-backup-")
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(directory_of(path))
            .with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self { path: path.to_owned(), file, replace, bytes: 0 })
    }

    /// Puts the file in its place, and tells its length.
    fn finish(self) -> anyhow::Result<u64> {
        let Self { path, file, replace, bytes } = self;
        let put = || -> io::Result<()> {
            file.as_file().sync_all()?;
            if replace {
                file.persist(&path)?
            } else {
                file.persist_noclobber(&path)?
            };
            sync_directory(directory_of(&path))
        };
        put().with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(bytes)
    }
}

impl Write for OutFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_for_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("b");
        let mut file = OutFile::begin(&path, false).unwrap();
        file.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(file);
        assert_eq!(
            std::fs::read_dir(directory.path()).unwrap().count(),
            0,
            "nothing of a broken backup stays"
        );

        let mut file = OutFile::begin(&path, false).unwrap();
        file.write_all(b"whole").unwrap();
        assert_eq!(file.finish().unwrap(), 5);
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_is_there_stays_unless_forced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("b");
        std::fs::write(&path, "old").unwrap();
        assert!(OutFile::begin(&path, false).unwrap_err().to_string().contains("--force"));
        OutFile::begin(&path, true).unwrap().finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"");
    }
}
