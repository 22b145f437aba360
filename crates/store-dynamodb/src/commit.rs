//! A commit: conditional puts, and what became of them.
//!
//! The crate's own page says why each ending is the right one ("A write whose answer is lost").

mod put;
mod transaction;

use skybridge_store::{CommitError, Condition, Key, StoreError, Version, Write};

use crate::history::{CommitId, History, Testimony};
use crate::item::{self, Item, names};
use crate::retry::{Answer, Errand};
use crate::{DynamoStore, Failure, Operation, Trouble};

/// How an attempt was answered.
pub(crate) enum Verdict {
    /// It took place, now or at an earlier attempt.
    Done,
    /// A condition failed, on the item given.
    Lost { write: usize, standing: Option<Item> },
}

/// A write as it is sent: its item, and the history that the item carries.
struct Draft {
    item: Item,
    history: History,
}

impl DynamoStore {
    /// Makes `writes` take place together. They are within the port's bounds.
    pub(crate) async fn write(&self, writes: &[Write]) -> Result<(), CommitError> {
        let commit = self.retry.randomness.id_bytes();
        let mut drafts = Vec::with_capacity(writes.len());
        for write in writes {
            drafts.push(self.draft(write, &commit).await?);
        }
        let (errand, answer) = match (writes, &drafts[..]) {
            ([write], [draft]) => self.put(write, draft, commit).await,
            _ => self.transact(writes, &drafts, commit).await?,
        };
        let settled = match answer {
            Ok(Answer { value: Verdict::Done, .. }) => Ok(()),
            Ok(answer) => self.lost(writes, &commit, &errand, answer),
            Err(failure) if failure.is_open => self.settle(writes, &commit, &errand, failure).await,
            Err(failure) => Err(failure.nothing_written().into()),
        };
        if settled.is_ok() {
            for (Write { record, .. }, draft) in writes.iter().zip(drafts) {
                self.seen.note(&record.key, record.version, draft.history);
            }
        }
        settled
    }

    async fn draft(&self, write: &Write, commit: &CommitId) -> Result<Draft, StoreError> {
        let before = match write.condition {
            Condition::Absent => History::default(),
            Condition::VersionIs(version) => self.history(&write.record.key, version).await?,
        };
        let history = before.continued_by(commit);
        Ok(Draft { item: item::of(&write.record, &history)?, history })
    }

    /// The history of the version to be replaced. Callers replace what they have just read, so it is at hand; a
    /// replacement by guess, or after thousands of other records, costs a read. If another version stands, the
    /// condition will fail, or if by then it does not, the history begins anew.
    async fn history(&self, key: &Key, version: Version) -> Result<History, StoreError> {
        if let Some(history) = self.seen.of(key, version) {
            return Ok(history);
        }
        let standing = self.find(key).await.map_err(Failure::nothing_written)?;
        let replaced = standing.filter(|item| item::version(item) == Some(version));
        Ok(replaced.as_ref().map(History::of).unwrap_or_default())
    }

    /// A condition failed on an item that does not name us. That is the whole answer, unless an earlier attempt is
    /// open, had no client token, and the item does not go back to the version it may have written.
    fn lost(
        &self,
        writes: &[Write],
        commit: &CommitId,
        errand: &Errand,
        answer: Answer<Verdict>,
    ) -> Result<(), CommitError> {
        let Verdict::Lost { write, standing } = answer.value else { return Ok(()) };
        let record = &writes[write].record;
        if let ([_], true, Some(standing)) = (writes, answer.is_open, &standing)
            && Testimony::of(standing, record.version, commit) == Testimony::Forgotten
        {
            return Err(errand.failure(answer.attempts, Trouble::Overtaken, true).outcome_unknown().into());
        }
        let standing = standing.map(|item| self.record(record.key.table, item)).transpose()?;
        Err(CommitError::ConditionFailed { write, standing: standing.map(Box::new) })
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
        match Testimony::of(&standing, record.version, commit) {
            Testimony::TookPlace => Ok(()),
            Testimony::Lost => {
                let standing = Some(Box::new(self.record(record.key.table, standing)?));
                Err(CommitError::ConditionFailed { write: 0, standing })
            }
            // An attempt may be under way still.
            Testimony::Open | Testimony::Forgotten => Err(failure.outcome_unknown().into()),
        }
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
