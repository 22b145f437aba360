//! What stands in the tables, as the lesson's commands and the AWS console show it.

use aws_sdk_dynamodb::types::AttributeValue;
use skybridge_store::{Attributes, Commit, CommitError, Key, Record, Store, StoreError, Table, Write};

use crate::kit::{Place, booking, changed};

#[tokio::test]
async fn a_booking_stands_as_the_lesson_writes_it_with_more_beside() {
    let place = Place::new().await;
    place.store().commit(Commit::of(Write::create(booking("b-1")))).await.unwrap();
    let key = AttributeValue::S("b-1".to_owned());
    let read = place.raw().get_item().table_name(place.table(Table::Bookings)).key("booking_id", key.clone());
    let item = read.send().await.unwrap().item.expect("it was put");
    let text = |text: &str| AttributeValue::S(text.to_owned());
    assert_eq!(item["booking_id"], text("b-1"));
    assert_eq!(item["agency"], text("PartnerCo"));
    assert_eq!(item["status"], text("CREATED"));
    assert_eq!(item["version"], AttributeValue::N("1".to_owned()));
    assert_eq!(item["listing_partition"], text("PartnerCo"));
    assert_eq!(item["listing_sort"], text("at b-1\0b-1"));
    assert_eq!(item["commits"].as_b().unwrap().as_ref().len(), 8);
    assert_eq!(item.len(), 7);
}

#[tokio::test]
async fn an_attribute_cannot_take_a_name_of_the_store() {
    let place = Place::new().await;
    let store = place.store();
    for (table, name) in [
        (Table::Bookings, "booking_id"),
        (Table::Partners, "id"),
        (Table::Bookings, "version"),
        (Table::Bookings, "commits"),
        (Table::Audit, "listing_partition"),
        (Table::Limits, "listing_sort"),
    ] {
        let attributes = Attributes::default().with(name, "x");
        let record = Record { key: Key::new(table, "a"), version: 1, listing: None, attributes };
        for writes in
            [vec![Write::create(record.clone())], vec![Write::create(booking("z")), Write::create(record)]]
        {
            let outcome = store.commit(Commit { writes }).await;
            assert!(
                matches!(outcome, Err(CommitError::Store(StoreError::Refused(_)))),
                "{name}: {outcome:?}"
            );
        }
        assert_eq!(store.get(&Key::new(table, "a")).await.unwrap(), None);
    }
    assert_eq!(place.outcomes().len(), 6, "only the reads were sent");
}

#[tokio::test]
async fn an_item_of_the_lessons_handler_is_named_and_left_alone() {
    let place = Place::new().await;
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let put = place.raw().put_item().table_name(place.table(Table::Bookings));
    let put = put.item("booking_id", text("theirs")).item("agency", text("PartnerCo"));
    put.item("status", text("CREATED")).send().await.unwrap();

    let store = place.store();
    let found = store.get(&Key::new(Table::Bookings, "theirs")).await;
    let Err(StoreError::Damaged { table: Table::Bookings, id, source }) = found else { panic!("{found:?}") };
    assert_eq!(id, "theirs");
    assert!(source.to_string().contains("SkyBridge did not write it"), "{source}");

    for write in
        [Write::create(booking("theirs")), Write::replace(changed(&booking("theirs"), "CONFIRMED"), 1)]
    {
        let outcome = store.commit(Commit::of(write)).await;
        assert!(matches!(outcome, Err(CommitError::Store(StoreError::Damaged { .. }))), "{outcome:?}");
    }
    let read =
        place.raw().get_item().table_name(place.table(Table::Bookings)).key("booking_id", text("theirs"));
    assert_eq!(read.send().await.unwrap().item.unwrap().len(), 3, "it is as it was");
}

#[tokio::test]
async fn an_item_that_was_changed_by_hand_is_damaged_not_misread() {
    let place = Place::new().await;
    let store = place.store();
    store.commit(Commit::of(Write::create(booking("a")))).await.unwrap();
    for (name, value) in [
        ("version", AttributeValue::N("1.5".to_owned())),
        ("version", AttributeValue::S("1".to_owned())),
        ("status", AttributeValue::Null(true)),
        ("status", AttributeValue::N("-1".to_owned())),
        ("events", AttributeValue::Ss(vec!["a".to_owned()])),
        ("listing_sort", AttributeValue::S("at a".to_owned())),
    ] {
        let table = place.table(Table::Bookings);
        let key = AttributeValue::S("a".to_owned());
        let read = place.raw().get_item().table_name(&table).key("booking_id", key);
        let whole = read.send().await.unwrap().item.unwrap();
        let mut broken = whole.clone();
        broken.insert(name.to_owned(), value);
        place.raw().put_item().table_name(&table).set_item(Some(broken)).send().await.unwrap();
        let found = store.get(&Key::new(Table::Bookings, "a")).await;
        let Err(StoreError::Damaged { source, .. }) = found else { panic!("{name}: {found:?}") };
        assert!(source.to_string().contains(name), "{source}");
        place.raw().put_item().table_name(&table).set_item(Some(whole)).send().await.unwrap();
    }
}
