//! What listing has to do on DynamoDB beyond the contract: long answers, partial ones, and an index that lags.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use skybridge_dynamodb_local::Fault;
use skybridge_store::{Commit, Key, Listing, Order, Query, Record, Store, Table, Write};
use skybridge_store_dynamodb::{Operation, Outcome, Settings};

use crate::kit::{Place, block_on, booking, changed};

fn whole() -> Query {
    Query {
        table: Table::Bookings,
        partition: "PartnerCo".to_owned(),
        from: None,
        to: None,
        order: Order::Ascending,
        limit: Query::LIMIT_MAX,
        after: None,
    }
}

async fn create(place: &Place, records: &[Record]) {
    let store = place.other_node();
    for records in records.chunks(Commit::WRITES_MAX) {
        let writes = records.iter().cloned().map(Write::create).collect();
        store.commit(Commit { writes }).await.expect("none of them stands yet");
    }
}

/// DynamoDB ends an answer at a megabyte; entries of the greatest length reach that before a page is full.
#[tokio::test]
async fn a_page_is_gathered_from_answers_of_a_megabyte() {
    const RECORDS: u16 = 800;
    let place = Place::new().await;
    let long = "x".repeat(500);
    let record = |n: u16| {
        let listing = Listing { partition: long.clone(), sort: format!("{n:04}{}", &long[4..]) };
        let id = format!("{}{n:04}", &long[4..]);
        Record { key: Key::new(Table::Bookings, id), listing: Some(listing), ..booking("") }
    };
    let records: Vec<Record> = (0..RECORDS).map(record).collect();
    create(&place, &records).await;
    let page = place.store().query(&Query { partition: long.clone(), ..whole() }).await.unwrap();
    assert_eq!((page.records.len(), page.next), (records.len(), None));
    assert!(page.records == records, "all of them, in order");
    let asked = place.door.counts().requests_of("Query");
    assert!(asked > 1, "one answer does not hold them");
}

#[tokio::test]
async fn what_a_batch_leaves_unprocessed_is_asked_for_again() {
    let place = Place::new().await;
    let records: Vec<Record> = (0..6).map(|n| booking(&n.to_string())).collect();
    create(&place, &records).await;
    place.door.inject("BatchGetItem", Fault::HalfBatch);
    place.door.inject("BatchGetItem", Fault::HalfBatch);
    let page = place.store().query(&whole()).await.unwrap();
    assert_eq!(page.records, records);
    let batch = |outcome| (Operation::BatchGetItem, outcome);
    let expected = [
        (Operation::Query, Outcome::Done),
        batch(Outcome::Partial),
        batch(Outcome::Partial),
        batch(Outcome::Done),
    ];
    assert_eq!(place.outcomes(), expected);
}

/// Between the look at the index and the read of the table, another node moves a record on.
#[tokio::test]
async fn a_record_that_moved_meanwhile_is_not_shown_where_it_no_longer_stands() {
    let place = Arc::new(Place::new().await);
    create(&place, &[booking("a"), booking("b"), booking("c")]).await;
    let moved = Record {
        listing: Some(Listing { partition: "PartnerCo".to_owned(), sort: "at z".to_owned() }),
        ..changed(&booking("b"), "CONFIRMED")
    };
    let has_moved = AtomicBool::new(false);
    let (elsewhere, to) = (Arc::clone(&place), moved.clone());
    let settings = Settings {
        observer: Some(Arc::new(move |attempt| {
            if attempt.operation == Operation::Query && !has_moved.swap(true, Ordering::Relaxed) {
                replace_from_another_thread(Arc::clone(&elsewhere), to.clone());
            }
        })),
        ..place.settings()
    };
    let store = place.store_of(&settings);
    let page = store.query(&whole()).await.unwrap();
    assert_eq!(page.records, [booking("a"), booking("c")], "its new place was behind what the index told");
    assert_eq!(store.query(&whole()).await.unwrap().records, [booking("a"), booking("c"), moved]);
}

/// A page that lost an entry so is filled up from what comes after.
#[tokio::test]
async fn a_page_is_filled_up_when_a_record_of_it_has_moved() {
    let place = Arc::new(Place::new().await);
    create(&place, &[booking("a"), booking("b"), booking("c"), booking("d")]).await;
    let gone = Record { listing: None, ..changed(&booking("a"), "CANCELLED") };
    let has_moved = AtomicBool::new(false);
    let elsewhere = Arc::clone(&place);
    let settings = Settings {
        observer: Some(Arc::new(move |attempt| {
            if attempt.operation == Operation::Query && !has_moved.swap(true, Ordering::Relaxed) {
                replace_from_another_thread(Arc::clone(&elsewhere), gone.clone());
            }
        })),
        ..place.settings()
    };
    let page = place.store_of(&settings).query(&Query { limit: 2, ..whole() }).await.unwrap();
    assert_eq!(page.records, [booking("b"), booking("c")]);
    assert_eq!(page.next.map(|next| next.id), Some("c".to_owned()));
}

/// An observer cannot wait for a future, so another thread does.
fn replace_from_another_thread(place: Arc<Place>, record: Record) {
    let act = move || {
        let expected = record.version - 1;
        let store = place.other_node();
        block_on(store.commit(Commit::of(Write::replace(record, expected))))
            .expect("it stands at that version");
    };
    std::thread::spawn(act).join().expect("the replacement takes place");
}
