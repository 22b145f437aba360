//! The data directory: where one server keeps what must outlive it.
//!
//! ```text
//! skybridge-data/     0700
//!   store/            the store's own (embedded store only)
//!   pepper            0600  the secret that keys are hashed with; lose it and every key is void
//!   admin.token       0600  opens the admin API
//!   admin.url         0600  where the running server's admin listener is; there only while one runs
//!   serving           0600  locked while a server uses the directory, whatever its store
//! ```
//!
//! Files appear whole or not at all (a temporary file of mode 0600, fsync, rename, fsync of the directory), so
//! no secret is readable by others even for a moment, and no crash leaves half of one.

#[cfg(test)]
mod tests;

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use skybridge_domain::id::Randomness;

/// The file that holds the admin token.
pub(crate) const ADMIN_TOKEN: &str = "admin.token";
/// The file that holds the running server's admin address.
pub(crate) const ADMIN_URL: &str = "admin.url";
/// The file that is locked while a server uses the directory.
const SERVING: &str = "serving";
/// The file that holds the pepper.
pub(crate) const PEPPER: &str = "pepper";

/// One data directory, which need not exist yet.
#[derive(Debug, Clone)]
pub(crate) struct DataDir {
    path: PathBuf,
}

impl DataDir {
    /// The data directory at `path`.
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the embedded store lives in it.
    pub(crate) fn store(&self) -> PathBuf {
        self.path.join("store")
    }

    /// Creates the directory with mode 0700, unless it is there. A directory that is there keeps its mode: it
    /// may be a mount that others prepared, and `doctor` tells when it is too open.
    pub(crate) fn create(&self) -> anyhow::Result<()> {
        if self.path.is_dir() {
            return Ok(());
        }
        let told = || format!("the data directory {} cannot be created", self.path.display());
        if let Some(parent) = self.path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent).with_context(told)?;
        }
        match DirBuilder::new().mode(0o700).create(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            done => done.with_context(told),
        }
    }

    /// The text of `name` without its line end, or `None` if there is no such file.
    pub(crate) fn read(&self, name: &str) -> anyhow::Result<Option<String>> {
        let path = self.path.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim_end().to_owned())),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Ok(None)
            }
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
        }
    }

    /// The text of `name`; when there is no such file, makes it once with what `make` gives. Of two processes
    /// that race, both get the text of the one that came first.
    pub(crate) fn read_or_make(&self, name: &str, make: impl FnOnce() -> String) -> anyhow::Result<String> {
        if let Some(text) = self.read(name)? {
            return Ok(text);
        }
        let path = self.path.join(name);
        let made = self.whole_file(&make()).and_then(|file| match file.persist_noclobber(&path) {
            Ok(_) => sync_directory(&self.path),
            Err(lost) if lost.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(failed) => Err(failed.error),
        });
        made.with_context(|| format!("{} cannot be written", path.display()))?;
        self.read(name)?.with_context(|| format!("{} vanished while it was read", path.display()))
    }

    /// The text of the token that opens the admin API, made on first use: 32 random bytes in hexadecimal.
    pub(crate) fn admin_token(&self, randomness: &dyn Randomness) -> anyhow::Result<String> {
        self.read_or_make(ADMIN_TOKEN, || fresh_token(randomness))
    }

    /// Takes the directory for this process, for as long as the file is held. The system lets go of it when the process
    /// ends, however it ends.
    pub(crate) fn take(&self) -> anyhow::Result<File> {
        let path = self.path.join(SERVING);
        let told = || format!("{} cannot be locked", path.display());
        let file = File::options().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.with_context(told)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => anyhow::bail!(
                "the data directory {} is in use by another process; stop that server, or choose another directory with \
                 --data",
                self.path.display()
            ),
            Err(TryLockError::Error(error)) => Err(error).with_context(told),
        }
    }

    /// Notes the running server's admin address, until the note is dropped.
    pub(crate) fn note_address(&self, url: &str) -> anyhow::Result<AddressNote> {
        let path = self.path.join(ADMIN_URL);
        let noted = self.whole_file(url).and_then(|file| {
            file.persist(&path)?;
            Ok(())
        });
        noted.with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(AddressNote { path, url: url.to_owned() })
    }

    /// A temporary file in the directory that holds `text` and is on disk. Mode 0600 from its creation.
    fn whole_file(&self, text: &str) -> io::Result<tempfile::NamedTempFile> {
        let mut file = tempfile::Builder::new()
            .prefix(".writing-")
            .permissions(Permissions::from_mode(0o600))
            .tempfile_in(&self.path)?;
        writeln!(file, "{text}")?;
        file.as_file().sync_all()?;
        Ok(file)
    }
}

fn fresh_token(randomness: &dyn Randomness) -> String {
    let mut bytes = [0; 32];
    randomness.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes a rename in `directory` durable.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    File::open(directory)?.sync_all()
}

/// The note of a running server's address. Dropping it removes the file, unless another server has put its own
/// in the place.
#[derive(Debug)]
pub(crate) struct AddressNote {
    path: PathBuf,
    url: String,
}

impl Drop for AddressNote {
    fn drop(&mut self) {
        let ours = fs::read_to_string(&self.path).is_ok_and(|text| text.trim_end() == self.url);
        if ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "the note of the admin address stays behind");
        }
    }
}
