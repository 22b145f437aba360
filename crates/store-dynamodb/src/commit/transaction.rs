//! A commit of several records: one `TransactWriteItems`.
//!
//! Its client token is the commit's id and stays the same over all attempts: DynamoDB answers a transaction that took
//! place within the last ten minutes with success, without doing it again. A server without such tokens fails the
//! conditions instead, and the items say that it was us.

use std::fmt::Write as _;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use skybridge_store::{StoreError, Version, Write};

use super::{Draft, Verdict, expression};
use crate::history::{CommitId, Testimony};
use crate::retry::{Answer, Errand};
use crate::trouble::Cause;
use crate::{DynamoStore, Failure, Operation, Outcome, Trouble};

impl DynamoStore {
    pub(super) async fn transact(
        &self,
        writes: &[Write],
        drafts: &[Draft],
        commit: CommitId,
    ) -> Result<(Errand, Result<Answer<Verdict>, Failure>), StoreError> {
        let put = |(write, draft)| self.transact_put(write, draft);
        let puts: Result<Vec<_>, _> = writes.iter().zip(drafts).map(put).collect();
        let request = self.client.transact_write_items().set_transact_items(Some(puts?));
        let request = request.client_request_token(token(&commit));
        // The first record's table stands for all in messages; its read settles a lost answer.
        let table = writes.first().map(|write| self.table_name(write.record.key.table)).unwrap_or_default();
        let errand = self.retry.errand(Operation::TransactWriteItems, &table);
        let versions: Vec<Version> = writes.iter().map(|write| write.record.version).collect();
        let answer = self.retry.run_telling(&errand, || attempt(request.clone(), &versions, &commit)).await;
        Ok((errand, answer))
    }

    fn transact_put(&self, write: &Write, draft: &Draft) -> Result<TransactWriteItem, StoreError> {
        let condition = expression(write);
        let put = Put::builder()
            .table_name(self.table_name(write.record.key.table))
            .set_item(Some(draft.item.clone()))
            .condition_expression(condition.text)
            .expression_attribute_names("#name", condition.name)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = match condition.version {
            Some(version) => {
                put.expression_attribute_values(":version", AttributeValue::N(version.to_string()))
            }
            None => put,
        };
        // A table and an item are all that a put must have.
        let unbuilt = |error: BuildError| StoreError::Unavailable(Box::new(error));
        Ok(TransactWriteItem::builder().put(put.build().map_err(unbuilt)?).build())
    }
}

/// 32 hexadecimal digits; DynamoDB takes up to 36 characters.
fn token(commit: &CommitId) -> String {
    commit.iter().fold(String::with_capacity(2 * commit.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

async fn attempt(
    request: TransactWriteItemsFluentBuilder,
    versions: &[Version],
    commit: &CommitId,
) -> Result<(Verdict, Outcome), Trouble> {
    let Err(error) = request.send().await else { return Ok((Verdict::Done, Outcome::Done)) };
    let judged = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
            judge(canceled.cancellation_reasons(), versions, commit)
        }
        _ => return Err(Trouble::of(error)),
    };
    match judged {
        Ok(verdict) => Ok((verdict, Outcome::ConditionFailed)),
        Err(trouble) => Err(trouble(Box::new(error))),
    }
}

/// What the reasons of a cancellation say: there is one for each write, in the order of the writes.
///
/// The first that is a reason decides. So a failed condition is reported only if every write before it was fine, as
/// the port demands, and a conflict before it is tried again, since it hides what that write's condition would say.
fn judge(
    reasons: &[CancellationReason],
    versions: &[Version],
    commit: &CommitId,
) -> Result<Verdict, fn(Cause) -> Trouble> {
    let took_place = |(reason, version): (&CancellationReason, &Version)| {
        reason.item().is_some_and(|item| Testimony::of(item, *version, commit) == Testimony::TookPlace)
    };
    if reasons.iter().zip(versions).any(took_place) {
        return Ok(Verdict::Done);
    }
    for (write, reason) in reasons.iter().enumerate() {
        match reason.code().unwrap_or("None") {
            "None" => {}
            "ConditionalCheckFailed" => return Ok(Verdict::Lost { write, standing: reason.item().cloned() }),
            "TransactionConflict" => return Err(Trouble::Conflict),
            "ThrottlingError" | "ProvisionedThroughputExceeded" => return Err(Trouble::Throttled),
            "ValidationError" if reason.message().is_some_and(|message| message.contains("Item size")) => {
                return Err(Trouble::TooLarge);
            }
            _ => return Err(Trouble::Rejected),
        }
    }
    Err(Trouble::Rejected)
}

#[cfg(test)]
mod tests {
    use skybridge_store::{Attributes, Key, Record, Table};

    use super::*;
    use crate::history::History;
    use crate::item;

    const OURS: CommitId = [7; 16];

    /// A reason of this code, on the item that `commit` left at version 1 if one is given.
    fn reason(code: &str, commit: Option<CommitId>) -> CancellationReason {
        let record = Record {
            key: Key::new(Table::Audit, "a"),
            version: 1,
            listing: None,
            attributes: Attributes::default(),
        };
        let item = commit.map(|commit| {
            item::of(&record, &History::default().continued_by(&commit)).expect("no name collides")
        });
        CancellationReason::builder().code(code).set_item(item).build()
    }

    fn judged(reasons: &[CancellationReason]) -> String {
        match judge(reasons, &vec![1; reasons.len()], &OURS) {
            Ok(Verdict::Done) => "done".to_owned(),
            Ok(Verdict::Lost { write, .. }) => format!("lost {write}"),
            Err(trouble) => format!("{:?}", trouble("".into()).outcome()),
        }
    }

    #[test]
    fn the_first_reason_decides() {
        let (none, failed) = (reason("None", None), reason("ConditionalCheckFailed", Some([1; 16])));
        let (conflict, throttled) = (reason("TransactionConflict", None), reason("ThrottlingError", None));
        for (reasons, expected) in [
            ([&none, &failed, &failed], "lost 1"),
            ([&none, &failed, &conflict], "lost 1"),
            // What the write before it would have said is not known.
            ([&conflict, &failed, &none], "Conflict"),
            ([&none, &throttled, &conflict], "Throttled"),
            ([&none, &none, &reason("AccessDenied", None)], "Rejected"),
        ] {
            assert_eq!(judged(&reasons.map(Clone::clone)), expected, "{reasons:?}");
        }
    }

    /// A server without client tokens fails the conditions of a transaction that took place.
    #[test]
    fn an_item_that_names_us_says_that_all_took_place() {
        let reasons = ["None", "ConditionalCheckFailed"].map(|code| reason(code, None));
        assert_eq!(judged(&reasons), "lost 1");
        let ours = [reasons[0].clone(), reason("ConditionalCheckFailed", Some(OURS))];
        assert_eq!(judged(&ours), "done");
    }
}
