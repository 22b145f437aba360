//! Which partners changed last: one record that every change writes too.
//!
//! It is how a process learns of changes that another one made: one read tells that there are any, and which. And it
//! puts the changes in one order: each is made on the condition that the log is still the one that its maker knows.

use skybridge_store::{Attributes, Key, Record, Store, StoreError, Table, Value, Version, Write};

use crate::attribute::{self, Unreadable, damaged};

/// How many ids the log keeps. Whoever is further behind reads all partners anew.
const RECENT_MAX: usize = 100;

/// The log, as it stood at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ChangeLog {
    /// Of its record; 0 before the first change.
    version: Version,
    /// How many ids were ever noted.
    count: u64,
    /// The last of them, oldest first.
    recent: Vec<String>,
}

impl ChangeLog {
    /// The log as it stands in the store.
    pub(super) async fn read(store: &dyn Store) -> Result<Self, StoreError> {
        match store.get(&key()).await? {
            None => Ok(Self::default()),
            Some(record) => Self::of(&record).map_err(|error| damaged(&record.key, error)),
        }
    }

    /// The ids that were noted since the log was `known`; `None` if it does not say.
    pub(super) fn since(&self, known: &Self) -> Option<&[String]> {
        let behind = usize::try_from(self.count.checked_sub(known.count)?).ok()?;
        let from = self.recent.len().checked_sub(behind)?;
        Some(&self.recent[from..])
    }

    /// The log after one more change, of the records that `writes` puts.
    pub(super) fn after(&self, writes: &[Write]) -> Self {
        let mut recent = self.recent.clone();
        recent.extend(writes.iter().map(|write| write.record.key.id.to_string()));
        recent.drain(..recent.len().saturating_sub(RECENT_MAX));
        Self { version: self.version + 1, count: self.count + writes.len() as u64, recent }
    }

    /// Puts this log in place of the one before it, if that still stands.
    pub(super) fn write(&self) -> Write {
        let recent = self.recent.iter().cloned().map(Value::S).collect::<Vec<_>>();
        let attributes = Attributes::with_capacity(2).with("count", self.count).with("recent", recent);
        let record = Record { key: key(), version: self.version, listing: None, attributes };
        match self.version {
            1 => Write::create(record),
            version => Write::replace(record, version - 1),
        }
    }

    fn of(record: &Record) -> Result<Self, Unreadable> {
        let recent = record.attributes.list("recent").ok_or(Unreadable("recent"))?.iter();
        let id = |value: &Value| match value {
            Value::S(id) => Ok(id.clone()),
            _ => Err(Unreadable("recent")),
        };
        Ok(Self {
            version: record.version,
            count: attribute::number(&record.attributes, "count")?,
            recent: recent.map(id).collect::<Result<_, _>>()?,
        })
    }
}

fn key() -> Key {
    Key::new(Table::Partners, "change-log")
}
