//! The function: the same in both templates, told what it reads, allowed what it does.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::document::{Document, json, text};
use super::{FOLDER, Templates};
use crate::cargo;

/// The passages that both templates hold, by the words of the lines around them.
const SHARED: [(&str, &str); 2] = [
    ("-- parameters of the function", "-- end of the function's parameters"),
    ("-- the function: the same", "-- end of the function --"),
];
/// In those passages, the one line that only `rest-api.yaml` has: HTTP APIs have no keys that could be trusted.
const ONLY_REST: &str = "SKYBRIDGE_LAMBDA_TRUST_GATEWAY_KEYS";
/// What the public routes need of each table, by the statement that allows it, and all that they may.
const ACTIONS: [(&str, &[&str]); 5] = [
    ("Bookings", &["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem"]),
    ("Partners", &["dynamodb:GetItem", "dynamodb:Scan"]),
    ("Limits", &["dynamodb:GetItem", "dynamodb:PutItem"]),
    ("Listings", &["dynamodb:Query"]),
    ("Logs", &["logs:CreateLogStream", "logs:PutLogEvents"]),
];

/// Everything about the function that is not as it should be.
pub(super) fn faults(templates: &Templates) -> Result<Vec<String>> {
    let mut faults: Vec<String> = SHARED
        .iter()
        .filter_map(|(from, to)| difference(&templates.http, &templates.rest, from, to))
        .collect();
    let mut read = names_read_below("crates/lambda/src")?;
    read.extend(names_read_below("crates/store-dynamodb/src")?);
    faults.extend(variables(&templates.rest, &read));
    for template in [&templates.http, &templates.rest] {
        faults.extend(role(template, &json(&format!("{FOLDER}/role-policy.json"))?));
    }
    Ok(faults)
}

/// Where the two differ first in what they should share.
fn difference(http: &Document, rest: &Document, from: &str, to: &str) -> Option<String> {
    let (Some(one), Some(other)) = (http.passage(from, to), rest.passage(from, to)) else {
        return Some(format!("{} or {} lacks the passage {from:?} to {to:?}", http.name, rest.name));
    };
    let shared = other.lines().filter(|line| !line.contains(ONLY_REST));
    let mut pairs = one.lines().map(Some).chain([None]).zip(shared.map(Some).chain([None]));
    let (left, right) = pairs.find(|(left, right)| left != right)?;
    let shown = |line: Option<&str>| line.map_or("the end".to_owned(), |line| format!("{line:?}"));
    Some(format!("{} has {} where {} has {}", http.name, shown(left), rest.name, shown(right)))
}

/// Variables that are set and never read, or read and not set.
fn variables(template: &Document, read: &BTreeSet<String>) -> Vec<String> {
    let functions = template.resources("AWS::Lambda::Function");
    let set: BTreeSet<String> = functions
        .filter_map(|(_, properties)| properties["Environment"]["Variables"].as_object())
        .flat_map(|variables| variables.keys().cloned())
        .collect();
    let unread =
        set.difference(read).map(|name| format!("{}: sets {name}, which nothing reads", template.name));
    let unset = read.difference(&set).map(|name| format!("{}: does not set {name}", template.name));
    unread.chain(unset).collect()
}

/// The names of ours that stand as whole texts in the sources below `folder`.
fn names_read_below(folder: &str) -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let mut folders = vec![cargo::root().join(folder)];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if is_product(&path) {
                names.extend(names_in(&text(&path.to_string_lossy())?));
            }
        }
    }
    Ok(names)
}

fn is_product(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs")
}

fn names_in(source: &str) -> impl Iterator<Item = String> {
    let whole_texts = source.split('"').skip(1).step_by(2);
    let is_name = |text: &&str| {
        text.starts_with("SKYBRIDGE_") && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
    };
    whole_texts.filter(is_name).map(str::to_owned)
}

