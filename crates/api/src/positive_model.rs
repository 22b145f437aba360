//! What passes: the positive model of every public operation, as a document for operators.
//!
//! The first stage of screening says what a request may be, and refuses all else: it is the contract itself. Nothing is
//! written down here a second time. Operations, parameters and fields are read from the OpenAPI document (from which the
//! pipeline takes what it enforces, and whose patterns are constants of the domain's types), sizes from the constants
//! that are compared with, and which texts the later stages inspect from the very table that hands them over.

use serde_json::{Map, Value, json};
use skybridge_domain::booking::BookingRequest;
use skybridge_domain::fault::Faults;
use skybridge_domain::json::DEPTH_MAX;

use crate::body::BODY_BYTES_MAX;
use crate::pipeline::{HEADER_BYTES_MAX, HEADERS_MAX, HEADERS_ONCE, URI_BYTES_MAX};
use crate::screening::{BODY_TEXTS, KEY_INSPECTED_UNLESS, KEY_TEXT, QUERY_TEXTS};

/// The document: `{"envelope":{…},"json":{…},"operations":[…]}`.
#[must_use]
pub fn positive_model() -> Value {
    let document = crate::public::openapi();
    json!({
        "envelope": {
            "path_and_query_bytes_max": URI_BYTES_MAX,
            "headers_max": HEADERS_MAX,
            "header_bytes_max": HEADER_BYTES_MAX,
            "headers_once": HEADERS_ONCE.each_ref().map(http::HeaderName::as_str),
            "body_bytes_max": BODY_BYTES_MAX,
            "body_encodings": ["identity"],
        },
        "json": {
            "encoding": "UTF-8",
            "byte_order_mark": "refused",
            "depth_max": DEPTH_MAX,
            "duplicate_names": "refused",
            "unknown_fields": "refused",
            "set_by_server": BookingRequest::SET_BY_SERVER,
            "faults_listed_max": Faults::LISTED_MAX,
        },
        "operations": operations(&document),
    })
}

fn operations(document: &Value) -> Vec<Value> {
    let paths = document["paths"].as_object().expect("the document has paths");
    let each = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("a path holds operations");
        methods.iter().map(move |(method, operation)| (method.to_ascii_uppercase(), path, operation))
    });
    each.map(|(method, path, operation)| {
        json!({
            "operation": format!("{method} {path}"),
            "needs": operation["security"][0]["api_key"][0],
            "parameters": parameters(operation, document),
            "body": body(operation, document),
        })
    })
    .collect()
}

fn parameters(operation: &Value, document: &Value) -> Vec<Value> {
    let listed = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    let parameter = |one: &Value| {
        let mut told = bounds(resolved(&one["schema"], document));
        for member in ["name", "in", "required"] {
            told.insert(member.to_owned(), one[member].clone());
        }
        let name = one["name"].as_str().unwrap_or_default();
        let inspected = inspected_parameter(name, &one["in"]);
        told.insert("inspected_as".to_owned(), json!(inspected));
        if inspected == Some(KEY_TEXT.field.as_str()) {
            told.insert("inspected_unless".to_owned(), json!(KEY_INSPECTED_UNLESS));
        }
        Value::Object(told)
    };
    listed.iter().map(parameter).collect()
}

fn inspected_parameter(name: &str, place: &Value) -> Option<&'static str> {
    let of_query = || QUERY_TEXTS.iter().find(|text| text.name == name).map(|text| text.field.as_str());
    match place.as_str() {
        Some("header") => name.eq_ignore_ascii_case(KEY_TEXT.name).then(|| KEY_TEXT.field.as_str()),
        Some("query") => of_query(),
        _ => None,
    }
}

fn body(operation: &Value, document: &Value) -> Value {
    let Some((media_type, content)) =
        operation["requestBody"]["content"].as_object().and_then(|all| all.iter().next())
    else {
        return Value::Null;
    };
    let mut fields = Vec::new();
    collect("", &content["schema"], false, document, &mut fields);
    // The lesson's curl line declares a form; its operation reads JSON whatever is declared.
    let any = operation["operationId"] == "lesson_booking";
    json!({
        "content_type": if any { "any, read as application/json" } else { media_type.as_str() },
        "empty_body": if any { "taken for {}" } else { "refused" },
        "fields": fields,
    })
}

/// Every value below `pointer`, outermost first; `*` stands for the items of a list.
fn collect(pointer: &str, schema: &Value, required: bool, document: &Value, fields: &mut Vec<Value>) {
    let schema = resolved(schema, document);
    if !pointer.is_empty() {
        let mut told = bounds(schema);
        told.insert("pointer".to_owned(), json!(pointer));
        told.insert("required".to_owned(), json!(required));
        let inspected = BODY_TEXTS.iter().find(|text| text.name == pointer).map(|text| text.field.as_str());
        told.insert("inspected_as".to_owned(), json!(inspected));
        fields.push(Value::Object(told));
    }
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let must = required.iter().any(|one| one == name);
        collect(&format!("{pointer}/{name}"), inner, must, document, fields);
    }
    if !schema["items"].is_null() {
        collect(&format!("{pointer}/*"), &schema["items"], false, document, fields);
    }
}

/// What JSON Schema says of the value itself.
fn bounds(schema: &Value) -> Map<String, Value> {
    const BOUNDS: [&str; 10] = [
        "type",
        "format",
        "pattern",
        "enum",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "maxItems",
        "minProperties",
    ];
    let said = BOUNDS.iter().filter(|name| !schema[**name].is_null());
    said.map(|name| ((*name).to_owned(), schema[*name].clone())).collect()
}

/// The schema itself, where only its name stands.
fn resolved<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    let named = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next());
    named.map_or(schema, |name| &document["components"]["schemas"][name])
}
