//! The store of the function: the one place that knows a backend.

use std::sync::Arc;

use skybridge_store::{MemoryStore, Store};

/// Opens the store that the environment names.
pub(crate) async fn open() -> anyhow::Result<Arc<dyn Store>> {
    Ok(Arc::new(MemoryStore::new()))
}
