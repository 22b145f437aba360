//! Making what is missing: whole tables, or the index of a table that the lesson's command made.

use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType,
};
use skybridge_store::Table;

use super::{TableState, hash_key};
use crate::item::names::{LISTING_INDEX, LISTING_PARTITION, LISTING_SORT};
use crate::{DynamoStore, Failure, Operation, Outcome, Trouble};

/// Between two looks at tables that are being made. DynamoDB takes seconds for a table, minutes for an index.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What was done about a table. Holds its name on DynamoDB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Preparation {
    /// It was not there, and was made.
    TableCreated(String),
    /// It was there without the index, which was added.
    IndexAdded(String),
    /// It was there, whole.
    Stood(String),
}

impl fmt::Display for Preparation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TableCreated(name) => write!(f, "created table {name}"),
            Self::IndexAdded(name) => write!(f, "added the index `listing` to table {name}"),
            Self::Stood(name) => write!(f, "table {name} is ready"),
        }
    }
}

/// Why the tables are not ready.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// DynamoDB does not do it.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// A table of that name is there, and it is none of ours. It was not touched.
    #[error("table {name}: {state}")]
    NotOurs {
        /// Its name on DynamoDB.
        name: String,
        /// What it is.
        state: TableState,
    },
    /// It is still being made; it may well become ready by itself.
    #[error("table {name} is not ready yet; look again in a while")]
    NotYet {
        /// Its name on DynamoDB.
        name: String,
    },
}

impl DynamoStore {
    /// Makes the tables and indexes that are missing, and waits until all can be used. Changes nothing that is there;
    /// may be repeated, and run by several at once.
    ///
    /// Tables are billed per request, as the lesson's. Backups, encryption keys and tags are the templates' business.
    ///
    /// # Errors
    ///
    /// [`PrepareError`]. What was made until then stays.
    pub async fn create_tables(&self) -> Result<Vec<Preparation>, PrepareError> {
        let until = self.retry.timer.now() + self.creation_deadline;
        let mut done = Vec::with_capacity(Table::ALL.len());
        // All are asked for before any is waited for: DynamoDB makes them side by side.
        for table in Table::ALL {
            let state = self.look_at(table).await?;
            done.push(self.take_step(table, state).await?);
        }
        for (table, preparation) in Table::ALL.into_iter().zip(&mut done) {
            loop {
                let state = self.look_at(table).await?;
                if state == TableState::Ready {
                    break;
                }
                if self.retry.timer.now() >= until {
                    return Err(PrepareError::NotYet { name: self.table_name(table) });
                }
                // A table that was being made by another may turn out to lack the index.
                let step = self.take_step(table, state).await?;
                if matches!(preparation, Preparation::Stood(_)) {
                    *preparation = step;
                }
                self.retry.timer.pause(LOOK_AGAIN).await;
            }
        }
        Ok(done)
    }

    async fn take_step(&self, table: Table, state: TableState) -> Result<Preparation, PrepareError> {
        let name = self.table_name(table);
        match state {
            TableState::Ready | TableState::Creating => Ok(Preparation::Stood(name)),
            TableState::Absent => {
                self.create_table(table, &name).await?;
                Ok(Preparation::TableCreated(name))
            }
            TableState::WithoutIndex => {
                self.add_index(table, &name).await?;
                Ok(Preparation::IndexAdded(name))
            }
            TableState::WrongKey(_) | TableState::WrongIndex(_) => Err(PrepareError::NotOurs { name, state }),
        }
    }

    async fn create_table(&self, table: Table, name: &str) -> Result<(), Failure> {
        let errand = self.retry.errand(Operation::CreateTable, name);
        self.retry
            .run(&errand, || async {
                let index = GlobalSecondaryIndex::builder()
                    .index_name(LISTING_INDEX)
                    .set_key_schema(Some(listing_key()?))
                    .projection(keys_only())
                    .build()
                    .map_err(unbuilt)?;
                let request = self.client.create_table().table_name(name);
                let request = request.set_attribute_definitions(Some(attributes(table)?));
                let request = request.key_schema(key_element(hash_key(table), KeyType::Hash)?);
                let request = request.global_secondary_indexes(index);
                asked_for(request.billing_mode(BillingMode::PayPerRequest).send().await)
            })
            .await
    }

    async fn add_index(&self, table: Table, name: &str) -> Result<(), Failure> {
        let errand = self.retry.errand(Operation::UpdateTable, name);
        self.retry
            .run(&errand, || async {
                let index = CreateGlobalSecondaryIndexAction::builder()
                    .index_name(LISTING_INDEX)
                    .set_key_schema(Some(listing_key()?))
                    .projection(keys_only())
                    .build()
                    .map_err(unbuilt)?;
                let update = GlobalSecondaryIndexUpdate::builder().create(index).build();
                let request = self.client.update_table().table_name(name);
                let request = request.set_attribute_definitions(Some(attributes(table)?));
                asked_for(request.global_secondary_index_updates(update).send().await)
            })
            .await
    }
}

/// An answer that another asked for the same already is as good as one's own.
fn asked_for<T, E>(
    answer: Result<T, SdkError<E, aws_sdk_dynamodb::config::http::HttpResponse>>,
) -> Result<((), Outcome), Trouble>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match answer {
        Ok(_) => Ok(((), Outcome::Done)),
        Err(error) => match error.as_service_error().and_then(ProvideErrorMetadata::code) {
            Some("ResourceInUseException") => Ok(((), Outcome::Done)),
            _ => Err(Trouble::of(error)),
        },
    }
}

fn attributes(table: Table) -> Result<Vec<AttributeDefinition>, Trouble> {
    let text = |name: &str| {
        let attribute = AttributeDefinition::builder().attribute_name(name);
        attribute.attribute_type(ScalarAttributeType::S).build().map_err(unbuilt)
    };
    [hash_key(table), LISTING_PARTITION, LISTING_SORT].into_iter().map(text).collect()
}

fn listing_key() -> Result<Vec<KeySchemaElement>, Trouble> {
    Ok(vec![key_element(LISTING_PARTITION, KeyType::Hash)?, key_element(LISTING_SORT, KeyType::Range)?])
}

fn key_element(name: &str, kind: KeyType) -> Result<KeySchemaElement, Trouble> {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().map_err(unbuilt)
}

/// The index names records and holds nothing of them: a change that does not move one costs no second write.
fn keys_only() -> Projection {
    Projection::builder().projection_type(ProjectionType::KeysOnly).build()
}

fn unbuilt(error: BuildError) -> Trouble {
    Trouble::Rejected(Box::new(error))
}
