//! The tables: as the lesson makes them, as we make them, and as they must not be.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ProjectionType, ScalarAttributeType,
};
use skybridge_store::{Commit, Order, Query, Store, StoreError, Table, Write};
use skybridge_store_dynamodb::{Preparation, PrepareError, TableState, hash_key, names};

use crate::kit::{Place, booking};

/// `aws dynamodb create-table --attribute-definitions AttributeName=…,AttributeType=S --key-schema
/// AttributeName=…,KeyType=HASH --billing-mode PAY_PER_REQUEST`, as in the lesson.
async fn make_as_in_the_lesson(place: &Place, table: Table, key: &str) {
    let attribute = AttributeDefinition::builder().attribute_name(key).attribute_type(ScalarAttributeType::S);
    let element = KeySchemaElement::builder().attribute_name(key).key_type(KeyType::Hash);
    let request = place.raw().create_table().table_name(place.table(table));
    let request = request.attribute_definitions(attribute.build().expect("it has a name and a type"));
    let request = request
        .key_schema(element.build().expect("it has a name and a kind"))
        .billing_mode(BillingMode::PayPerRequest);
    request.send().await.expect("there is no such table yet");
}

fn listing() -> Query {
    Query {
        table: Table::Bookings,
        partition: "PartnerCo".to_owned(),
        from: None,
        to: None,
        order: Order::Ascending,
        limit: 10,
        after: None,
    }
}

#[tokio::test]
async fn tables_are_made_once_and_as_the_lesson_makes_its_own() {
    let place = Place::bare();
    let store = place.store();
    let before = store.survey().await.unwrap();
    assert!(before.tables.iter().all(|(_, _, state)| *state == TableState::Absent), "{before}");
    assert!(!before.is_ready());

    let names = Table::ALL.map(|table| place.table(table));
    let created = names.clone().map(Preparation::TableCreated);
    assert_eq!(store.create_tables().await.unwrap(), created);
    assert!(store.survey().await.unwrap().is_ready());
    assert_eq!(store.create_tables().await.unwrap(), names.map(Preparation::Stood));

    for table in Table::ALL {
        let described = place.raw().describe_table().table_name(place.table(table)).send().await.unwrap();
        let described = described.table.unwrap();
        let [key] = described.key_schema() else { panic!("one key element: {described:?}") };
        assert_eq!((key.attribute_name(), key.key_type()), (hash_key(table), &KeyType::Hash));
        let billing = described.billing_mode_summary().and_then(|summary| summary.billing_mode());
        assert_eq!(billing, Some(&BillingMode::PayPerRequest));
        let [index] = described.global_secondary_indexes() else { panic!("one index: {described:?}") };
        assert_eq!(index.index_name(), Some(names::LISTING_INDEX));
        let projection = index.projection().and_then(|projection| projection.projection_type());
        assert_eq!(projection, Some(&ProjectionType::KeysOnly));
    }
    assert_eq!(hash_key(Table::Bookings), "booking_id", "the lesson's table");
}

#[tokio::test]
async fn a_table_of_the_lesson_books_and_reads_and_says_what_listing_lacks() {
    let place = Place::bare();
    make_as_in_the_lesson(&place, Table::Bookings, "booking_id").await;
    let store = place.store();
    assert_eq!(*store.survey().await.unwrap().state(Table::Bookings), TableState::WithoutIndex);

    store.commit(Commit::of(Write::create(booking("a")))).await.unwrap();
    assert_eq!(store.get(&booking("a").key).await.unwrap(), Some(booking("a")));

    let Err(StoreError::Unlisted(error)) = store.query(&listing()).await else {
        panic!("no index to list by")
    };
    let text = error.to_string();
    assert!(text.contains(&place.table(Table::Bookings)), "{text}");
    assert!(text.contains("no index `listing`") && text.contains("--create-tables"), "{text}");
}

#[tokio::test]
async fn the_index_is_added_to_a_table_of_the_lesson_and_lists_what_was_booked_before() {
    let place = Place::bare();
    make_as_in_the_lesson(&place, Table::Bookings, "booking_id").await;
    let store = place.store();
    store.commit(Commit::of(Write::create(booking("a")))).await.unwrap();

    let done = store.create_tables().await.unwrap();
    assert_eq!(done[0], Preparation::IndexAdded(place.table(Table::Bookings)));
    assert_eq!(done[1], Preparation::TableCreated(place.table(Table::Partners)));
    assert!(store.survey().await.unwrap().is_ready());
    assert_eq!(store.query(&listing()).await.unwrap().records, [booking("a")]);
}

#[tokio::test]
async fn a_table_with_another_key_is_not_touched() {
    let place = Place::bare();
    make_as_in_the_lesson(&place, Table::Partners, "partner").await;
    let store = place.store();
    let survey = store.survey().await.unwrap();
    assert_eq!(*survey.state(Table::Partners), TableState::WrongKey("partner (HASH)".to_owned()));
    let Err(PrepareError::NotOurs { name, .. }) = store.create_tables().await else {
        panic!("it is not ours")
    };
    assert_eq!(name, place.table(Table::Partners));
}
