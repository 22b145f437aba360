//! What the emulator cannot express, by name, and where it is made up for.
//!
//! Every check of the contract suite runs on it unaltered; what follows is what DynamoDB does besides. Each entry is
//! probed: an emulator that learns it fails the probe, and the list is to be shortened.

use aws_sdk_dynamodb::types::{AttributeValue, TableStatus};
use skybridge_dynamodb_local::Fault;
use skybridge_store::{Commit, Order, Query, Store, Table, Write};

use crate::kit::{Place, booking};

/// What is lacking, and what stands in for it.
const LACKING: [(&str, &str); 5] = [
    ("a table that is still being created", "unit tests of the survey"),
    ("an index that follows its table with a lag", "a move between the two reads of a listing"),
    ("a read that lags, unless it asks to be consistent", "the door, which sees what is asked for"),
    ("a conflict with a transaction under way", "the door"),
    ("throttling, failures and broken connections", "the door"),
];

#[tokio::test]
async fn what_the_emulator_lacks_is_just_this() {
    let mut found = Vec::new();
    let place = Place::bare();
    place.store().create_tables().await.unwrap();
    let looks = place.outcomes().len();
    let described =
        place.raw().describe_table().table_name(place.table(Table::Bookings)).send().await.unwrap();
    // A look and an order for each table, and one look more that finds it ready: nothing was waited for.
    if looks == 3 * Table::ALL.len() && described.table.unwrap().table_status == Some(TableStatus::Active) {
        found.push(LACKING[0]);
    }
    if lists_at_once(&place).await {
        found.push(LACKING[1]);
    }
    if reads_at_once(&place).await {
        found.push(LACKING[2]);
    }
    if !meets_conflicts(&place).await {
        found.push(LACKING[3]);
    }
    // Everything above was answered at the first attempt, as everything is.
    if place.attempts.lock().unwrap().iter().all(|attempt| attempt.retry == 0) {
        found.push(LACKING[4]);
    }
    for (lacking, instead) in &found {
        println!("the emulator has no equivalent of: {lacking} (instead: {instead})");
    }
    assert_eq!(found, LACKING);
    assert!(Fault::QUICK.contains(&Fault::Conflict) && Fault::QUICK.contains(&Fault::Throttle));
}

async fn lists_at_once(place: &Place) -> bool {
    let store = place.store();
    for n in 0..20 {
        store.commit(Commit::of(Write::create(booking(&n.to_string())))).await.unwrap();
        let query = Query {
            table: Table::Bookings,
            partition: "PartnerCo".to_owned(),
            from: None,
            to: None,
            order: Order::Ascending,
            limit: Query::LIMIT_MAX,
            after: None,
        };
        if store.query(&query).await.unwrap().records.len() != n + 1 {
            return false;
        }
    }
    true
}

/// Twenty records, each read without asking for consistency right after it was put.
async fn reads_at_once(place: &Place) -> bool {
    for n in 0..20 {
        let id = format!("read {n}");
        place.store().commit(Commit::of(Write::create(booking(&id)))).await.unwrap();
        let read = place.raw().get_item().table_name(place.table(Table::Bookings)).consistent_read(false);
        if read.key("booking_id", AttributeValue::S(id)).send().await.unwrap().item.is_none() {
            return false;
        }
    }
    true
}

/// Twenty transactions on one record at once.
async fn meets_conflicts(place: &Place) -> bool {
    let stores: Vec<_> = (0..20).map(|_| place.store()).collect();
    let writes = vec![Write::create(booking("x")), Write::create(booking("y"))];
    let commits = stores.iter().map(|store| store.commit(Commit { writes: writes.clone() }));
    futures_util::future::join_all(commits).await;
    let attempts = place.attempts.lock().unwrap();
    attempts.iter().any(|attempt| attempt.outcome == skybridge_store_dynamodb::Outcome::Conflict)
}
