//! A failed operation, as an operator reads of it, and as the port knows it.

use std::error::Error;
use std::fmt;

use skybridge_store::StoreError;

use crate::{Operation, Trouble};

/// What was asked of which table, how often, and how the last attempt failed.
#[derive(Debug)]
pub struct Failure {
    /// What was asked.
    pub operation: Operation,
    /// The name of the table on DynamoDB.
    pub table: String,
    /// How many attempts were made.
    pub attempts: u32,
    /// How the last one failed.
    pub trouble: Trouble,
    /// May an attempt have taken place without our hearing of it? Of reads this says nothing.
    pub(crate) is_open: bool,
}

/// With the trouble, since a line of a log shows no sources.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, table, attempts, trouble, .. } = self;
        write!(f, "{operation} on table {table}, attempt {attempts}: {trouble}")
    }
}

/// What lies behind the trouble, which the text has told already.
impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.trouble.source()
    }
}

impl Failure {
    /// As a read reports it, or a write of which no attempt can have taken place.
    pub(crate) fn nothing_written(self) -> StoreError {
        match self.trouble {
            Trouble::Throttled(_) | Trouble::Conflict(_) => {
                // The port's `Overloaded` has no room for the cause, which names the table an operator looks for.
                tracing::warn!(operation = %self.operation, table = self.table, "{self}");
                StoreError::Overloaded
            }
            Trouble::NoIndex(_) => StoreError::Unlisted(Box::new(self)),
            Trouble::TooLarge(_) => StoreError::Refused("a record holds at most 400 KB"),
            _ => StoreError::Unavailable(Box::new(self)),
        }
    }

    /// As a write reports it when nobody knows whether it took place.
    pub(crate) fn outcome_unknown(self) -> StoreError {
        StoreError::OutcomeUnknown(Box::new(self))
    }
}
