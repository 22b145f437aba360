//! Over DynamoDB: the tables, several servers on them, and exactly once through everything that goes wrong.

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use skybridge_dynamodb_local::{Fault, Faults, FaultyDoor, LocalDynamo};
use skybridge_machine::MachineRandomness;
use skybridge_store::Table;
use skybridge_store_dynamodb::{
    Credentials, DynamoStore, Preparation, Settings, SharedCredentialsProvider, TableState,
};
use tempfile::tempdir;
use tokio::task::JoinSet;

use crate::kit::app::{BEGIN, PlanTerms};
use crate::kit::program::{Caller, on_dynamodb, run_on_dynamodb};
use crate::kit::{App, Program, bodies};

/// The tables at `endpoint`, as a server knows them.
pub(crate) fn store_at(endpoint: String) -> Arc<DynamoStore> {
    let credentials = Credentials::new("local", "local", None, None, "the test");
    let mut settings = Settings::new("us-east-2", SharedCredentialsProvider::new(credentials));
    settings.endpoint = Some(endpoint);
    Arc::new(DynamoStore::connect(&settings, Arc::new(MachineRandomness)))
}

/// The request that the lesson's `aws dynamodb create-table` sends.
fn create_the_lessons_table(dynamo: &LocalDynamo) {
    let request = json!({
        "TableName": "skybridge-bookings",
        "AttributeDefinitions": [{ "AttributeName": "booking_id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "booking_id", "KeyType": "HASH" }],
        "BillingMode": "PAY_PER_REQUEST",
    });
    raw(dynamo, "CreateTable", &request);
}

/// Sends one request as it is: dynoxide asks for no signature that holds.
pub(crate) fn raw(dynamo: &LocalDynamo, operation: &str, request: &Value) -> Value {
    let scope = "Credential=local/20270101/us-east-2/dynamodb/aws4_request";
    let answer = ureq::post(dynamo.endpoint())
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .header("content-type", "application/x-amz-json-1.0")
        .header("authorization", format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"))
        .header("x-amz-date", "20270101T120000Z")
        .send(request.to_string());
    answer.expect("the server answers").body_mut().read_json().expect("the answer is JSON")
}

#[tokio::test]
async fn the_lessons_table_books_and_reads_and_says_what_listing_lacks() {
    let dynamo = LocalDynamo::start().unwrap();
    create_the_lessons_table(&dynamo);
    let store = store_at(dynamo.endpoint());
    // The tables beside it, without touching the lesson's: made for a store of another prefix would not do.
    let survey = store.survey().await.unwrap();
    assert_eq!(*survey.state(Table::Bookings), TableState::WithoutIndex);
    assert_eq!(*survey.state(Table::Partners), TableState::Absent);
    for table in ["partners", "limits", "audit"] {
        raw(&dynamo, "CreateTable", &beside(table));
    }
    let app = App::over(store.clone(), BEGIN).await;
    let agency = app.agency("PartnerCo").await;

    let booked = agency.post("/booking", &json!({ "agency": "PartnerCo" })).await.expect(201);
    let id = booked.booking_id();
    agency.get(&format!("/v1/bookings/{id}")).await.expect(200);
    let key = json!({ "booking_id": { "S": id } });
    let item = raw(&dynamo, "GetItem", &json!({ "TableName": "skybridge-bookings", "Key": key }));
    let lessons =
        ["booking_id", "agency", "status"].map(|name| item["Item"][name]["S"].as_str().unwrap().to_owned());
    assert_eq!(lessons, [id.as_str(), "PartnerCo", "CREATED"]);

    let refused = agency.get("/v1/bookings").await.expect_refusal(503, "store-unavailable").json();
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("index `listing`"), "{detail}");

    let done = store.create_tables().await.unwrap();
    assert_eq!(done[0], Preparation::IndexAdded("skybridge-bookings".to_owned()));
    let listed = agency.get("/v1/bookings").await.expect(200).json();
    assert_eq!(listed["bookings"][0]["booking_id"], id);
}

/// A table beside the lesson's, with its index.
fn beside(table: &str) -> Value {
    let text = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
    let part = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
    json!({
        "TableName": format!("skybridge-{table}"),
        "AttributeDefinitions": [text("id"), text("listing_partition"), text("listing_sort")],
        "KeySchema": [part("id", "HASH")],
        "BillingMode": "PAY_PER_REQUEST",
        "GlobalSecondaryIndexes": [{
            "IndexName": "listing",
            "KeySchema": [part("listing_partition", "HASH"), part("listing_sort", "RANGE")],
            "Projection": { "ProjectionType": "KEYS_ONLY" },
        }],
    })
}

/// Runs a server that cannot start to its end.
fn serve_in_vain(data: &Path, endpoint: &str, more: &[&str]) -> Output {
    let listeners = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    run_on_dynamodb(data, endpoint, &[&listeners, more].concat())
}

#[test]
fn a_server_without_its_tables_says_how_to_make_them() {
    let dynamo = LocalDynamo::start().unwrap();
    let data = tempdir().unwrap();
    let refused = serve_in_vain(data.path(), &dynamo.endpoint(), &["--store", "dynamodb"]);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success());
    for table in ["skybridge-bookings", "skybridge-partners", "--create-tables"] {
        assert!(told.contains(table), "{table} in: {told}");
    }
    let refused = serve_in_vain(data.path(), &dynamo.endpoint(), &["--create-tables"]);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("--store dynamodb"), "{told}");
}

