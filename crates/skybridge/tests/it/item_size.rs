//! What a booking weighs on DynamoDB, on which its price depends: a write costs one unit for each 1,024 bytes begun.

use serde_json::Value;
use skybridge_dynamodb_local::LocalDynamo;

use crate::dynamodb::{raw, store_at};
use crate::kit::app::BEGIN;
use crate::kit::{App, bodies};

/// The bytes of an attribute's value, by DynamoDB's own rules:
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>.
fn bytes_of(value: &Value) -> usize {
    let (kind, inner) = value.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "S" => inner.as_str().unwrap().len(),
        "N" => inner.as_str().unwrap().trim_end_matches('0').len().div_ceil(2) + 1,
        "B" => inner.as_str().unwrap().trim_end_matches('=').len() * 3 / 4,
        "BOOL" | "NULL" => 1,
        "L" => 3 + inner.as_array().unwrap().iter().map(|element| 1 + bytes_of(element)).sum::<usize>(),
        "M" => 3 + inner.as_object().unwrap().len() + bytes_of_all(inner),
        other => panic!("no attribute is of type {other}"),
    }
}

fn bytes_of_all(attributes: &Value) -> usize {
    attributes.as_object().unwrap().iter().map(|(name, value)| name.len() + bytes_of(value)).sum()
}

/// Of the 2,000 honest bookings, every fifth: enough for figures of three digits.
const STEP: usize = 5;

/// The figures of the cost table in `deploy/aws/README.md`.
#[tokio::test]
async fn an_item_weighs_what_the_cost_table_says() {
    let dynamo = LocalDynamo::start().unwrap();
    let store = store_at(dynamo.endpoint());
    store.create_tables().await.unwrap();
    let app = App::over(store, BEGIN).await;
    let agency = app.agency("PartnerCo").await;
    let (mut bytes, mut units, mut above, mut count) = (0, 0, 0, 0);
    for (number, body) in bodies::honest().iter().enumerate().step_by(STEP) {
        // A key of 24 characters.
        let booked = agency.book(&format!("honest-booking-{number:09}"), body).await.expect(201);
        let key = serde_json::json!({ "booking_id": { "S": booked.booking_id() } });
        let request = serde_json::json!({ "TableName": "skybridge-bookings", "Key": key });
        let item = bytes_of_all(&raw(&dynamo, "GetItem", &request)["Item"]);
        count += 1;
        bytes += item;
        units += item.div_ceil(1024);
        above += usize::from(item > 1024);
    }
    let figures = format!(
        "{} bytes, {} %, {}.{:02} WRU",
        bytes / count,
        above * 100 / count,
        units / count,
        units * 100 / count % 100
    );
    let text = include_str!("../../../../deploy/aws/README.md");
    assert!(text.contains(&format!("({figures})")), "the items have {figures}");
}
