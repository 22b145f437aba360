//! A look at the tables, without changing anything.

use std::fmt;

use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::{IndexStatus, KeySchemaElement, KeyType, TableDescription, TableStatus};
use skybridge_store::Table;

use super::hash_key;
use crate::item::names::{LISTING_INDEX, LISTING_PARTITION, LISTING_SORT};
use crate::{DynamoStore, Failure, Operation, Outcome, Trouble};

/// How each table stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// In the order of [`Table::ALL`]: the table, its name on DynamoDB, and how it stands.
    pub tables: Vec<(Table, String, TableState)>,
}

/// How a table stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableState {
    /// It is not there.
    Absent,
    /// It, or its index, is being made (or unmade); it will be usable by itself.
    Creating,
    /// It books and reads, but cannot list.
    WithoutIndex,
    /// Another schema than ours: it must not be used. Says which it has.
    WrongKey(String),
    /// Its index `listing` has another schema than ours. Says which it has.
    WrongIndex(String),
    /// It does everything.
    Ready,
}

impl Survey {
    /// Can every table do everything?
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.tables.iter().all(|(_, _, state)| *state == TableState::Ready)
    }

    /// How `table` stands.
    #[must_use]
    pub fn state(&self, table: Table) -> &TableState {
        let found = self.tables.iter().find(|(held, _, _)| *held == table);
        found.map_or(&TableState::Absent, |(_, _, state)| state)
    }
}

impl fmt::Display for Survey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (_, name, state)) in self.tables.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(f, "{separator}{name}: {state}")?;
        }
        Ok(())
    }
}

impl fmt::Display for TableState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("not there; --create-tables makes it"),
            Self::Creating => f.write_str("being created"),
            Self::WithoutIndex => f.write_str(
                "books and reads, but cannot list: it has no index `listing`; --create-tables adds it",
            ),
            Self::WrongKey(has) => write!(f, "not a table of SkyBridge: its key is {has}"),
            Self::WrongIndex(has) => write!(f, "its index `listing` is not SkyBridge's: its key is {has}"),
            Self::Ready => f.write_str("ready"),
        }
    }
}

impl DynamoStore {
    /// Looks at every table.
    ///
    /// # Errors
    ///
    /// When DynamoDB does not tell: out of reach, no credentials, or not allowed (`dynamodb:DescribeTable`).
    pub async fn survey(&self) -> Result<Survey, Failure> {
        let mut tables = Vec::with_capacity(Table::ALL.len());
        for table in Table::ALL {
            tables.push((table, self.table_name(table), self.look_at(table).await?));
        }
        Ok(Survey { tables })
    }

    pub(super) async fn look_at(&self, table: Table) -> Result<TableState, Failure> {
        let name = self.table_name(table);
        let errand = self.retry.errand(Operation::DescribeTable, &name);
        let request = self.client.describe_table().table_name(name);
        let described = self.retry.run(&errand, || {
            let request = request.clone();
            async move {
                match request.send().await {
                    Ok(described) => Ok((described.table, Outcome::Done)),
                    Err(error) => match error.as_service_error() {
                        Some(DescribeTableError::ResourceNotFoundException(_)) => Ok((None, Outcome::Done)),
                        _ => Err(Trouble::of(error)),
                    },
                }
            }
        });
        Ok(described.await?.map_or(TableState::Absent, |described| state(table, &described)))
    }
}

fn state(table: Table, described: &TableDescription) -> TableState {
    let key = schema(described.key_schema());
    if key != [(KeyType::Hash, hash_key(table))] {
        return TableState::WrongKey(spelled(&key));
    }
    if !matches!(described.table_status(), Some(TableStatus::Active | TableStatus::Updating)) {
        return TableState::Creating;
    }
    let mut indexes = described.global_secondary_indexes().iter();
    let Some(index) = indexes.find(|index| index.index_name() == Some(LISTING_INDEX)) else {
        return TableState::WithoutIndex;
    };
    let key = schema(index.key_schema());
    if key != [(KeyType::Hash, LISTING_PARTITION), (KeyType::Range, LISTING_SORT)] {
        return TableState::WrongIndex(spelled(&key));
    }
    match index.index_status() {
        Some(IndexStatus::Active | IndexStatus::Updating) => TableState::Ready,
        _ => TableState::Creating,
    }
}

fn schema(elements: &[KeySchemaElement]) -> Vec<(KeyType, &str)> {
    elements.iter().map(|element| (element.key_type().clone(), element.attribute_name())).collect()
}

fn spelled(key: &[(KeyType, &str)]) -> String {
    key.iter().map(|(kind, name)| format!("{name} ({kind})")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
