//! A Lambda on loopback, for tests and benchmarks: it starts a function's real program as Lambda does, speaks the
//! runtime API with it, and hands it events one by one.
//!
//! It stands in for the part of Lambda that a function can see
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>): the next event, the answer or the error to
//! it, the error of the start, and the environment. It limits neither time nor memory, and freezes nobody.

#![forbid(unsafe_code)]

mod runtime_api;

use std::io;
use std::process::ExitStatus;

use bytes::Bytes;
use tokio::process::{Child, Command};

use runtime_api::RuntimeApi;

/// A running function. Its process ends when this is dropped.
#[derive(Debug)]
pub struct LocalLambda {
    api: RuntimeApi,
    child: Child,
}

/// What a function said to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its answer, as it was sent.
    Answered(Bytes),
    /// Its error: a JSON object with `errorType` and `errorMessage`.
    Failed(Bytes),
}

/// The function's process ended before it answered.
#[derive(Debug, thiserror::Error)]
#[error("the function ended ({status}) before it answered; its init error: {init_error:?}")]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// What it said of its start, if that failed: a JSON object with `errorType` and `errorMessage`.
    pub init_error: Option<Bytes>,
}

impl LocalLambda {
    /// Starts `command` with nothing in its environment but what it was given and what Lambda sets. Returns at once;
    /// the first event waits for the start.
    ///
    /// # Errors
    /// When there is no port to listen on, or the program cannot be started.
    pub async fn start(mut command: Command) -> io::Result<Self> {
        let api = RuntimeApi::listen().await?;
        let given: Vec<_> = command
            .as_std()
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        let child = command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", api.address().to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "skybridge-booking")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_REGION", "us-east-2")
            .env("AWS_DEFAULT_REGION", "us-east-2")
            .envs(given)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self { api, child })
    }

    /// Hands over `event` and waits for what the function says to it.
    ///
    /// # Errors
    /// When the process ends first.
    pub async fn invoke(&mut self, event: impl Into<Bytes>) -> Result<Outcome, Ended> {
        let outcome = self.api.invoke(event.into());
        tokio::select! {
            biased;
            outcome = outcome => Ok(outcome),
            status = self.child.wait() => {
                let status = status.expect("the process is ours to wait for");
                Err(Ended { status, init_error: self.api.init_error() })
            }
        }
    }

    /// The process, for `/proc` and signals; none once it has ended.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until the process ends by itself.
    ///
    /// # Errors
    /// When the operating system cannot tell.
    pub async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }
}
