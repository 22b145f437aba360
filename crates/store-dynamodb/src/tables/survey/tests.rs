//! States that no emulator shows, because it makes tables and indexes at once.

use aws_sdk_dynamodb::types::GlobalSecondaryIndexDescription;

use super::*;

fn element(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("it has a name and a kind")
}

fn state_of(status: TableStatus, index: Option<(IndexStatus, &str)>) -> TableState {
    let described =
        TableDescription::builder().table_status(status).key_schema(element("booking_id", KeyType::Hash));
    let described = match index {
        Some((status, range_key)) => described.global_secondary_indexes(
            GlobalSecondaryIndexDescription::builder()
                .index_name("listing")
                .index_status(status)
                .key_schema(element("listing_partition", KeyType::Hash))
                .key_schema(element(range_key, KeyType::Range))
                .build(),
        ),
        None => described,
    };
    state(Table::Bookings, &described.build())
}

#[test]
fn a_table_is_ready_when_it_and_its_index_are() {
    use TableState::{Creating, Ready, WithoutIndex};
    let ours = "listing_sort";
    for (table, index, expected) in [
        (TableStatus::Creating, None, Creating),
        (TableStatus::Creating, Some((IndexStatus::Creating, ours)), Creating),
        (TableStatus::Deleting, Some((IndexStatus::Active, ours)), Creating),
        (TableStatus::Active, None, WithoutIndex),
        // While an index is made, its table can be used.
        (TableStatus::Updating, Some((IndexStatus::Creating, ours)), Creating),
        (TableStatus::Active, Some((IndexStatus::Deleting, ours)), Creating),
        (TableStatus::Updating, Some((IndexStatus::Active, ours)), Ready),
        (TableStatus::Active, Some((IndexStatus::Active, ours)), Ready),
    ] {
        assert_eq!(state_of(table.clone(), index.clone()), expected, "{table} {index:?}");
    }
}

#[test]
fn an_index_of_that_name_with_another_key_is_not_ours() {
    let state = state_of(TableStatus::Active, Some((IndexStatus::Active, "created_at")));
    assert_eq!(state, TableState::WrongIndex("listing_partition (HASH), created_at (RANGE)".to_owned()));
}
