//! A commit: conditional puts, and what became of them.
//!
//! The crate's own page says why each ending is the right one ("A write whose answer is lost").

mod put;
mod transaction;

use skybridge_store::{CommitError, Condition, Write};

use crate::item::{self, CommitId, Item, names};
use crate::retry::Errand;
use crate::{DynamoStore, Failure, Operation};

/// How an attempt was answered.
pub(crate) enum Verdict {
    /// It took place, now or at an earlier attempt.
    Done,
    /// A condition failed, on the item given.
    Lost { write: usize, standing: Option<Item> },
}

impl DynamoStore {
    /// Makes `writes` take place together. They are within the port's bounds.
    pub(crate) async fn write(&self, writes: &[Write]) -> Result<(), CommitError> {
        let commit = self.retry.randomness.id_bytes();
        let (errand, verdict) = match writes {
            [write] => self.put(write, commit).await?,
            _ => self.transact(writes, commit).await?,
        };
        match verdict {
            Ok(Verdict::Done) => Ok(()),
            Ok(Verdict::Lost { write, standing }) => Err(lost(writes, write, standing)),
            Err(failure) if failure.is_open => self.settle(writes, &commit, &errand, failure).await,
            Err(failure) => Err(failure.nothing_written().into()),
        }
    }

    /// Reads what the first write named, when no answer said whether it took place. The writes of a transaction
    /// stand or fall together, so one of them speaks for all.
    async fn settle(
        &self,
        writes: &[Write],
        commit: &CommitId,
        errand: &Errand,
        failure: Failure,
    ) -> Result<(), CommitError> {
        let Some(Write { record, .. }) = writes.first() else { return Ok(()) };
        let table = self.table_name(record.key.table);
        let errand = errand.instead(Operation::GetItem);
        let read = self.retry.once(&errand, || self.read(&table, &record.key)).await;
        let Some(Ok(Some(standing))) = read else { return Err(failure.outcome_unknown().into()) };
        if item::is_of_commit(&standing, commit) {
            return Ok(());
        }
        let standing = item::record(record.key.table, standing)?;
        if standing.version >= record.version {
            // Versions only grow: the condition does not hold now and never will again.
            return Err(CommitError::ConditionFailed { write: 0, standing: Some(Box::new(standing)) });
        }
        // An attempt may be under way still.
        Err(failure.outcome_unknown().into())
    }
}

fn lost(writes: &[Write], write: usize, standing: Option<Item>) -> CommitError {
    let table = writes[write].record.key.table;
    match standing.map(|item| item::record(table, item)).transpose() {
        Ok(standing) => CommitError::ConditionFailed { write, standing: standing.map(Box::new) },
        Err(damaged) => damaged.into(),
    }
}

/// A condition in DynamoDB's words.
struct Expression {
    text: &'static str,
    /// What `#name` stands for.
    name: &'static str,
    /// What `:version` stands for, where it is used.
    version: Option<u64>,
}

fn expression(write: &Write) -> Expression {
    match write.condition {
        Condition::Absent => Expression {
            text: "attribute_not_exists(#name)",
            name: crate::hash_key(write.record.key.table),
            version: None,
        },
        Condition::VersionIs(version) => {
            Expression { text: "#name = :version", name: names::VERSION, version: Some(version) }
        }
    }
}
