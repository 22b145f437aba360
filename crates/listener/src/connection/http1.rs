//! HTTP/1.1: hyper behind the guard, and what is said when the guard has stopped a request.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use http::HeaderValue;
use http::header::CONNECTION;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, sleep_until};

use super::{Caller, Reception, http2};
use crate::drain::DrainSignal;
use crate::farewell::{self, Wire};
use crate::guard::{Guard, Remains, Stop, fault};
use crate::leftover::Leftover;
use crate::pulse::{Alarm, Paced, Phase, Pulse};
use crate::refusal;

/// More than a head that the guard passes can have.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// Why hyper is done with a connection.
enum Ending {
    /// Nothing more comes, or nothing more can be answered.
    Served(hyper::Result<()>),
    /// The present phase took too long.
    Overdue,
}

pub(super) async fn converse<S: Wire + 'static>(
    reception: &Reception,
    caller: Caller,
    stream: S,
    drain: DrainSignal,
) {
    let pulse = Pulse::new();
    let guard = Guard::new(Paced::new(stream, pulse.clone()), pulse.clone());
    let (ending, guard) = serve(reception, &caller, guard, &pulse, drain.clone()).await;
    let Remains { stream, stop, held, is_mid_request } = guard.remains();
    let stream = stream.into_inner();
    match (ending, stop) {
        (Ending::Overdue, _) => match pulse.phase() {
            Phase::Resting => farewell::close(stream).await,
            Phase::Head => say(reception, &caller, stream, fault::HEAD_TOO_SLOW, &held).await,
            Phase::Exchange => {
                metrics::counter!("skybridge_connections_cut_off_total").increment(1);
                stream.sever();
            }
        },
        (Ending::Served(Ok(())), Some(Stop::Head(fault))) => {
            say(reception, &caller, stream, fault, &held).await;
        }
        (Ending::Served(Ok(())), Some(Stop::Preface)) => {
            http2::converse(reception, caller, held, stream, drain).await;
        }
        (Ending::Served(outcome), _) => {
            if let Err(error) = outcome {
                // A caller that breaks off is everyday life, not an error of this server.
                tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
            }
            if is_mid_request {
                farewell::wait_for_caller(stream).await;
            } else {
                farewell::close(stream).await;
            }
        }
    }
}

async fn say<S: Wire>(reception: &Reception, caller: &Caller, stream: S, fault: fault::Fault, held: &[u8]) {
    tracing::debug!(fault = fault.detail, peer = %caller.peer, "a head was refused");
    let answer = refusal::to_fault(fault, held, caller.peer, &reception.request_ids);
    farewell::say(stream, &answer).await;
}

/// Has hyper serve until it is done or time is up. Gives the guard back.
async fn serve<S: Wire + 'static>(
    reception: &Reception,
    caller: &Caller,
    guard: Guard<Paced<S>>,
    pulse: &Pulse,
    mut drain: DrainSignal,
) -> (Ending, Guard<Paced<S>>) {
    let leftover = Leftover::default();
    let is_draining = AtomicBool::new(false);
    let service = service_fn(|request: http::Request<Incoming>| {
        pulse.exchange_begun();
        let answer = reception.answer(caller, leftover.watch(request));
        let (leftover, is_draining) = (&leftover, &is_draining);
        async move {
            let mut answer = answer.await?;
            leftover.settle(&mut answer, caller.peer).await;
            // Who rests is told so by the answer to its next request, if that comes before the last call is over.
            if is_draining.load(Relaxed) {
                answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    let mut connection = rules().serve_connection(TokioIo::new(guard), service);
    let mut alarm = Alarm::new(reception.patience.idle);
    let mut last_call = None;
    let ending = loop {
        tokio::select! {
            biased;
            outcome = &mut connection => break Ending::Served(outcome),
            () = drain.begun(), if !is_draining.load(Relaxed) => {
                is_draining.store(true, Relaxed);
                last_call = Some(Instant::now() + reception.patience.last_call);
            }
            () = sleep_until(last_call.unwrap_or_else(Instant::now)), if last_call.is_some() => {
                last_call = None;
                // Hyper knows nothing of a head that is half in; it has its deadline, and its answer will be the last.
                if pulse.phase() != Phase::Head {
                    Pin::new(&mut connection).graceful_shutdown();
                }
            }
            () = alarm.rings(|| pulse.deadline(&reception.patience)) => break Ending::Overdue,
        }
    };
    (ending, connection.into_parts().io.into_inner())
}

fn rules() -> http1::Builder {
    let mut rules = http1::Builder::new();
    rules
        .header_read_timeout(None)
        .max_buf_size(BUFFER_BYTES_MAX)
        // A caller that has sent all it wants to send may close its half and still get the answer. It also means that
        // hyper sees a request through whose caller is gone: a use case that has begun is not cut off half-way.
        .half_close(true);
    rules
}
