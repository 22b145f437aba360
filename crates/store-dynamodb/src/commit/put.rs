//! A commit of one record: one conditional `PutItem`, half the price of a transaction.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use skybridge_store::{Version, Write};

use super::{Draft, Verdict, expression};
use crate::history::{CommitId, Testimony};
use crate::retry::{Answer, Errand};
use crate::{DynamoStore, Failure, Operation, Outcome, Trouble};

impl DynamoStore {
    pub(super) async fn put(
        &self,
        write: &Write,
        draft: &Draft,
        commit: CommitId,
    ) -> (Errand, Result<Answer<Verdict>, Failure>) {
        let table = self.table_name(write.record.key.table);
        let request = self.put_request(&table, write, draft);
        let errand = self.retry.errand(Operation::PutItem, &table);
        let version = write.record.version;
        let answer = self.retry.run_telling(&errand, || attempt(request.clone(), version, commit)).await;
        (errand, answer)
    }

    fn put_request(&self, table: &str, write: &Write, draft: &Draft) -> PutItemFluentBuilder {
        let condition = expression(write);
        let request = self
            .client
            .put_item()
            .table_name(table)
            .set_item(Some(draft.item.clone()))
            .condition_expression(condition.text)
            .expression_attribute_names("#name", condition.name)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match condition.version {
            Some(version) => {
                request.expression_attribute_values(":version", AttributeValue::N(version.to_string()))
            }
            None => request,
        }
    }
}

async fn attempt(
    request: PutItemFluentBuilder,
    version: Version,
    commit: CommitId,
) -> Result<(Verdict, Outcome), Trouble> {
    let Err(error) = request.send().await else { return Ok((Verdict::Done, Outcome::Done)) };
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(failed)) => {
            let verdict = match failed.item() {
                Some(item) if Testimony::of(item, version, &commit) == Testimony::TookPlace => Verdict::Done,
                standing => Verdict::Lost { write: 0, standing: standing.cloned() },
            };
            Ok((verdict, Outcome::ConditionFailed))
        }
        _ => Err(Trouble::of(error)),
    }
}
