//! One event, one answer: the same router as the server's, behind another door.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use lambda_runtime::{Context, Diagnostic};
use skybridge_api::public;
use skybridge_desk::Desk;
use skybridge_store::StoreError;
use tower::ServiceExt as _;
use tracing::Instrument as _;

use crate::answer::Answer;
use crate::event::{Event, Unreadable};
use crate::request;
use crate::settings::GatewayKeys;

/// How old what is known of partners may be. A key that was revoked elsewhere is refused within a second, also by a
/// process that was frozen meanwhile; a burst of calls asks the store no more often than this.
const ROSTER_AGE_MAX: Duration = Duration::from_millis(500);

/// How long an event waits for them. Longer means that the store is away, or that there is very much to read.
const ROSTER_WAIT_MAX: Duration = Duration::from_secs(1);

/// How much later than what is written down the use of a key must be to be written too.
const USES_AGE_MAX: Duration = Duration::from_secs(300);

/// How often an instance looks for such uses.
const USES_LOOKED_AT_EVERY: Duration = Duration::from_secs(30);

/// A body is here as a whole when its event is; the router wants a limit all the same.
const BODY_DEADLINE: Duration = Duration::from_secs(5);

/// The function, ready for events.
pub(crate) struct Function {
    desk: Arc<Desk>,
    router: Router,
    gateway_keys: GatewayKeys,
    /// Has there been an event?
    has_begun: AtomicBool,
}

/// Why an event has no answer. The gateway tells its caller no more than that something failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("the answer broke off while it was made")]
    Answer(#[from] axum::Error),
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let error_type = match &failure {
            Failure::Unreadable(_) => "UnreadableEvent",
            Failure::Answer(_) => "Internal",
        };
        Self { error_type: error_type.to_owned(), error_message: failure.to_string() }
    }
}

impl Function {
    pub(crate) fn new(
        desk: Desk,
        routes: public::Routes,
        gateway_keys: GatewayKeys,
        options: public::Options,
    ) -> Self {
        let desk = Arc::new(desk);
        let options = public::Options { body_deadline: BODY_DEADLINE, ..options };
        Self {
            router: routes.before(Arc::clone(&desk), options),
            desk,
            gateway_keys,
            has_begun: AtomicBool::new(false),
        }
    }

    /// Answers the event whose JSON is `event`. Lines of the log name it as Lambda does.
    pub(crate) async fn answer(&self, event: &str, context: &Context) -> Result<Answer, Failure> {
        let span = tracing::error_span!("invocation", aws_request_id = context.request_id);
        async {
            let event = Event::read(event)?;
            let format = event.format;
            let request = request::from_event(event, self.gateway_keys)?;
            self.hear_of_changes().await;
            // What earlier calls used goes out beside this one, so that no caller waits for it.
            let ((), response) = tokio::join!(self.record_last_uses(), self.router.clone().oneshot(request));
            let response = response.unwrap_or_else(|never| match never {});
            Ok(Answer::of(response, format).await?)
        }
        .instrument(span)
        .await
    }

    /// Takes note of keys, agencies and plans that others changed meanwhile. If the store does not answer, what was
    /// known holds on, and whatever needs the store is refused by itself.
    async fn hear_of_changes(&self) {
        let desk = Arc::clone(&self.desk);
        // A task of its own: what takes longer than a call waits for goes on beside it and the next ones.
        let heard = tokio::spawn(async move { desk.refresh_roster(ROSTER_AGE_MAX).await });
        match tokio::time::timeout(ROSTER_WAIT_MAX, heard).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "changes of partners could not be asked for");
            }
            Ok(Err(broken)) => tracing::error!(%broken, "changes of partners could not be asked for"),
            Err(_elapsed) => tracing::warn!("changes of partners were not told in time"),
        }
    }

    /// Writes down when keys were last used, beside a call now and then, since an instance has no background: the
    /// first use of a key with the next call, and again after [`USES_AGE_MAX`]. Another instance may have just done so.
    async fn record_last_uses(&self) {
        if !self.has_begun.swap(true, Ordering::Relaxed) {
            return;
        }
        let recorded = self.desk.record_last_uses_now_and_then(USES_LOOKED_AT_EVERY, USES_AGE_MAX);
        if !matches!(tokio::time::timeout(ROSTER_WAIT_MAX, recorded).await, Ok(Ok(()))) {
            tracing::debug!("the last uses of keys could not be written down yet");
        }
    }

    /// Gives back what was taken of shared limits and not used, and writes down what was used since that was written.
    pub(crate) async fn settle(&self) -> Result<(), StoreError> {
        let (settled, recorded) =
            tokio::join!(self.desk.settle_limits(), self.desk.record_last_uses(Duration::ZERO));
        settled.and(recorded)
    }
}
