//! The REST API's request validation refuses nothing that the service takes, and a changed definition is deployed.

use anyhow::{Context, Result};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::document::Document;

/// The keywords that the models use; another one would be taken for granted by [`refuses`].
const KEYWORDS: [&str; 6] = ["type", "properties", "required", "items", "maxItems", "$ref"];

/// Everything that is wrong with the models and their deployment. `bookings` are honest ones, one a line.
pub(super) fn faults(template: &Document, openapi: &Value, bookings: &str) -> Result<Vec<String>> {
    let api = template.resources("AWS::ApiGateway::RestApi").next().context("there is no REST API")?.1;
    let models = &api["Body"]["components"]["schemas"];
    let mut faults = stricter(models, &openapi["components"]["schemas"]);
    for (line, booking) in (1..).zip(bookings.lines()) {
        let booking: Value = serde_json::from_str(booking).context("a booking is not JSON")?;
        if let Some(why) = refuses(&models["NewBooking"], &booking["body"], models) {
            faults.push(format!("NewBooking refuses the honest booking in line {line}: {why}"));
        }
    }
    faults.extend(deployment(template));
    Ok(faults.into_iter().map(|fault| format!("{}: {fault}", template.name)).collect())
}

/// Where a model asks for more than the schema of its name in the OpenAPI document.
fn stricter(models: &Value, schemas: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, model) in models.as_object().into_iter().flatten() {
        let schema = &schemas[name];
        let unknown =
            model.as_object().into_iter().flatten().find(|(word, _)| !KEYWORDS.contains(&word.as_str()));
        if let Some((word, _)) = unknown {
            faults.push(format!("{name} has {word}, which this check does not know"));
        }
        if !model["required"].is_null() && model["required"] != schema["required"] {
            faults.push(format!("{name} requires {}, and the API {}", model["required"], schema["required"]));
        }
        for (member, held) in model["properties"].as_object().into_iter().flatten() {
            let documented = &schema["properties"][member];
            let differs = |word: &str| !documented[word].is_null() && held[word] != documented[word];
            let held_is_reference = held["$ref"].is_string() || documented["$ref"].is_string();
            if documented.is_null() || (!held_is_reference && differs("type")) || differs("maxItems") {
                faults.push(format!("{name}.{member} is {held}, and in the API {documented}"));
            }
        }
    }
    faults
}

/// Why `model` refuses `value`, if it does.
fn refuses(model: &Value, value: &Value, models: &Value) -> Option<String> {
    if let Some(name) = model["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return refuses(&models[name], value, models);
    }
    let of_type = match model["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        // Any other is none that a booking has.
        Some(_) => false,
        None => true,
    };
    if !of_type {
        return Some(format!("{value} is no {}", model["type"]));
    }
    let required = model["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(missing) = required.into_iter().find(|name| value[*name].is_null()) {
        return Some(format!("{value} lacks {missing}"));
    }
    let items = value.as_array().map_or(&[][..], Vec::as_slice);
    if model["maxItems"].as_u64().is_some_and(|most| items.len() as u64 > most) {
        return Some(format!("{value} has more than {} items", model["maxItems"]));
    }
    let of_items = items.iter().find_map(|item| refuses(&model["items"], item, models));
    let properties = model["properties"].as_object().into_iter().flatten();
    let mut held = properties.filter_map(|(name, model)| Some((model, value.get(name)?)));
    of_items.or_else(|| held.find_map(|(model, value)| refuses(model, value, models)))
}

/// The deployment has another name than the definition's digest gives it.
fn deployment(template: &Document) -> Option<String> {
    let definition = template.passage("-- begin of the definition", "-- end of the definition")?;
    let digest = Sha256::digest(definition);
    let name = digest.iter().take(4).fold("Deployment".to_owned(), |name, byte| format!("{name}{byte:02x}"));
    let (found, _) = template.resources("AWS::ApiGateway::Deployment").next()?;
    (found != name)
        .then(|| format!("the definition has changed: rename {found} to {name}, or it is not deployed"))
}

#[cfg(test)]
mod tests {
    use super::super::{json, text};
    use super::*;

    fn faults_with(what: &str, instead: &str) -> Vec<String> {
        let template = text("deploy/aws/rest-api.yaml").expect("the template");
        assert!(template.contains(what), "nothing to replace: {what}");
        let template = Document::parse("rest-api.yaml", template.replacen(what, instead, 1)).expect("YAML");
        let openapi = json("docs/openapi.json").expect("the document");
        let bookings = text("crates/domain/tests/data/bookings.jsonl").expect("honest bookings");
        faults(&template, &openapi, &bookings).expect("compared")
    }

    /// Each of these also changes the definition, hence the fault about the deployment.
    #[test]
    fn a_model_that_asks_for_too_much_is_found() {
        assert_eq!(faults_with("maxItems: 16", "maxItems: 15").len(), 2);
        assert_eq!(faults_with("required: [amount, currency]", "required: [amount]").len(), 2);
        assert!(faults_with("remarks: {type: string}", "remarks: {type: number}").len() > 2, "bookings too");
        assert!(
            faults_with("required: [type, family_name]", "required: [type, title]").len() > 2,
            "bookings too"
        );
        assert_eq!(
            faults_with("Price:\n              type: object", "Price:\n              maxLength: 1").len(),
            2
        );
    }

    #[test]
    fn a_definition_that_would_not_be_deployed_is_found() {
        assert_eq!(faults_with("version: \"1\"", "version: \"2\"").len(), 1);
    }
}
