//! Who changed what behind the counter, and when.
//!
//! Every change of a plan, an agency or a key writes its entry in the same commit as the change: there is no
//! change without an entry, and no entry without a change. Entries are never altered.

use skybridge_domain::id::Randomness;
use skybridge_domain::time::Timestamp;
use skybridge_store::{Attributes, Key, Listing, Order, Query, Record, StoreError, Table, Write};

use crate::Desk;
use crate::attribute::{self, Unreadable};
use crate::cursor::{Cursor, InvalidCursor};

/// Who works behind the counter, as reported with the admin token: 1 to 64 printable ASCII characters.
///
/// The token proves that the caller may; the name is what the caller says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator(String);

impl Operator {
    /// The program itself, as when it sets up a demonstration.
    #[must_use]
    pub fn program() -> Self {
        Self("skybridge".to_owned())
    }

    /// The operator called `name`; `operator` if that is no name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let fits = (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
        Self(if fits { name.to_owned() } else { "operator".to_owned() })
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub operator: Operator,
    /// What was done: a noun and a verb, such as `key.revoked`.
    pub action: String,
    /// What it was done to, such as `agency PartnerCo`.
    pub subject: String,
    /// What about it changed.
    pub detail: String,
}

/// A page of entries, newest first.
#[derive(Debug)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Where the next page begins; `None` on the last.
    pub next_cursor: Option<String>,
}

/// Why the trail could not be read.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The cursor is not one that a page gave.
    #[error(transparent)]
    InvalidCursor(#[from] InvalidCursor),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const PARTITION: &str = "audit";

impl Desk {
    /// The audit trail, newest first, `limit` entries a page.
    ///
    /// # Errors
    /// When the cursor is not one that a page gave, or the store does not answer.
    pub async fn audit(&self, limit: usize, cursor: Option<&str>) -> Result<AuditPage, AuditError> {
        let after = cursor.map(|text| Cursor::read_within(PARTITION, text)).transpose()?;
        let query = Query {
            table: Table::Audit,
            partition: PARTITION.to_owned(),
            from: None,
            to: None,
            order: Order::Descending,
            limit,
            after,
        };
        let page = self.store.query(&query).await?;
        let entries = page.records.iter().map(entry_of).collect::<Result<_, _>>()?;
        Ok(AuditPage {
            entries,
            next_cursor: page.next.map(|position| Cursor::at(PARTITION, position).write()),
        })
    }
}

/// The write that puts `entry` into the trail.
pub(crate) fn write(entry: &Entry, randomness: &dyn Randomness) -> Write {
    let [a, b, c, d, ..] = randomness.id_bytes();
    // To the nanosecond, so that entries stand in the order in which they were made; chance keeps apart the rest.
    let id = format!("{:019}-{:08x}", entry.at.as_nanos(), u32::from_be_bytes([a, b, c, d]));
    let attributes = Attributes::with_capacity(5)
        .with("at", entry.at.as_millis())
        .with("operator", entry.operator.as_str())
        .with("action", entry.action.as_str())
        .with("subject", entry.subject.as_str())
        .with("detail", entry.detail.as_str());
    let listing = Listing { partition: PARTITION.to_owned(), sort: id.clone() };
    Write::create(Record { key: Key::new(Table::Audit, id), version: 1, listing: Some(listing), attributes })
}

fn entry_of(record: &Record) -> Result<Entry, StoreError> {
    let read = || -> Result<Entry, Unreadable> {
        let attributes = &record.attributes;
        Ok(Entry {
            at: attribute::moment(attributes, "at")?,
            operator: Operator(attribute::text(attributes, "operator")?.to_owned()),
            action: attribute::text(attributes, "action")?.to_owned(),
            subject: attribute::text(attributes, "subject")?.to_owned(),
            detail: attribute::text(attributes, "detail")?.to_owned(),
        })
    };
    read().map_err(|error| attribute::damaged(&record.key, error))
}
