//! The store that the configuration names: the one place of the program that knows a backend.

pub(crate) mod at_rest;
pub(crate) mod dynamodb;

use std::sync::Arc;

use anyhow::Context as _;
use metrics::{Unit, describe_gauge, describe_histogram, gauge, histogram};
use skybridge_store::{MemoryStore, Store};
use skybridge_store_dynamodb::DynamoStore;
use skybridge_store_embedded::{EmbeddedStore, GroupReport, Options};

use crate::config::{Config, StoreKind};
use crate::data_dir::DataDir;

/// A store that is open. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) enum OpenStore {
    /// On this machine's disk.
    Embedded(Arc<EmbeddedStore>),
    /// In tables that others may use at the same time.
    DynamoDb(Arc<DynamoStore>),
    /// Gone when the program ends.
    Memory(Arc<MemoryStore>),
}

impl OpenStore {
    /// Opens the store, and makes it if there is none; tables on DynamoDB only if that is asked for, since they cost.
    pub(crate) async fn open(config: &Config, data: &DataDir, create_tables: bool) -> anyhow::Result<Self> {
        anyhow::ensure!(
            !create_tables || config.store == StoreKind::DynamoDb,
            "--create-tables is for --store dynamodb; the store here is {}",
            config.store.name()
        );
        match config.store {
            StoreKind::Memory => Ok(Self::Memory(Arc::new(MemoryStore::new()))),
            StoreKind::DynamoDb => {
                Ok(Self::DynamoDb(Arc::new(dynamodb::open(&config.dynamodb, create_tables).await?)))
            }
            StoreKind::Embedded => {
                let directory = data.store();
                let mut options = Options::default();
                options.queue_max = config.commit_queue;
                options.on_group = Some(Arc::new(observer_of_groups()));
                let opening = move || EmbeddedStore::open_or_create(&directory, options);
                let store =
                    tokio::task::spawn_blocking(opening).await.context("opening the store panicked")??;
                Ok(Self::Embedded(Arc::new(store)))
            }
        }
    }

    /// The store as the rooms behind the port know it.
    pub(crate) fn port(&self) -> Arc<dyn Store> {
        match self {
            Self::Embedded(store) => Arc::clone(store) as Arc<dyn Store>,
            Self::DynamoDb(store) => Arc::clone(store) as Arc<dyn Store>,
            Self::Memory(store) => Arc::clone(store) as Arc<dyn Store>,
        }
    }

    /// May other processes use it at the same time?
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Self::DynamoDb(_))
    }

    /// Resolves when the store cannot take commits any more, with the reason, and never otherwise.
    pub(crate) async fn broken(&self) -> anyhow::Error {
        match self {
            Self::Embedded(store) => store.stopped().await.into(),
            Self::DynamoDb(_) | Self::Memory(_) => std::future::pending().await,
        }
    }

    /// Writes what waits, and ends the store. Whoever still holds a part of it can read, but not write.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Embedded(store) => {
                tokio::task::spawn_blocking(move || store.close()).await.context("closing the store panicked")
            }
            Self::DynamoDb(_) | Self::Memory(_) => Ok(()),
        }
    }

    /// Sets the gauges to what stands now.
    pub(crate) fn measure(&self) {
        if let Self::Embedded(store) = self {
            let waiting = u32::try_from(store.health().queue_depth).unwrap_or(u32::MAX);
            gauge!("skybridge_store_queue_depth").set(waiting);
        }
    }
}

/// What the writer tells of each group, as histograms.
fn observer_of_groups() -> impl Fn(GroupReport) + Send + Sync {
    describe_gauge!("skybridge_store_queue_depth", "Commits that wait for the disk");
    describe_histogram!("skybridge_store_group_commits", "Commits that one sync made durable");
    describe_histogram!("skybridge_store_persist_seconds", Unit::Seconds, "Time to write and sync a group");
    let commits = histogram!("skybridge_store_group_commits");
    let seconds = histogram!("skybridge_store_persist_seconds");
    move |report| {
        commits.record(u32::try_from(report.commits).unwrap_or(u32::MAX));
        seconds.record(report.persist_time);
    }
}
