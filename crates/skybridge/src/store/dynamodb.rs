//! The store on DynamoDB, as this machine reaches it: what the configuration leaves open is found as the AWS tools
//! find it.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_http_client::{Builder, tls};
use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};
use skybridge_machine::MachineRandomness;
use skybridge_store::Table;
use skybridge_store_dynamodb::{Attempt, DynamoStore, Settings, Survey, TableState};

use crate::config::{DynamoDb, environment};

/// The lesson's region, where nobody says another.
const REGION: &str = "us-east-2";

/// Where the tables are, and who asks for them.
async fn settings(config: &DynamoDb) -> anyhow::Result<Settings> {
    let found = as_the_aws_tools_find_it(config).await;
    let region = found.region().map_or(REGION, |region| region.as_ref()).to_owned();
    let credentials = found.credentials_provider().context(
        "no AWS credentials are configured: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`",
    )?;
    let mut settings = Settings::new(region, credentials);
    settings.table_prefix.clone_from(&config.table_prefix);
    settings.endpoint = endpoint(config, &found);
    describe();
    settings.observer = Some(Arc::new(observe));
    Ok(settings)
}

/// A client of the tables; nothing is sent to them yet.
fn connect(settings: &Settings) -> DynamoStore {
    DynamoStore::connect(settings, Arc::new(MachineRandomness))
}

/// A store whose tables are there.
pub(crate) async fn open(config: &DynamoDb, create_tables: bool) -> anyhow::Result<DynamoStore> {
    let settings = settings(config).await?;
    let store = connect(&settings);
    if create_tables {
        tracing::info!("creating the tables and indexes that are missing; an index takes minutes");
        for done in store.create_tables().await.with_context(|| failed(&settings, "make the tables"))? {
            tracing::info!("{done}");
        }
    }
    let survey = store.survey().await.with_context(|| failed(&settings, LOOK))?;
    match flaws(&survey).as_slice() {
        [] => Ok(store),
        flaws => bail!("the tables cannot be used:\n  {}", flaws.join("\n  ")),
    }
}

/// How the tables stand; for a command, which has no runtime of its own.
pub(crate) fn survey(config: &DynamoDb) -> anyhow::Result<Survey> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let settings = settings(config).await?;
        connect(&settings).survey().await.with_context(|| failed(&settings, LOOK))
    })
}

const LOOK: &str = "tell which tables there are";

/// What `DynamoDB` did not do, and which one that was.
fn failed(settings: &Settings, what: &str) -> String {
    let place = settings.endpoint.as_ref().unwrap_or(&settings.region);
    format!("DynamoDB ({place}) did not {what}")
}

/// What keeps the tables from being used. A table of bookings that cannot list, as the lesson makes it, is told of in
/// the log and served.
pub(crate) fn flaws(survey: &Survey) -> Vec<String> {
    let mut flaws = Vec::new();
    for (table, name, state) in &survey.tables {
        match (table, state) {
            // Nobody lists limits.
            (_, TableState::Ready) | (Table::Limits, TableState::WithoutIndex) => {}
            (Table::Bookings, TableState::WithoutIndex) => tracing::warn!("table {name}: {state}"),
            _ => flaws.push(format!("table {name}: {state}")),
        }
    }
    flaws
}

async fn as_the_aws_tools_find_it(config: &DynamoDb) -> SdkConfig {
    // The one crypto provider of the program; the SDK's default client would bring another.
    let tls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let client = Builder::new().tls_provider(tls).build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(client);
    if let Some(region) = &config.region {
        loader = loader.region(Region::new(region.clone()));
    }
    loader.load().await
}

fn endpoint(config: &DynamoDb, found: &SdkConfig) -> Option<String> {
    let of_the_service = || environment::read("AWS_ENDPOINT_URL_DYNAMODB");
    config.endpoint.clone().or_else(of_the_service).or_else(|| found.endpoint_url().map(str::to_owned))
}

fn describe() {
    describe_counter!("skybridge_dynamodb_attempts_total", "Requests to DynamoDB, by operation and outcome");
    describe_histogram!("skybridge_dynamodb_attempt_seconds", Unit::Seconds, "Time of a request to DynamoDB");
}

fn observe(attempt: &Attempt) {
    let (operation, outcome) = (attempt.operation.name(), attempt.outcome.name());
    counter!("skybridge_dynamodb_attempts_total", "operation" => operation, "outcome" => outcome)
        .increment(1);
    histogram!("skybridge_dynamodb_attempt_seconds", "operation" => operation).record(attempt.duration);
}
