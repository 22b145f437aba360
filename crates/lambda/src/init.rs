//! The start of the function, its events, its end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use http::Request;
use lambda_runtime::{LambdaEvent, Runtime, service_fn};
use lambda_runtime_api_client::PooledClient;
use lambda_runtime_api_client::body::Body;
use serde_json::json;
use serde_json::value::RawValue;
use skybridge_api::public;
use skybridge_api::screening::Terms;
use skybridge_desk::{Desk, Node};
use skybridge_domain::id::Randomness as _;
use skybridge_domain::key::PepperId;
use skybridge_gate::Peppers;
use skybridge_machine::{MachineClock, MachineRandomness};
use skybridge_store_dynamodb::DynamoStore;
use tokio::signal::unix::{SignalKind, signal};

use crate::function::Function;
use crate::logs;
use crate::settings::{self, Screening, Settings};

/// Lambda kills a process half a second after it asked it to end
/// (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>).
const SETTLE_MAX: Duration = Duration::from_millis(400);

/// Answers events until Lambda ends the process.
pub async fn serve() -> anyhow::Result<()> {
    let filter = settings::log_filter();
    logs::start(filter.as_ref().cloned().unwrap_or_default());
    if let Some(missing) = settings::missing_of_lambda() {
        anyhow::bail!(
            "{missing} is not set: this program is a Lambda function's, and only Lambda can run it"
        );
    }
    let opened = async {
        filter?;
        open().await
    };
    let function = match opened.await {
        Ok(function) => Arc::new(function),
        Err(error) => {
            report(&error).await;
            return Err(error);
        }
    };
    // Lambda sends it only to functions with an extension, others are killed. What was leased then lapses by itself.
    let mut end = signal(SignalKind::terminate())?;
    let answering = Arc::clone(&function);
    let events = Runtime::new(service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let function = Arc::clone(&answering);
        async move { function.answer(event.payload.get(), &event.context).await }
    }));
    tokio::select! {
        ended = events.run() => ended.map_err(|error| anyhow::anyhow!(error)),
        _ = end.recv() => {
            let settled = tokio::time::timeout(SETTLE_MAX, function.settle()).await;
            settled.context("the limits were not settled in time")?.context("the limits were not settled")
        }
    }
}

/// Everything that must stand before the first event.
async fn open() -> anyhow::Result<Function> {
    let Settings { store, peppers, gateway_keys, errors, public_url, addresses, screening } =
        Settings::read()?;
    let chance = Arc::new(MachineRandomness);
    // The one place of the function that names a store.
    let store = Arc::new(DynamoStore::connect(&store, Arc::clone(&chance) as _));
    let peppers = peppers.unwrap_or_else(no_pepper);
    let node = Node::function(&*chance);
    let desk = Desk::open(store, peppers, Arc::new(MachineClock), chance, node);
    // The routes are described while the tables are asked.
    let (desk, routes) = tokio::join!(biased; desk, async { public::Routes::described() });
    let desk = desk.context("the tables cannot be read")?.with_address_terms(addresses);
    let Screening { screen, signatures, advice } = screening;
    let terms = Terms { signatures, advice, ..Terms::default() };
    let screening = Arc::new(skybridge_api::screening::Screening::new(screen, terms));
    let options = public::Options { errors, public_url, screening, ..public::Options::default() };
    Ok(Function::new(desk, routes, gateway_keys, options))
}

/// A pepper that no key was made under: where the gateway checks the keys, one that it did not check is unknown.
fn no_pepper() -> Peppers {
    let mut bytes = [0; 32];
    MachineRandomness.fill(&mut bytes);
    Peppers::new(PepperId::parse("none").expect("a word is a pepper's id"), bytes)
}

/// Tells Lambda why the function cannot start
/// (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-initerror>).
async fn report(error: &anyhow::Error) {
    let text = json!({ "errorType": "Init", "errorMessage": format!("{error:#}") }).to_string();
    let request = Request::post("/2018-06-01/runtime/init/error")
        .header("lambda-runtime-function-error-type", "Runtime.InitError")
        .header("content-type", "application/json")
        .body(Body::from(text))
        .expect("a fixed path and fixed headers make a request");
    if let Err(unreported) = PooledClient::builder().build().call(request).await {
        tracing::warn!(error = unreported.to_string(), "Lambda could not be told");
    }
}