/// What the role may beyond what the function does, and where the policy of those who go by hand differs from it.
fn role(template: &Document, by_hand: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut granted = Vec::new();
    for (_, properties) in template.resources("AWS::IAM::Role") {
        for policy in properties["Policies"].as_array().into_iter().flatten() {
            granted.extend(policy["PolicyDocument"]["Statement"].as_array().into_iter().flatten());
        }
    }
    let granted: Vec<&Value> = granted.into_iter().filter(|statement| statement["Sid"].is_string()).collect();
    for statement in &granted {
        let id = statement["Sid"].as_str().unwrap_or_default();
        let needed = ACTIONS.iter().find(|(of, _)| *of == id).map_or(&[][..], |(_, actions)| actions);
        for action in words(&statement["Action"]).filter(|action| !needed.contains(action)) {
            faults.push(format!("{}: the function does not need {action} of {id}", template.name));
        }
    }
    let rights = |statement: &Value| {
        let actions: Vec<String> = words(&statement["Action"]).map(str::to_owned).collect();
        (statement["Sid"].as_str().unwrap_or_default().to_owned(), actions)
    };
    let template_rights: Vec<_> = granted.iter().map(|statement| rights(statement)).collect();
    let by_hand_rights: Vec<_> = by_hand["Statement"].as_array().into_iter().flatten().map(rights).collect();
    if template_rights != by_hand_rights {
        faults.push(format!(
            "{}: the role may {template_rights:?}; by {FOLDER}/role-policy.json it may {by_hand_rights:?}",
            template.name
        ));
    }
    faults
}

/// One text, or those of a list.
fn words(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    list.iter().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(name: &str, what: &str, instead: &str) -> Document {
        let text = text(&format!("{FOLDER}/{name}.yaml")).expect("the template");
        assert!(text.contains(what), "nothing to replace: {what}");
        Document::parse(name, text.replacen(what, instead, 1)).expect("YAML")
    }

    #[test]
    fn a_change_of_one_template_alone_is_found() {
        let read =
            |http| Templates { tables: template("tables", "", ""), http, rest: template("rest-api", "", "") };
        let changed = template("http-api", "Handler: bootstrap", "Handler: main");
        assert_eq!(faults(&read(changed)).expect("compared").len(), 1);
        let shorter = template("http-api", "          SKYBRIDGE_LOG_LEVEL: !Ref LogLevel\n", "");
        assert_eq!(faults(&read(shorter)).expect("compared").len(), 1);
    }

    #[test]
    fn a_right_too_many_is_found() {
        let greedy =
            template("http-api", "Action: dynamodb:Query", "Action: [dynamodb:Query, dynamodb:DeleteItem]");
        let by_hand = json("deploy/aws/role-policy.json").expect("the policy");
        assert_eq!(role(&greedy, &by_hand).len(), 2, "not needed, and not the policy by hand");
        let bookings = "[dynamodb:GetItem, dynamodb:BatchGetItem, dynamodb:PutItem]";
        let greedy = template("http-api", bookings, "[dynamodb:GetItem, dynamodb:PutItem, dynamodb:Scan]");
        assert_eq!(role(&greedy, &by_hand).len(), 2, "what partners need, bookings do not");
    }

    #[test]
    fn a_variable_that_nothing_reads_is_found() {
        let read = BTreeSet::from(["SKYBRIDGE_PEPPER".to_owned(), "SKYBRIDGE_NEW".to_owned()]);
        let faults = variables(&template("http-api", "", ""), &read);
        let faults = faults.join("\n");
        assert!(faults.contains("does not set SKYBRIDGE_NEW"), "{faults}");
        assert!(faults.contains("sets SKYBRIDGE_ERRORS, which nothing reads"), "{faults}");
        assert!(!faults.contains("SKYBRIDGE_PEPPER"), "{faults}");
        assert_eq!(names_in("const A: &str = \"SKYBRIDGE_A\"; // \"SKYBRIDGE_B is wrong\"").count(), 1);
    }
}
