//! What scanning has to do on DynamoDB beyond the contract: long tables, and items of others.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use skybridge_store::{Attributes, Commit, Key, Record, Store, Table, Write};

use crate::kit::{Place, booking};

/// DynamoDB ends an answer at a megabyte.
#[tokio::test]
async fn a_table_of_more_than_a_megabyte_is_scanned_whole() {
    let place = Place::new().await;
    let store = place.store();
    let mut expected = BTreeMap::new();
    for number in 0..6 {
        let attributes = Attributes::default().with("filling", "x".repeat(380_000));
        let record = Record { attributes, ..booking(&number.to_string()) };
        store.commit(Commit::of(Write::create(record.clone()))).await.unwrap();
        expected.insert(record.key.clone(), record);
    }
    let (mut found, mut after, mut parts) = (BTreeMap::new(), None, 0);
    loop {
        let page = store.scan(Table::Bookings, after.as_deref()).await.unwrap();
        found.extend(page.records.into_iter().map(|record| (record.key.clone(), record)));
        (after, parts) = (page.next, parts + 1);
        if after.is_none() {
            break;
        }
    }
    assert!(found == expected, "all of them");
    assert!(parts > 1, "one answer does not hold them");
    assert_eq!(place.door.counts().eventual_reads, 0, "every part was asked for consistently");
}

#[tokio::test]
async fn an_item_that_is_no_record_is_not_scanned() {
    let place = Place::new().await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = place.raw().put_item().table_name(place.table(Table::Partners));
    put.item("id", text("theirs")).item("agency", text("PartnerCo")).send().await.unwrap();
    let store = place.store();
    let ours = Record { key: Key::new(Table::Partners, "ours"), ..booking("ours") };
    store.commit(Commit::of(Write::create(ours.clone()))).await.unwrap();
    assert_eq!(store.scan(Table::Partners, None).await.unwrap().records, [ours]);
}
