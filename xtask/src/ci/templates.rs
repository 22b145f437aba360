//! The AWS templates say what the program does.
//!
//! A template is checked by nobody until somebody deploys it. So what it repeats of the program (tables, routes,
//! variables, refusals, the shape of a booking) is compared with the program here, without any tool; what is
//! CloudFormation's own is left to its linters, as far as this machine has them.

mod document;
mod function;
mod linters;
mod model;
mod refusals;
mod routes;
mod tables;

use anyhow::{Result, ensure};

use super::Outcome;
use document::{Document, json, text};

/// Where the templates are.
const FOLDER: &str = "deploy/aws";

/// The templates, read.
struct Templates {
    tables: Document,
    http: Document,
    rest: Document,
}

impl Templates {
    fn read() -> Result<Self> {
        let read = |name: &str| Document::read(&format!("{FOLDER}/{name}.yaml"));
        Ok(Self { tables: read("tables")?, http: read("http-api")?, rest: read("rest-api")? })
    }
}

/// Compares, and lints.
pub(super) fn check() -> Result<Outcome> {
    let found = faults()?;
    ensure!(found.is_empty(), "{}", found.join("\n"));
    linters::run()
}

/// Everything in which templates and program differ.
fn faults() -> Result<Vec<String>> {
    let templates = Templates::read()?;
    let openapi = json("docs/openapi.json")?;
    let mut found = tables::faults(&templates.tables);
    found.extend(function::faults(&templates)?);
    found.extend(routes::faults(&templates, &openapi));
    found.extend(refusals::faults(&templates.rest, &text("crates/api/src/problem.rs")?));
    found.extend(model::faults(
        &templates.rest,
        &openapi,
        &text("crates/domain/tests/data/bookings.jsonl")?,
    )?);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_and_program_agree() {
        assert_eq!(faults().expect("everything compared is there"), Vec::<String>::new());
    }
}
