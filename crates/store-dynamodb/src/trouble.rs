//! What can go wrong with a request, told apart by what to do about it: another attempt, or an operator's work.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::Outcome;

/// The SDK's own account of it.
pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// Why an attempt failed. Its text is for the operator, and says what to do where something can be done.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// More requests than the table, the index or the account takes now.
    #[error("DynamoDB throttles: the table's or the account's capacity is used up for now")]
    Throttled(#[source] Cause),
    /// A transaction under way holds the record.
    #[error("another transaction holds the record")]
    Conflict(#[source] Cause),
    /// 5xx. A write may have taken place.
    #[error("DynamoDB failed")]
    ServerError(#[source] Cause),
    /// No answer in time. A write may have taken place, or may yet.
    #[error("DynamoDB gave no answer in time")]
    TimedOut,
    /// The connection broke, or the answer could not be read. A write may have taken place.
    #[error("the connection to DynamoDB broke before the answer was whole")]
    Broken(#[source] Cause),
    /// The record was changed so often since that nobody can tell whether the write was one of the changes.
    #[error("the record has changed many times since the attempt whose answer was lost")]
    Overtaken,
    /// No connection came about, so nothing was asked.
    #[error(
        "DynamoDB cannot be reached: check the region, the endpoint (AWS_ENDPOINT_URL), the network, and that this \
         machine has certificates of authorities (the package ca-certificates)"
    )]
    Unreachable(#[source] Cause),
    /// There is no such table.
    #[error(
        "the table does not exist in this region and account: create it with `skybridge serve --store dynamodb \
         --create-tables` or from the templates, or correct the table prefix, the region or the credentials"
    )]
    NoTable(#[source] Cause),
    /// The table has no index to list by.
    #[error(
        "the table has no index `listing`, which listing needs (booking and reading by id do not): add it with \
         `skybridge serve --store dynamodb --create-tables`"
    )]
    NoIndex(#[source] Cause),
    /// Nobody said who asks.
    #[error(
        "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, sign in with \
         `aws sso login`, or run with a role"
    )]
    NoCredentials(#[source] Cause),
    /// A session has ended.
    #[error("the AWS credentials have expired: sign in again (`aws sso login`), or renew the session token")]
    CredentialsExpired(#[source] Cause),
    /// AWS does not know the key, or it does not fit the secret.
    #[error(
        "AWS does not accept the credentials: check the key id, the secret, the session token and the region"
    )]
    CredentialsUnknown(#[source] Cause),
    /// The signature's time is too far from AWS's own.
    #[error("AWS refuses the request's time: set this machine's clock")]
    ClockOff(#[source] Cause),
    /// The policies do not allow it.
    #[error("the credentials do not allow this operation on this table: grant it in the role's policy")]
    AccessDenied(#[source] Cause),
    /// An item grew past DynamoDB's bound.
    #[error("the item is larger than DynamoDB takes")]
    TooLarge(#[source] Cause),
    /// Anything else that another attempt does not change.
    #[error("DynamoDB rejects the request")]
    Rejected(#[source] Cause),
}

impl Trouble {
    /// Can another attempt end better?
    #[must_use]
    pub fn is_worth_a_retry(&self) -> bool {
        match self {
            Self::Throttled(_)
            | Self::Conflict(_)
            | Self::ServerError(_)
            | Self::TimedOut
            | Self::Broken(_)
            | Self::Unreachable(_) => true,
            Self::NoTable(_)
            | Self::NoIndex(_)
            | Self::NoCredentials(_)
            | Self::CredentialsExpired(_)
            | Self::CredentialsUnknown(_)
            | Self::ClockOff(_)
            | Self::AccessDenied(_)
            | Self::TooLarge(_)
            | Self::Rejected(_)
            | Self::Overtaken => false,
        }
    }

    /// Can a write have taken place all the same? 503 is taken for a yes with 500: it comes from in front of the
    /// service, but no page of AWS promises that nothing behind it was done.
    #[must_use]
    pub fn leaves_a_write_open(&self) -> bool {
        matches!(self, Self::ServerError(_) | Self::TimedOut | Self::Broken(_) | Self::Overtaken)
    }

    /// As metrics count it.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Throttled(_) => Outcome::Throttled,
            Self::Conflict(_) => Outcome::Conflict,
            Self::ServerError(_) => Outcome::ServerError,
            Self::TimedOut => Outcome::TimedOut,
            Self::Broken(_) => Outcome::Broken,
            Self::Unreachable(_) => Outcome::Unreachable,
            _ => Outcome::Rejected,
        }
    }

    /// What `error` says.
    pub(crate) fn of<E>(error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let kind: fn(Cause) -> Self = match &error {
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => Self::Broken,
            SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
                Some(error) => dispatch(error),
                None => Self::Broken,
            },
            SdkError::ServiceError(service) => {
                answered(service.raw().status().as_u16(), service.err().meta())
            }
            _ => Self::Rejected,
        };
        let kind = credentials(&error).unwrap_or(kind);
        kind(Box::new(error))
    }
}

/// What a failure on the way says. Before there was a connection nothing was sent; afterwards nobody knows.
fn dispatch(error: &(dyn Error + 'static)) -> fn(Cause) -> Trouble {
    let before = chain(error).any(|cause| {
        cause
            .downcast_ref::<hyper_util::client::legacy::Error>()
            .is_some_and(hyper_util::client::legacy::Error::is_connect)
    });
    if before { Trouble::Unreachable } else { Trouble::Broken }
}

/// What an answer says. The names are of
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html> and
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html>.
fn answered(status: u16, meta: &aws_sdk_dynamodb::error::ErrorMetadata) -> fn(Cause) -> Trouble {
    let message = meta.message().unwrap_or_default();
    match meta.code().unwrap_or_default() {
        "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        // Of tables and indexes: too many are being made at once.
        | "LimitExceededException" => Trouble::Throttled,
        "TransactionConflictException"
        | "TransactionInProgressException"
        | "ReplicatedWriteConflictException" => Trouble::Conflict,
        "ResourceNotFoundException" | "TableNotFoundException" => Trouble::NoTable,
        "IndexNotFoundException" => Trouble::NoIndex,
        "ValidationException" if message.contains("does not have the specified index") => Trouble::NoIndex,
        "ValidationException" if message.contains("Item size") => Trouble::TooLarge,
        "ExpiredTokenException" | "ExpiredToken" => Trouble::CredentialsExpired,
        "RequestExpired" | "RequestTimeTooSkewed" => Trouble::ClockOff,
        "InvalidSignatureException"
            if message.contains("expired") || message.contains("not yet current") =>
        {
            Trouble::ClockOff
        }
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "InvalidClientTokenId"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => Trouble::CredentialsUnknown,
        "AccessDeniedException" | "AccessDenied" | "NotAuthorized" | "OptInRequired" => Trouble::AccessDenied,
        _ if status >= 500 => Trouble::ServerError,
        _ => Trouble::Rejected,
    }
}

/// What a failure to get at the credentials says. They are fetched before anything is sent, whatever the SDK then
/// calls the failure.
fn credentials<E: Error + 'static>(error: &SdkError<E, HttpResponse>) -> Option<fn(Cause) -> Trouble> {
    if matches!(error, SdkError::ServiceError(_)) {
        return None;
    }
    let fault = chain(error).find_map(|cause| cause.downcast_ref::<CredentialsError>())?;
    Some(match fault {
        // The service that hands them out is slow; it may be quicker next time.
        CredentialsError::ProviderTimedOut(_) => Trouble::Unreachable,
        _ => Trouble::NoCredentials,
    })
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (**error).source())
}

#[cfg(test)]
mod tests;