#[test]
fn a_server_that_nobody_answers_says_where_it_asked() {
    let nobody = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let data = tempdir().unwrap();
    let refused = serve_in_vain(data.path(), &format!("http://{nobody}"), &["--store", "dynamodb"]);
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && told.contains("skybridge-bookings"), "{told}");
}

/// Two servers on the same tables, each with a data directory of its own.
#[tokio::test(flavor = "multi_thread")]
async fn servers_on_the_same_tables_are_one_counter() {
    let dynamo = LocalDynamo::start().unwrap();
    let (here_data, there_data) = (tempdir().unwrap(), tempdir().unwrap());
    let serve = |data: &Path| {
        Program::start(on_dynamodb(data, &dynamo.endpoint()), &["--store", "dynamodb", "--create-tables"])
    };
    let here = serve(here_data.path());
    let there = serve(there_data.path());
    let cli = |words: &[&str]| -> Value {
        let output = run_on_dynamodb(here_data.path(), &dynamo.endpoint(), &[words, &["--json"]].concat());
        assert!(output.status.success(), "{words:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    cli(&["plan", "set", "ample", "--rate", "1000", "--burst", "1000"]);
    cli(&["agency", "create", "PartnerCo", "--plan", "ample"]);
    let key = cli(&["key", "create", "PartnerCo"]);
    let caller = Caller::with_key(key["key"].as_str().unwrap());

    // The other server looks for changes twice a second; each try waits for an answer.
    let known = answered(&caller, &there, 200).await;
    assert!(known, "a key made on one server is taken on the other");
    let made = caller.book(&here.public, "order-1", &bodies::example()).await.unwrap().expect(201);
    let again = caller.book(&there.public, "order-1", &bodies::example()).await.unwrap().expect(201);
    assert_eq!(made.body, again.body);
    assert_eq!(again.header("idempotent-replayed"), "true");
    let found = caller.get(&format!("{}/v1/bookings/{}", there.public, made.booking_id())).await.unwrap();
    assert_eq!(found.expect(200).json()["booking_id"], made.json()["booking_id"]);

    cli(&["key", "revoke", key["key_id"].as_str().unwrap()]);
    caller.get(&format!("{}/v1/usage", here.public)).await.unwrap().expect(401);
    assert!(answered(&caller, &there, 401).await, "a key revoked on one server is refused on the other");
    assert!(here.terminate() && there.terminate());
}

/// Asks until the answer has this status, which it must within a second; `false` if it has not.
async fn answered(caller: &Caller, server: &Program, status: u16) -> bool {
    let url = format!("{}/v1/usage", server.public);
    let asking = async {
        while caller.get(&url).await.unwrap().status.as_u16() != status {
            tokio::task::yield_now().await;
        }
    };
    // Wide enough for a machine that is busy with other tests; the promise itself is half a second and a read.
    tokio::time::timeout(std::time::Duration::from_secs(10), asking).await.is_ok()
}

#[test]
fn doctor_looks_at_the_tables() {
    let dynamo = LocalDynamo::start().unwrap();
    let data = tempdir().unwrap();
    let doctor = || {
        let mut command: Command = on_dynamodb(data.path(), &dynamo.endpoint());
        command.env("SKYBRIDGE_STORE", "dynamodb").arg("doctor").output().unwrap()
    };
    let told = String::from_utf8(doctor().stdout).unwrap();
    assert!(told.contains("skybridge-bookings") && told.contains("--create-tables"), "{told}");
    let server = Program::start(
        on_dynamodb(data.path(), &dynamo.endpoint()),
        &["--store", "dynamodb", "--create-tables"],
    );
    server.kill();
    let told = String::from_utf8(doctor().stdout).unwrap();
    assert!(told.contains("the tables are there"), "{told}");
}

#[test]
fn a_start_without_dynamodb_says_once_what_to_look_at() {
    let data = tempdir().unwrap();
    // tcpmux, which nobody runs any more.
    let endpoint = "http://127.0.0.1:1";
    let words = ["serve", "--store", "dynamodb", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let started = on_dynamodb(data.path(), endpoint).args(words).output().unwrap();
    let told = String::from_utf8(started.stderr).unwrap();
    assert!(!started.status.success());
    assert!(told.contains(endpoint), "{told}");
    assert_eq!(told.matches("cannot be reached").count(), 1, "{told}");
}

/// How many bookings go through the faulty door.
const BOOKINGS: usize = 10_000;
const CALLERS: usize = 16;
/// More tries than three faults in ten can use up.
const TRIES_MAX: usize = 100;

/// 30 of 100 requests to DynamoDB fail, among them writes that take place and lose their answer. Callers retry with
/// their keys whatever is a 503.
#[tokio::test(flavor = "multi_thread")]
async fn each_key_makes_one_booking_through_every_fault() {
    let dynamo = LocalDynamo::start().unwrap();
    store_at(dynamo.endpoint()).create_tables().await.unwrap();
    let door = FaultyDoor::before(&dynamo.endpoint(), Faults::none()).unwrap();
    let app = Arc::new(App::over(store_at(door.endpoint()), BEGIN).await);
    let key = app.agency_on("PartnerCo", PlanTerms::AMPLE).await.credential().to_owned();
    door.set(Faults::quick(30, 3));

    let (next, retries) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (app, next, retries, key) =
            (Arc::clone(&app), Arc::clone(&next), Arc::clone(&retries), key.clone());
        callers.spawn(async move {
            let mut made = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= BOOKINGS {
                    return made;
                }
                let reference = format!("order-{number}");
                let body = bodies::example_with("agency_reference", json!(reference));
                let mut tries = 0..TRIES_MAX;
                let answer = loop {
                    tries.next().expect("a hundred tries are enough");
                    let answer = app.with_key(&key).book(&reference, &body).await;
                    match answer.status.as_u16() {
                        201 => break answer,
                        // Neither a false 404 nor a false 422 is retried: it fails the test.
                        503 => retries.fetch_add(1, Ordering::Relaxed),
                        other => panic!("{other}: {answer:?}"),
                    };
                };
                made.push((reference, answer.booking_id()));
            }
        });
    }
    let mut made = HashMap::new();
    while let Some(caller) = callers.join_next().await {
        made.extend(caller.unwrap());
    }
    let counts = door.take_counts();
    door.set(Faults::none());
    assert_eq!(made.len(), BOOKINGS);
    for fault in [Fault::Throttle, Fault::ServerError, Fault::Conflict, Fault::ResetBefore, Fault::ResetAfter]
    {
        assert!(counts.faults_of(fault) > 100, "{fault:?} came too seldom: {counts:?}");
    }
    println!(
        "{BOOKINGS} bookings; callers' retries: {}; requests: {:?}; writes of bookings, tries included: {}",
        retries.load(Ordering::Relaxed),
        counts.requests,
        counts.writes_to("skybridge-bookings"),
    );
    assert_eq!(
        bookings_by_reference(&app, &key).await,
        made,
        "each key made one booking, and no other is there"
    );
}

/// Every booking that is there, by its reference; two of one reference would be one too many.
async fn bookings_by_reference(app: &App, key: &str) -> HashMap<String, String> {
    let mut found = HashMap::new();
    let mut cursor = String::new();
    loop {
        let page = app.with_key(key).get(&format!("/v1/bookings?limit=100{cursor}")).await.expect(200).json();
        for booking in page["bookings"].as_array().unwrap() {
            let text = |name: &str| booking[name].as_str().unwrap().to_owned();
            let twin = found.insert(text("agency_reference"), text("booking_id"));
            assert_eq!(twin, None, "two bookings of one key");
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}
