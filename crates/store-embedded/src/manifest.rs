//! The store's own manifest: what this directory is, and which parts it must have.
//!
//! fjall opens a directory with a missing keyspace without a word, its records gone, and makes a missing one
//! anew. So the parts that must be there are written down when the store is made, and looked for before fjall
//! sees the directory.

use std::fs::{self, File};
use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::open::OpenError;
use crate::place::Place;

/// The newest format that this program reads, and the one that it writes.
pub(crate) const FORMAT: u32 = 1;

const PRODUCT: &str = "skybridge embedded store";

/// What stands in `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    product: String,
    format: u32,
    /// Made when the store was; ties the high-water mark to it. An identity, not a secret.
    pub(crate) store_id: u64,
    /// The directory of the keyspace that holds the records; also its number in fjall's journal.
    pub(crate) records: u64,
    /// The directory of the keyspace that holds the listing.
    pub(crate) listing: u64,
}

/// As much of a manifest as every format has.
#[derive(Deserialize)]
struct Preamble {
    product: String,
    format: u32,
}

impl Manifest {
    pub(crate) fn new(store_id: u64, records: u64, listing: u64) -> Self {
        Self { product: PRODUCT.to_owned(), format: FORMAT, store_id, records, listing }
    }

    pub(crate) fn write(&self, place: &Place) -> std::io::Result<()> {
        let mut file = File::create_new(place.manifest())?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n")?;
        file.sync_all()
    }

    /// Reads the manifest and looks for every part that it names.
    pub(crate) fn read(place: &Place) -> Result<Self, OpenError> {
        let path = place.manifest();
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let dir = place.root().to_owned();
                let vacant = place.is_vacant().map_err(OpenError::io(place.root()))?;
                return Err(if vacant { OpenError::Absent { dir } } else { OpenError::NotAStore { dir } });
            }
            Err(error) => return Err(OpenError::io(&path)(error)),
        };
        let unreadable = |source| OpenError::Manifest { path: path.clone(), source };
        let preamble: Preamble = serde_json::from_slice(&text).map_err(unreadable)?;
        if preamble.product != PRODUCT {
            return Err(OpenError::NotAStore { dir: place.root().to_owned() });
        }
        if preamble.format > FORMAT {
            let (found, known) = (preamble.format, FORMAT);
            return Err(OpenError::NewerFormat { dir: place.root().to_owned(), found, known });
        }
        let manifest: Self = serde_json::from_slice(&text).map_err(unreadable)?;
        manifest.look_for_parts(place)?;
        Ok(manifest)
    }

    fn look_for_parts(&self, place: &Place) -> Result<(), OpenError> {
        let database = place.database();
        let mut parts = vec![place.mark(), database.join("version"), database.join("lock")];
        // 0 is fjall's own keyspace, which names the others.
        for keyspace in [0, self.records, self.listing] {
            parts.push(place.keyspace(&keyspace.to_string()).join("current"));
        }
        for part in parts {
            if !part.try_exists().map_err(OpenError::io(&part))? {
                return Err(OpenError::MissingPart { dir: place.root().to_owned(), part });
            }
        }
        // Without its journal fjall begins a new one, and what was only there is gone.
        let journals = crate::journal::files(&database).map_err(OpenError::io(&database))?;
        if journals.is_empty() {
            let part = database.join("*.jnl");
            return Err(OpenError::MissingPart { dir: place.root().to_owned(), part });
        }
        Ok(())
    }
}
