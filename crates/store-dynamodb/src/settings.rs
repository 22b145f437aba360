//! What the store is told: where, as whom, and how patiently.

use std::time::Duration;

use aws_sdk_dynamodb::config::SharedCredentialsProvider;

use crate::Observer;

/// Where the tables are, who asks, and how long an answer may take. The binaries fill it in from their
/// configuration and the machine's AWS settings; this crate reads neither.
#[derive(Clone)]
pub struct Settings {
    /// What the tables' names begin with. [`Settings::TABLE_PREFIX`] is the lesson's.
    pub table_prefix: String,
    /// Another server than AWS's own, such as `http://127.0.0.1:8000` (`AWS_ENDPOINT_URL`).
    pub endpoint: Option<String>,
    /// The AWS region, such as `us-east-2`. It is part of every signature, so other servers need one too.
    pub region: String,
    /// Who asks.
    pub credentials: SharedCredentialsProvider,
    /// How long a connection may take to come about. Short: behind it is a service in the same region, and after a
    /// thaw of a Lambda the first connection is likely a new one.
    pub connect_timeout: Duration,
    /// How long one attempt may take.
    pub call_timeout: Duration,
    /// How long one operation may take, with all of its attempts and the pauses between them.
    pub deadline: Duration,
    /// How long [`create_tables`](crate::DynamoStore::create_tables) waits until a table or an index can be used.
    pub creation_deadline: Duration,
    /// Is told of every attempt; for metrics.
    pub observer: Option<Observer>,
}

impl Settings {
    /// The tables' names begin so where nothing else is said: `skybridge-bookings` is the lesson's table.
    pub const TABLE_PREFIX: &'static str = "skybridge-";

    /// The settings for AWS itself in `region`, as `credentials`, with the usual patience.
    #[must_use]
    pub fn new(region: impl Into<String>, credentials: SharedCredentialsProvider) -> Self {
        Self {
            table_prefix: Self::TABLE_PREFIX.to_owned(),
            endpoint: None,
            region: region.into(),
            credentials,
            connect_timeout: Duration::from_millis(500),
            call_timeout: Duration::from_millis(1500),
            deadline: Duration::from_secs(5),
            creation_deadline: Duration::from_secs(600),
            observer: None,
        }
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings")
            .field("table_prefix", &self.table_prefix)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}
