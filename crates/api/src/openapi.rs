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
    document["components"]["schemas"] = schemas::all();
    document["components"]["securitySchemes"] = json!({
        "api_key": {
            "type": "apiKey", "in": "header", "name": "x-api-key",
            "description": format!(
                "The agency's key. For scanners that look for leaked secrets it matches `{}`; the last six characters \
                 are a checksum (`skybridge key check`).",
                skybridge_domain::key::PATTERN
            ),
        },
        "bearer": { "type": "http", "scheme": "bearer", "description": "The same key, as a bearer token." },
        "signature": {
            "type": "apiKey", "in": "header", "name": "Signature",
            "description": "In place of a key, a signature over the request (RFC 9421, in Signature-Input and \
                            Signature) by a signing key of the agency: ed25519 or hmac-sha256, over \"@method\", \
                            \"@target-uri\", \"content-digest\" if there is a body and \"idempotency-key\" if that \
                            header is sent, with the parameters created, keyid and nonce.",
        },
        "client_certificate": {
            "type": "mutualTLS",
            "description": "Where the airline requires it of an agency: a client certificate that it has pinned, \
                            besides the key or the signature.",
        },
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

/// Adds what operations share: the second way to present a key, the refusals of the pipeline, the headers of answers.
fn complete_operation(operation: &mut Value) {
    let scopes = operation["security"][0]["api_key"].clone();
    let traits = Traits {
        keyed: !scopes.is_null(),
        has_body: !operation["requestBody"].is_null(),
        has_path: operation["parameters"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["in"] == "path")),
        asks_the_store: !scopes.is_null() || operation["operationId"] == "readyz",
        is_health: ["healthz", "readyz"].iter().any(|id| operation["operationId"] == *id),
    };
    if traits.keyed {
        operation["security"] = json!([{ "api_key": scopes }, { "bearer": scopes }, { "signature": scopes }]);
    }
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        // One that need not be sent is then not there; it is never null.
        if let Some(kinds) = parameter["schema"]["type"].as_array() {
            parameter["schema"]["type"] = kinds[0].clone();
        }
        if parameter["in"] == "query" {
            parameter["allowEmptyValue"] = json!(true);
        }
        if let Some((_, pattern)) = PARAMETER_PATTERNS.iter().find(|(name, _)| parameter["name"] == *name) {
            parameter["schema"]["pattern"] = json!(pattern);
        }
    }
    let answers = operation["responses"].as_object_mut().expect("an operation has responses");
    for (status, codes, applies) in SHARED_REFUSALS {
        if applies(&traits) {
            answers.entry(*status).or_insert_with(|| problem(codes));
        }
    }
    for (status, answer) in answers {
        for (name, description, applies) in SHARED_HEADERS {
            if applies(&traits, status) {
                answer["headers"][name] =
                    json!({ "description": description, "schema": { "type": "string" } });
            }
        }
    }
}

/// What the text of a parameter looks like, wherever it stands.
const PARAMETER_PATTERNS: &[(&str, &str)] = &[
    // A structured-field string, or bare.
    ("Idempotency-Key", r#"^("([ !#-\[\]-~]|\\["\\])+"|[!#-~]([ -~]*[!-~])?)$"#),
    ("key", "^[ -~]+$"),
    // `*`, or a list of entity tags (RFC 9110, section 8.8.3), which may be empty. What is no list matches nothing in `If-None-Match`.
    ("If-Match", r#"^(|\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"#),
    // Years that a moment can be in, whatever its offset.
    ("created_from", "^(197[1-9]|19[89][0-9]|2[0-4][0-9]{2})-"),
    ("created_to", "^(197[1-9]|19[89][0-9]|2[0-4][0-9]{2})-"),
];

/// What decides which of the shared refusals an operation may answer.
struct Traits {
    keyed: bool,
    has_body: bool,
    has_path: bool,
    asks_the_store: bool,
    /// Answered whatever address it comes from.
    is_health: bool,
}

/// Status, codes, and which operations answer so.
type SharedRefusal = (&'static str, &'static str, fn(&Traits) -> bool);

const SHARED_REFUSALS: &[SharedRefusal] = &[
    (
        "400",
        "malformed-request, duplicate-header; with a body malformed-json; with an Idempotency-Key \
         idempotency-key-missing, idempotency-key-invalid",
        |_| true,
    ),
    ("401", "key-missing, key-malformed, key-unknown, signature-invalid", |operation| operation.keyed),
    (
        "403",
        "scope-missing, address-not-allowed, agency-suspended, signature-required, certificate-required, screened; with \
         a body agency-mismatch",
        |operation| operation.keyed,
    ),
    ("403", "screened", |operation| !operation.keyed && !operation.is_health),
    ("404", "not-found", |operation| operation.has_path),
    ("406", "not-acceptable", |operation| operation.keyed),
    ("408", "request-timeout", |operation| operation.has_body),
    ("414", "uri-too-long", |_| true),
    (
        "429",
        "rate-limited, quota-exceeded, too-many-in-flight, too-many-failed-attempts, address-rate-limited",
        |operation| operation.keyed,
    ),
    ("429", "address-rate-limited, too-many-failed-attempts", |operation| {
        !operation.keyed && !operation.is_health
    }),
    ("431", "headers-too-large", |_| true),
    ("500", "internal", |_| true),
    ("503", "overloaded, store-unavailable; readyz also draining", |operation| operation.asks_the_store),
];

/// Header, what it says, and which answers of which operations carry it.
type SharedHeader = (&'static str, &'static str, fn(&Traits, &str) -> bool);

const SHARED_HEADERS: &[SharedHeader] = &[
    ("X-Request-Id", "The request's id: the caller's own if it sent one that is well-formed", |_, _| true),
    (
        "RateLimit-Policy",
        "The plan's limits: `\"burst\";q=100;w=2, \"day\";q=100000;w=86400` (calls; window in seconds)",
        is_to_a_known_caller,
    ),
    (
        "RateLimit",
        "The limit that is nearest: what remains (`r`) and in how many seconds it is whole again (`t`)",
        is_to_a_known_caller,
    ),
    (
        "Deprecation",
        "Since when the key that was sent is replaced by another, as a structured-field date (RFC 9745); there only \
         while a rotated key is in its grace",
        is_to_a_known_caller,
    ),
    (
        "Sunset",
        "Until when the key that was sent works (RFC 8594); there only while a rotated key is in its grace",
        is_to_a_known_caller,
    ),
    (
        "Retry-After",
        "In how many seconds the request may be sent again; with 401 only soon after a start, if it was signed before",
        |operation, status| matches!(status, "429" | "503") || operation.keyed && status == "401",
    ),
    (
        "X-Content-Type-Options",
        "`nosniff`: whatever a text holds, the answer is what its media type says",
        |_, _| true,
    ),
    ("WWW-Authenticate", "How to present a key", |_, status| status == "401"),
];

/// Is it an answer that comes after authentication? Of the statuses that come before it too, only those that know the
/// caller carry the limits.
fn is_to_a_known_caller(operation: &Traits, status: &str) -> bool {
    operation.keyed && !matches!(status, "401" | "406" | "414" | "431")
}

fn problem(codes: &str) -> Value {
    json!({
        "description": codes,
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    })
}
