//! `skybridge screen explain`: the positive model, for people.

use std::fmt::Write as _;

use serde_json::Value;
use skybridge_api::positive_model;

use crate::cli::failure::Failure;
use crate::cli::fields::Fields as _;
use crate::cli::session::Session;
use crate::cli::table;

pub(super) fn run(session: &Session) -> Result<(), Failure> {
    session.show(&positive_model(), render)
}

fn render(model: &Value) -> String {
    let (envelope, json) = (&model["envelope"], &model["json"]);
    let mut text = format!(
        "Every request: a path and query of at most {} bytes; at most {} headers of {} bytes together; once at most: {}.\n\
         Every body: at most {} bytes of JSON in {}, nested at most {} deep; a name that stands twice in an object, a \
         field that is not listed, and one that only the server sets ({}) are refused.\n\
         Whatever is not listed here is refused.",
        envelope.number("path_and_query_bytes_max"),
        envelope.number("headers_max"),
        envelope.number("header_bytes_max"),
        envelope.joined("headers_once"),
        envelope.number("body_bytes_max"),
        json.text("encoding"),
        json.number("depth_max"),
        json.joined("set_by_server"),
    );
    for operation in model.list("operations") {
        write_operation(operation, &mut text);
    }
    text
}

fn write_operation(operation: &Value, text: &mut String) {
    let needs = if operation["needs"].is_null() {
        "no key needed".to_owned()
    } else {
        format!("needs {}", operation.text("needs"))
    };
    write!(text, "\n\n{} ({needs})", operation.text("operation")).expect("writing to memory does not fail");
    let body = &operation["body"];
    let parameters = operation.list("parameters").iter().map(|one| (one.text("name"), one.text("in"), one));
    let fields = body.list("fields").iter().map(|one| (one.text("pointer"), "body".to_owned(), one));
    let rows: Vec<[String; 6]> =
        parameters.chain(fields).map(|(name, place, one)| row(name, place, one)).collect();
    if body.is_object() {
        let (kind, empty) = (body.text("content_type"), body.text("empty_body"));
        write!(text, "\nbody: {kind}; an empty one is {empty}").expect("writing to memory does not fail");
    }
    if !rows.is_empty() {
        let headings = ["NAME", "IN", "", "TYPE", "SIZE", "FORM"];
        write!(text, "\n{}", table::of(headings, rows, "")).expect("writing to memory does not fail");
    }
}

fn row(name: String, place: String, one: &Value) -> [String; 6] {
    let required = if one["required"] == true { "required" } else { "" };
    let inspected = match one["inspected_unless"].as_str() {
        Some(closed) => format!(", inspected unless {closed}"),
        None if one["inspected_as"].is_string() => ", inspected".to_owned(),
        None => String::new(),
    };
    let form = match (&one["enum"], &one["pattern"], &one["format"]) {
        (Value::Array(words), ..) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | "),
        (_, Value::String(pattern), _) => pattern.clone(),
        (_, _, Value::String(format)) => format.clone(),
        _ => String::new(),
    };
    [name, place, required.to_owned(), format!("{}{inspected}", one.text("type")), size(one), form]
}

/// The bounds of lengths, numbers or items, whichever it has.
fn size(one: &Value) -> String {
    let bound = |name: &str| one[name].as_u64().map_or(String::new(), |number| number.to_string());
    let range = |least: &str, most: &str, unit: &str| {
        let (least, most) = (bound(least), bound(most));
        if least.is_empty() && most.is_empty() { None } else { Some(format!("{least}..{most}{unit}")) }
    };
    range("minLength", "maxLength", " characters")
        .or_else(|| range("minimum", "maximum", ""))
        .or_else(|| range("minItems", "maxItems", " items"))
        .unwrap_or_default()
}
