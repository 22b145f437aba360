//! What a store tells of its attempts, for metrics.

use std::sync::Arc;
use std::time::Duration;

/// Is told of every attempt, on the task that made it: it must not block.
pub type Observer = Arc<dyn Fn(&Attempt) + Send + Sync>;

/// One request to DynamoDB, and how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// What was asked.
    pub operation: Operation,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub duration: Duration,
    /// Which attempt at the same operation it was: 0 is the first, anything else a retry.
    pub retry: u32,
}

/// The operations of DynamoDB that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A consistent read of one record.
    GetItem,
    /// A commit of one record.
    PutItem,
    /// A commit of several records.
    TransactWriteItems,
    /// A page of the index.
    Query,
    /// The records that a page of the index names.
    BatchGetItem,
    /// A part of a table.
    Scan,
    /// A look at a table.
    DescribeTable,
    /// A new table.
    CreateTable,
    /// A new index on a table.
    UpdateTable,
}

impl Operation {
    /// DynamoDB's own name for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GetItem => "GetItem",
            Self::PutItem => "PutItem",
            Self::TransactWriteItems => "TransactWriteItems",
            Self::Query => "Query",
            Self::BatchGetItem => "BatchGetItem",
            Self::Scan => "Scan",
            Self::DescribeTable => "DescribeTable",
            Self::CreateTable => "CreateTable",
            Self::UpdateTable => "UpdateTable",
        }
    }
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It did what was asked.
    Done,
    /// A condition did not hold.
    ConditionFailed,
    /// DynamoDB gave part of the batch; the rest is asked for again.
    Partial,
    /// DynamoDB has had enough for now.
    Throttled,
    /// A transaction under way held the record.
    Conflict,
    /// DynamoDB failed.
    ServerError,
    /// No answer in time.
    TimedOut,
    /// The connection broke.
    Broken,
    /// No connection came about.
    Unreachable,
    /// DynamoDB does not do this, for us or at all.
    Rejected,
}

impl Outcome {
    /// A name for a metric's label.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::ConditionFailed => "condition_failed",
            Self::Partial => "partial",
            Self::Throttled => "throttled",
            Self::Conflict => "conflict",
            Self::ServerError => "server_error",
            Self::TimedOut => "timed_out",
            Self::Broken => "broken",
            Self::Unreachable => "unreachable",
            Self::Rejected => "rejected",
        }
    }
}
