//! `skybridge verify`: is every record there and readable.

use serde_json::Value;

use super::failure::Failure;
use super::fields::Fields as _;
use super::session::Session;
use crate::store::at_rest;

/// Read the whole store and say what is wrong with it
///
/// Goes through the running server, or reads the store at rest, which also checks the journals against the
/// high-water mark. Exit code 1 if anything is wrong.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// First mend what can be mended without losing an acknowledged booking; needs the server stopped
    #[arg(long)]
    repair: bool,
}

impl Args {
    pub(crate) fn run(self, session: &Session) -> Result<(), Failure> {
        if self.repair {
            return repair(session);
        }
        let report = match session.client_if_running()? {
            Some(client) => client.send_and_wait("/admin/v1/verify")?,
            None => at_rest::verify(&session.data_dir()?)?,
        };
        tell(&report, session)
    }
}

fn repair(session: &Session) -> Result<(), Failure> {
    if session.named_server().is_some() {
        return Err(Failure::Unusable(
            "a store is repaired at rest: stop the server, and name no --server".to_owned(),
        ));
    }
    let data = session.data_dir()?;
    let mended = at_rest::repair(&data)?;
    let mut report = at_rest::verify(&data)?;
    report["repaired"] = mended;
    tell(&report, session)
}

fn tell(report: &Value, session: &Session) -> Result<(), Failure> {
    session.show(report, render)?;
    if report["ok"] == true { Ok(()) } else { Err(Failure::Told) }
}

fn render(report: &Value) -> String {
    let mut lines = mended(&report["repaired"]);
    if report["ok"] == true {
        lines.push(format!("The store is whole: {} records.", report.number("records")));
    } else {
        lines.push(format!("The store is damaged in {} places:", report.number("findings_total")));
        lines.extend(
            report.list("findings").iter().filter_map(Value::as_str).map(|text| format!("  - {text}")),
        );
    }
    if report["torn_ends_kept"].as_u64().is_some_and(|count| count > 0) {
        lines.push(format!(
            "{} torn ends of journals were cut off at some time and kept in store/cut; nothing in them was \
             acknowledged.",
            report.number("torn_ends_kept")
        ));
    }
    lines.join("\n")
}

fn mended(repaired: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    if repaired["cut"].is_object() {
        let cut = &repaired["cut"];
        lines.push(format!(
            "Cut {} torn bytes, which were not acknowledged, off {}; a copy is in {}.",
            cut.number("bytes"),
            cut.text("journal"),
            cut.text("copy")
        ));
    }
    if repaired["mark_renewed_at"].is_u64() {
        lines.push(format!(
            "Made a new high-water mark at commit {}. Whether later commits had been acknowledged cannot be known: \
             compare with your agencies' records.",
            repaired.number("mark_renewed_at")
        ));
    }
    if repaired.is_object() && lines.is_empty() {
        lines.push("There was nothing to repair.".to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_store_and_a_damaged_one_read_differently() {
        let whole =
            json!({"ok": true, "records": 1200, "findings": [], "findings_total": 0, "torn_ends_kept": 0});
        assert_eq!(render(&whole), "The store is whole: 1,200 records.");
        let damaged = json!({"ok": false, "findings": ["record x does not decode"], "findings_total": 1});
        assert_eq!(render(&damaged), "The store is damaged in 1 places:\n  - record x does not decode");
    }

    #[test]
    fn a_repair_without_work_says_so() {
        let report = json!({"ok": true, "records": 0, "repaired": {"cut": null, "mark_renewed_at": null}});
        assert_eq!(render(&report), "There was nothing to repair.\nThe store is whole: 0 records.");
    }
}
