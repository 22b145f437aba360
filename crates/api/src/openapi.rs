//! The OpenAPI document: made from the operations themselves, so that it lists exactly the routes served.
//!
//! An operation states what is its own. What all operations share (both ways to present a key, the refusals
//! that any of them may answer) is added here, once.

pub(crate) mod schemas;

use serde_json::{Value, json};
use utoipa::openapi::OpenApi;

/// The document of the operations in `described`: completed, and in the order in which it is published.
pub(crate) fn complete(described: OpenApi) -> Value {
    let mut document = serde_json::to_value(described).expect("an OpenAPI document is JSON");
    document["openapi"] = json!("3.1.0");
    document["info"] = json!({
        "title": "SkyBridge",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "The counter at which partner agencies create reservations. Every refusal is a problem \
                        document (RFC 9457) with a stable `code`, explained at `/errors/{code}`.",
        "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
    });
    document["servers"] = json!([{ "url": "/" }]);
    document["tags"] = json!([
        { "name": "Bookings", "description": "Making, reading and changing bookings" },
        { "name": "Usage", "description": "What is left of the agency's plan" },
        { "name": "Service", "description": "Health and documentation; no key needed" },
    ]);
    document["components"]["securitySchemes"] = json!({
        "api_key": { "type": "apiKey", "in": "header", "name": "x-api-key" },
        "bearer": { "type": "http", "scheme": "bearer" },
    });
    let paths = document["paths"].as_object_mut().expect("the document has paths");
    for operation in paths
        .values_mut()
        .flat_map(|item| item.as_object_mut().expect("a path holds operations").values_mut())
    {
        complete_operation(operation);
    }
    document
}

/// Adds what every operation shares: the second way to present a key, and the refusals of the pipeline.
fn complete_operation(operation: &mut Value) {
    let scopes = operation["security"][0]["api_key"].clone();
    let with_key = !scopes.is_null();
    if with_key {
        operation["security"] = json!([{ "api_key": scopes }, { "bearer": scopes }]);
    }
    let responses = operation["responses"].as_object_mut().expect("an operation has responses");
    for (status, codes, only_with_key) in SHARED_REFUSALS {
        if with_key || !only_with_key {
            responses.entry(*status).or_insert_with(|| problem(codes));
        }
    }
    if with_key {
        for answer in responses.values_mut() {
            add_limit_headers(answer);
        }
    }
}

/// Status, codes, and whether only operations that need a key answer so.
const SHARED_REFUSALS: &[(&str, &str, bool)] = &[
    (
        "400",
        "malformed-request, duplicate-header; where a body or key is read: malformed-json, idempotency-key-missing, idempotency-key-invalid",
        false,
    ),
    ("401", "key-missing, key-malformed, key-unknown", true),
    ("403", "scope-missing, address-not-allowed, agency-mismatch, agency-suspended", true),
    ("404", "not-found", false),
    ("405", "method-not-allowed", false),
    ("406", "not-acceptable", false),
    ("408", "request-timeout", true),
    ("414", "uri-too-long", false),
    ("429", "rate-limited, quota-exceeded, too-many-in-flight", true),
    ("431", "headers-too-large", false),
    ("500", "internal", false),
    ("503", "overloaded, store-unavailable, draining", false),
];

fn problem(codes: &str) -> Value {
    json!({
        "description": codes,
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    })
}

/// Every authenticated answer tells the limits.
fn add_limit_headers(answer: &mut Value) {
    let text = |description: &str| json!({ "description": description, "schema": { "type": "string" } });
    let headers = &mut answer["headers"];
    if headers.is_null() {
        *headers = json!({});
    }
    headers["RateLimit-Policy"] =
        text("The plan's limits: `\"burst\";q=100;w=2, \"day\";q=100000;w=86400` (calls; window in seconds)");
    headers["RateLimit"] =
        text("The limit that is nearest: what remains (`r`) and in how many seconds it is whole again (`t`)");
}
