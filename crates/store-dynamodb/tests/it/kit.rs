//! A place to test in: tables of its own on the one DynamoDB of this process.

mod randomness;
mod timer;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Region};
use skybridge_dynamodb_local::{Faults, FaultyDoor, LocalDynamo};
use skybridge_store::{Attributes, Key, Listing, Record, Table};
use skybridge_store_dynamodb::{
    Attempt, Credentials, DynamoStore, Operation, Outcome, Settings, SharedCredentialsProvider,
};

pub(crate) use randomness::Seeded;
pub(crate) use timer::TestTimer;

/// The emulator that all tests of this process share; each has its own tables.
fn emulator() -> &'static LocalDynamo {
    static EMULATOR: OnceLock<LocalDynamo> = OnceLock::new();
    EMULATOR.get_or_init(|| LocalDynamo::start().expect("loopback has a free port"))
}

/// A prefix that no other test has.
fn fresh_prefix() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("test-{}-", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// One set of tables, and a door to it through which the stores of this place go.
pub(crate) struct Place {
    pub(crate) prefix: String,
    pub(crate) door: FaultyDoor,
    pub(crate) timer: Arc<TestTimer>,
    pub(crate) attempts: Arc<Mutex<Vec<Attempt>>>,
}

impl Place {
    /// A place without tables.
    pub(crate) fn bare() -> Self {
        let door =
            FaultyDoor::before(&emulator().endpoint(), Faults::none()).expect("loopback has a free port");
        Self { prefix: fresh_prefix(), door, timer: Arc::default(), attempts: Arc::default() }
    }

    /// A place with all tables.
    pub(crate) async fn new() -> Self {
        let place = Self::bare();
        place.store().create_tables().await.expect("the emulator makes tables");
        place.forget();
        place
    }

    /// A place with all tables, for callers outside of any runtime.
    pub(crate) fn prepared() -> Self {
        block_on(Self::new())
    }

    /// The settings of a store of this place, through its door.
    pub(crate) fn settings(&self) -> Settings {
        let attempts = Arc::clone(&self.attempts);
        Settings {
            table_prefix: self.prefix.clone(),
            endpoint: Some(self.door.endpoint()),
            observer: Some(Arc::new(move |attempt| lock(&attempts).push(*attempt))),
            ..Settings::new("us-east-2", credentials())
        }
    }

    /// Another store of this place: another node.
    pub(crate) fn store(&self) -> DynamoStore {
        self.store_of(&self.settings())
    }

    pub(crate) fn store_of(&self, settings: &Settings) -> DynamoStore {
        DynamoStore::connect_with_timer(settings, Arc::new(Seeded::fresh()), self.timer.clone())
    }

    /// A store that goes to the emulator directly and is not observed: what others do meanwhile.
    pub(crate) fn other_node(&self) -> DynamoStore {
        let endpoint = Some(emulator().endpoint());
        let settings = Settings { endpoint, observer: None, ..self.settings() };
        self.store_of(&settings)
    }

    /// A plain client, as the AWS console would be.
    pub(crate) fn raw(&self) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-2"))
            .credentials_provider(credentials())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(emulator().endpoint());
        Client::from_conf(config.build())
    }

    pub(crate) fn table(&self, table: Table) -> String {
        format!("{}{}", self.prefix, table.name())
    }

    /// How the attempts since the last call of this or of [`forget`](Self::forget) ended.
    pub(crate) fn outcomes(&self) -> Vec<(Operation, Outcome)> {
        let attempts = std::mem::take(&mut *lock(&self.attempts));
        attempts.iter().map(|attempt| (attempt.operation, attempt.outcome)).collect()
    }

    /// Forgets attempts, pauses and counts so far.
    pub(crate) fn forget(&self) {
        lock(&self.attempts).clear();
        self.timer.take_pauses();
        self.door.take_counts();
    }
}

fn lock(attempts: &Mutex<Vec<Attempt>>) -> MutexGuard<'_, Vec<Attempt>> {
    attempts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `future` outside of any other runtime.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a test can have a runtime of its own").block_on(future)
}

pub(crate) fn credentials() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new("test", "test", None, None, "tests"))
}

/// A booking at version 1, listed under its agency.
pub(crate) fn booking(id: &str) -> Record {
    Record {
        key: Key::new(Table::Bookings, id),
        version: 1,
        listing: Some(Listing { partition: "PartnerCo".to_owned(), sort: format!("at {id}") }),
        attributes: Attributes::default().with("agency", "PartnerCo").with("status", "CREATED"),
    }
}

/// `record`, changed: its next version, with another status.
pub(crate) fn changed(record: &Record, status: &str) -> Record {
    let attributes = record.attributes.clone().with("status", status);
    Record { version: record.version + 1, attributes, ..record.clone() }
}
