//! A commit of one record: one conditional `PutItem`, half the price of a transaction.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use skybridge_store::{StoreError, Write};

use super::{Verdict, expression};
use crate::item::{self, CommitId};
use crate::retry::Errand;
use crate::{DynamoStore, Failure, Operation, Outcome, Trouble};

impl DynamoStore {
    pub(super) async fn put(
        &self,
        write: &Write,
        commit: CommitId,
    ) -> Result<(Errand, Result<Verdict, Failure>), StoreError> {
        let table = self.table_name(write.record.key.table);
        let request = self.put_request(&table, write, commit)?;
        let errand = self.retry.errand(Operation::PutItem, &table);
        let verdict = self.retry.run(&errand, || attempt(request.clone(), commit)).await;
        Ok((errand, verdict))
    }

    fn put_request(
        &self,
        table: &str,
        write: &Write,
        commit: CommitId,
    ) -> Result<PutItemFluentBuilder, StoreError> {
        let condition = expression(write);
        let version = |version: u64| AttributeValue::N(version.to_string());
        let request = self.client.put_item().table_name(table);
        let request = request.set_item(Some(item::of(&write.record, commit)?));
        let request =
            request.condition_expression(condition.text).expression_attribute_names("#name", condition.name);
        let request = match condition.version {
            Some(expected) => request.expression_attribute_values(":version", version(expected)),
            None => request,
        };
        Ok(request.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld))
    }
}

async fn attempt(request: PutItemFluentBuilder, commit: CommitId) -> Result<(Verdict, Outcome), Trouble> {
    let Err(error) = request.send().await else { return Ok((Verdict::Done, Outcome::Done)) };
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(failed)) => {
            let verdict = match failed.item() {
                Some(item) if item::is_of_commit(item, &commit) => Verdict::Done,
                standing => Verdict::Lost { write: 0, standing: standing.cloned() },
            };
            Ok((verdict, Outcome::ConditionFailed))
        }
        _ => Err(Trouble::of(error)),
    }
}
