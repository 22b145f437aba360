//! What passed through a door, and what it did.

use std::collections::BTreeMap;

use serde_json::Value;

use super::plan::Fault;

/// Counts since the door was opened, or since they were last taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests by operation, those that failed included.
    pub requests: BTreeMap<String, u64>,
    /// Faults by kind and operation.
    pub faults: BTreeMap<(Fault, String), u64>,
    /// Records that writing requests (`PutItem`, `UpdateItem`, `DeleteItem`, `TransactWriteItems`) named, by table,
    /// as seen on the wire: a write that was tried twice counts twice.
    pub writes: BTreeMap<String, u64>,
    /// Reads of a table (`GetItem`, `Scan`, and each table of a `BatchGetItem`) that did not ask to be consistent. An emulator
    /// answers every read consistently, so only here is it seen.
    pub eventual_reads: u64,
}

impl Counts {
    /// How many requests of `operation` came.
    #[must_use]
    pub fn requests_of(&self, operation: &str) -> u64 {
        self.requests.get(operation).copied().unwrap_or_default()
    }

    /// How often `fault` was done, to any operation.
    #[must_use]
    pub fn faults_of(&self, fault: Fault) -> u64 {
        self.faults.iter().filter(|((kind, _), _)| *kind == fault).map(|(_, count)| count).sum()
    }

    /// How many records of `table` were written, tries included.
    #[must_use]
    pub fn writes_to(&self, table: &str) -> u64 {
        self.writes.get(table).copied().unwrap_or_default()
    }

    pub(super) fn note(&mut self, operation: &str, fault: Option<Fault>) {
        *self.requests.entry(operation.to_owned()).or_default() += 1;
        if let Some(fault) = fault {
            *self.faults.entry((fault, operation.to_owned())).or_default() += 1;
        }
    }

    /// Counts what `request` reads and writes.
    pub(super) fn note_content(&mut self, operation: &str, request: &Value) {
        match operation {
            "GetItem" | "Scan" => self.note_read(request),
            "BatchGetItem" => {
                for read in request["RequestItems"].as_object().into_iter().flat_map(|tables| tables.values())
                {
                    self.note_read(read);
                }
            }
            "PutItem" | "UpdateItem" | "DeleteItem" => self.note_write(request),
            "TransactWriteItems" => {
                let items = request["TransactItems"].as_array().into_iter().flatten();
                // A condition check writes nothing.
                for write in items.filter_map(|item| {
                    ["Put", "Update", "Delete"].into_iter().find_map(|action| item.get(action))
                }) {
                    self.note_write(write);
                }
            }
            _ => {}
        }
    }

    fn note_read(&mut self, read: &Value) {
        self.eventual_reads += u64::from(read["ConsistentRead"] != Value::Bool(true));
    }

    fn note_write(&mut self, write: &Value) {
        let table = write["TableName"].as_str().unwrap_or_default();
        *self.writes.entry(table.to_owned()).or_default() += 1;
    }
}
