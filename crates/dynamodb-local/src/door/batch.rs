//! A batch of reads that DynamoDB answers in part, as it does when an answer grows past 16 MB or a table throttles.

use serde_json::{Map, Value, json};

/// Splits a `BatchGetItem` request: what is passed on, and what comes back as `UnprocessedKeys`. At least one key
/// is passed on, as DynamoDB always answers one.
pub(super) fn halve(mut request: Value) -> (Value, Value) {
    let mut unprocessed = Map::new();
    if let Some(tables) = request["RequestItems"].as_object_mut() {
        for (table, asked) in tables.iter_mut() {
            let Some(keys) = asked["Keys"].as_array_mut() else { continue };
            let rest = keys.split_off(keys.len().div_ceil(2));
            if !rest.is_empty() {
                let mut left = asked.clone();
                left["Keys"] = Value::Array(rest);
                unprocessed.insert(table.clone(), left);
            }
        }
    }
    (request, Value::Object(unprocessed))
}

/// The answer to the half that was passed on, with the other half named.
pub(super) fn with_unprocessed(answer: &[u8], unprocessed: Value) -> Value {
    let mut answer: Value = serde_json::from_slice(answer).unwrap_or_else(|_| json!({}));
    answer["UnprocessedKeys"] = unprocessed;
    answer
}
