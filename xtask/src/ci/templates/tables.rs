//! The tables of `tables.yaml` are those of the storage port, as the lesson makes the first of them.

use serde_json::{Value, json};
use skybridge_store::Table;

use super::document::Document;

const INDEX: &str = "listing";
const PARTITION: &str = "listing_partition";
const SORT: &str = "listing_sort";

/// Everything about the tables that is not as the program makes them.
pub(super) fn faults(template: &Document) -> Vec<String> {
    let mut faults = Vec::new();
    let mut tables: Vec<(&str, &Value)> = template.resources("AWS::DynamoDB::Table").collect();
    for table in Table::ALL {
        let name = json!({ "!Sub": format!("${{TablePrefix}}{}", table.name()) });
        let Some(at) = tables.iter().position(|(_, properties)| properties["TableName"] == name) else {
            faults.push(format!("{}: there is no table of {table}", template.name));
            continue;
        };
        let (resource, properties) = tables.swap_remove(at);
        for (member, expected) in expected(table) {
            if properties[member] != expected {
                let found = &properties[member];
                faults.push(format!(
                    "{}: {resource}.{member} is {found}, and the program's is {expected}",
                    template.name
                ));
            }
        }
    }
    let strangers = tables.iter().map(|(resource, _)| {
        format!("{}: {resource} is a table that the program does not have", template.name)
    });
    faults.extend(strangers);
    faults
}

/// What decides whether the program can work with `table`. The names are the store's; a test compares them.
fn expected(table: Table) -> [(&'static str, Value); 5] {
    let key = if table == Table::Bookings { "booking_id" } else { "id" };
    let attributes = [key, PARTITION, SORT].map(attribute);
    let index = json!([{
        "IndexName": INDEX,
        "KeySchema": [element(PARTITION, "HASH"), element(SORT, "RANGE")],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }]);
    // Nonces of signed requests have an end; nothing else that is stored has.
    let time_to_live = match table {
        Table::Limits => json!({"AttributeName": "expires_at", "Enabled": true}),
        _ => Value::Null,
    };
    [
        ("AttributeDefinitions", json!(attributes)),
        ("KeySchema", json!([element(key, "HASH")])),
        ("GlobalSecondaryIndexes", index),
        ("BillingMode", json!("PAY_PER_REQUEST")),
        ("TimeToLiveSpecification", time_to_live),
    ]
}

fn attribute(name: &str) -> Value {
    json!({"AttributeName": name, "AttributeType": "S"})
}

fn element(name: &str, kind: &str) -> Value {
    json!({"AttributeName": name, "KeyType": kind})
}

#[cfg(test)]
mod tests {
    use skybridge_store_dynamodb::{hash_key, names};

    use super::*;

    fn faults_with(what: &str, instead: &str) -> Vec<String> {
        let text = super::super::text("deploy/aws/tables.yaml").expect("the template");
        assert!(text.contains(what), "nothing to replace: {what}");
        faults(&Document::parse("tables.yaml", text.replacen(what, instead, 1)).expect("YAML"))
    }

    /// The store is a dependency of this test only: the gate shall not wait for the AWS SDK to be built.
    #[test]
    fn the_names_are_the_stores() {
        assert_eq!(
            (INDEX, PARTITION, SORT),
            (names::LISTING_INDEX, names::LISTING_PARTITION, names::LISTING_SORT)
        );
        for table in Table::ALL {
            let [_, (_, key), ..] = expected(table);
            assert_eq!(key, json!([element(hash_key(table), "HASH")]));
        }
    }

    #[test]
    fn another_table_is_found() {
        assert_eq!(faults_with("KEYS_ONLY", "ALL").len(), 1);
        assert_eq!(faults_with("PAY_PER_REQUEST", "PROVISIONED").len(), 1);
        assert_eq!(faults_with("listing_sort, KeyType: RANGE", "created_at, KeyType: RANGE").len(), 1);
        assert_eq!(faults_with("}limits", "}limit").len(), 2, "one is missing, one is strange");
    }
}
