//! Both gateways let through what `docs/openapi.json` describes, and the REST API asks for a key where it does.

use serde_json::Value;

use super::Templates;
use super::document::Document;

/// The member of a path that stands for every method.
const ANY_METHOD: &str = "x-amazon-apigateway-any-method";
/// The end of a path that stands for one segment or more.
const GREEDY: &str = "{proxy+}";

/// An operation of the document.
struct Operation<'d> {
    path: &'d str,
    method: String,
    keyed: bool,
}

/// Everything that a gateway would not let through as it should.
pub(super) fn faults(templates: &Templates, openapi: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    for operation in operations(openapi) {
        let Operation { path, method, keyed } = &operation;
        if !http_serves(&templates.http, &operation) {
            faults.push(format!("{}: no route serves {method} {path}", templates.http.name));
        }
        match rest_method(&templates.rest, &operation) {
            None => faults.push(format!("{}: no path serves {method} {path}", templates.rest.name)),
            Some(found) if asks_for_key(found) != *keyed => {
                let needs = if *keyed { "needs a key" } else { "needs no key" };
                faults.push(format!("{}: {method} {path} {needs}", templates.rest.name));
            }
            Some(_) => {}
        }
    }
    faults
}

fn operations(openapi: &Value) -> impl Iterator<Item = Operation<'_>> {
    let paths = openapi["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten().filter(|(name, _)| *name != "parameters");
        methods.map(move |(method, operation)| Operation {
            path,
            method: method.to_ascii_uppercase(),
            keyed: asks_for_key(operation),
        })
    })
}

fn asks_for_key(operation: &Value) -> bool {
    operation["security"].as_array().is_some_and(|ways| !ways.is_empty())
}

fn http_serves(template: &Document, operation: &Operation<'_>) -> bool {
    template.resources("AWS::ApiGatewayV2::Route").any(|(_, properties)| {
        let key = properties["RouteKey"].as_str().and_then(|key| key.split_once(' '));
        key.is_some_and(|(method, path)| {
            (method == "ANY" || method == operation.method) && covers(path, operation.path)
        })
    })
}

/// The method that the REST API would take: of the most specific path, that method or any.
fn rest_method<'t>(template: &'t Document, operation: &Operation<'_>) -> Option<&'t Value> {
    let (_, body) = template.resources("AWS::ApiGateway::RestApi").next()?;
    let paths = body["Body"]["paths"].as_object()?;
    let covering = paths.iter().filter(|(path, _)| covers(path, operation.path));
    let (_, methods) = covering.max_by_key(|(path, _)| (!path.ends_with(GREEDY), path.len()))?;
    methods.get(operation.method.to_ascii_lowercase()).or_else(|| methods.get(ANY_METHOD))
}

fn covers(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix(GREEDY) {
        Some(prefix) => path.len() > prefix.len() && path.starts_with(prefix),
        None => pattern == path,
    }
}

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::*;

    fn faults_with(name: &str, what: &str, instead: &str) -> Vec<String> {
        let mut templates = Templates::read().expect("the templates");
        let template = if name == "http-api" { &mut templates.http } else { &mut templates.rest };
        assert!(template.text.contains(what), "nothing to replace: {what}");
        *template = Document::parse(name, template.text.replacen(what, instead, 1)).expect("YAML");
        faults(&templates, &json("docs/openapi.json").expect("the document"))
    }

    #[test]
    fn a_route_that_is_missing_is_found() {
        assert_eq!(faults_with("http-api", "\"POST /booking\"", "\"GET /booking\"").len(), 1);
        assert_eq!(faults_with("http-api", "\"GET /docs/{proxy+}\"", "\"GET /doc/{proxy+}\"").len(), 1);
        assert_eq!(faults_with("rest-api", "          /readyz:", "          /ready:").len(), 1);
    }

    #[test]
    fn a_key_that_is_not_asked_for_is_found() {
        assert_eq!(faults_with("rest-api", "security: [{key: []}]", "security: []").len(), 1);
    }
}
