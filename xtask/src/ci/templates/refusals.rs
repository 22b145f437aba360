//! What the REST API refuses by itself, it refuses in the service's words.
//!
//! The codes, their statuses and titles are those of the problem table (`crates/api/src/problem.rs`), read as text:
//! to depend on the crate for one table would put the product below its own automation.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::Document;

const MEDIA_TYPE: &str = "application/problem+json";
/// A code that is in the contract and not in the table yet: the screening that the service will do itself.
const ONLY_AT_THE_GATEWAY: (&str, u64, &str) = ("screened", 403, "The request was screened out");
/// The types that a caller meets, and the two that catch the rest.
const TYPES: [&str; 14] = [
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
];

/// Everything that the gateway would say in other words than the service, whose problem table is in `source`.
pub(super) fn faults(template: &Document, source: &str) -> Vec<String> {
    let table = problem_table(source);
    let api = template.resources("AWS::ApiGateway::RestApi").next().map(|(_, properties)| properties);
    let responses = api.map_or(&Value::Null, |api| &api["Body"]["x-amazon-apigateway-gateway-responses"]);
    let mut faults = Vec::new();
    for kind in TYPES {
        if let Err(fault) = right(&responses[kind], &table) {
            faults.push(format!("{}: {kind} {fault}", template.name));
        }
    }
    for (_, firewall) in template.resources("AWS::WAFv2::WebACL") {
        for (name, body) in firewall["CustomResponseBodies"].as_object().into_iter().flatten() {
            if let Err(fault) = problem(body["Content"].as_str(), &table) {
                faults.push(format!("{}: {name} {fault}", template.name));
            }
        }
    }
    faults
}

fn right(response: &Value, table: &BTreeMap<&str, (u64, &str)>) -> Result<(), String> {
    let status = problem(response["responseTemplates"][MEDIA_TYPE].as_str(), table)?;
    if response["statusCode"].as_str() != Some(&status.to_string()) {
        return Err(format!("has another statusCode than its body's {status}"));
    }
    Ok(())
}

/// The status of the problem document that `template` makes.
fn problem(template: Option<&str>, table: &BTreeMap<&str, (u64, &str)>) -> Result<u64, String> {
    let template = template.ok_or(format!("has no {MEDIA_TYPE}"))?;
    // What the gateway puts in stands inside of quotation marks, so the template is itself JSON.
    let problem: Value = serde_json::from_str(template).map_err(|error| format!("is not JSON: {error}"))?;
    let code = problem["code"].as_str().unwrap_or_default();
    let (status, title) = table.get(code).ok_or(format!("has the code {code:?}, which is in no table"))?;
    if problem["type"] != format!("/errors/{code}")
        || problem["status"] != *status
        || problem["title"] != *title
    {
        return Err(format!("is not what the service says of {code}: {status}, {title:?}"));
    }
    if !problem["detail"].is_string() {
        return Err("has no detail".to_owned());
    }
    Ok(*status)
}

/// The rows of the problem table: the code, its status, its title.
fn problem_table(source: &str) -> BTreeMap<&str, (u64, &str)> {
    let start = source.find("\nproblem_table! {").unwrap_or(source.len());
    // A row is `Name = "code", STATUS, "Title";`, its title sometimes on a line of its own.
    let rows = source[start..].split(';').filter_map(|row| {
        let mut texts = row.rsplit('"');
        let title = texts.nth(1)?;
        let status = status(texts.next()?.trim_matches(|letter: char| !letter.is_ascii_alphabetic()))?;
        Some((texts.next()?, (status, title)))
    });
    let (code, status, title) = ONLY_AT_THE_GATEWAY;
    rows.chain([(code, (status, title))]).collect()
}

fn status(name: &str) -> Option<u64> {
    Some(match name {
        "BAD_REQUEST" => 400,
        "UNAUTHORIZED" => 401,
        "FORBIDDEN" => 403,
        "NOT_FOUND" => 404,
        "PAYLOAD_TOO_LARGE" => 413,
        "UNSUPPORTED_MEDIA_TYPE" => 415,
        "TOO_MANY_REQUESTS" => 429,
        "INTERNAL_SERVER_ERROR" => 500,
        "SERVICE_UNAVAILABLE" => 503,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use super::*;

    fn faults_with(what: &str, instead: &str) -> Vec<String> {
        let template = text("deploy/aws/rest-api.yaml").expect("the template");
        assert!(template.contains(what), "nothing to replace: {what}");
        let template = Document::parse("rest-api.yaml", template.replacen(what, instead, 1)).expect("YAML");
        faults(&template, &text("crates/api/src/problem.rs").expect("the table"))
    }

    #[test]
    fn other_words_than_the_services_are_found() {
        assert_eq!(faults_with("\"code\":\"quota-exceeded\"", "\"code\":\"quota_exceeded\"").len(), 1);
        assert_eq!(faults_with("The API key is not known", "Forbidden").len(), 1);
        assert_eq!(faults_with("statusCode: \"413\"", "statusCode: \"400\"").len(), 1);
        assert_eq!(faults_with("          WAF_FILTERED:", "          WAF_BLOCKED:").len(), 1);
    }
}
