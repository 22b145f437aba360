//! HTTP/2: hyper within narrow bounds, and a clock over everything that is under way.
//!
//! h2 frames what comes, refuses what is malformed, and ends connections that flood it with resets, pings or
//! CONTINUATION frames. What it does not do is lose patience. A caller that never opens its window keeps answers in
//! memory for as long as it likes, so each exchange is on the list of its connection from its headers to the moment
//! when its caller's window has covered the last byte of the answer, and a connection whose oldest exchange is overdue
//! is cut off as a whole. A caller that makes requests only to take them back pays with its connection too.
//!
//! Headers that trickle in need no clock of their own: no other frame may come between them, so nothing new can begin
//! on that connection, what is under way ends by its own deadline, and the connection then rests, or seems to.

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::Instant;

use super::{Caller, Reception};
use crate::drain::DrainSignal;
use crate::farewell::{self, Wire};
use crate::guard;
use crate::handed_over::{CutOff, HandedOver};
use crate::leftover::Leftover;
use crate::pulse::{Alarm, Paced, Patience, Pulse};

/// What a caller may send ahead on one request: a whole body.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
/// What it may send ahead on all of them.
const CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;
const FRAME_BYTES_MAX: u32 = 16 * 1024;
/// The contract's 16 KiB of headers and 8 KiB of target, with the 32 bytes that HTTP/2 counts for each of 100.
const HEADER_LIST_BYTES_MAX: u32 = 28 * 1024;
/// What is kept of an answer until the caller's window opens.
const SEND_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// Requests that were taken back before they were looked at.
const RESETS_WAITING_MAX: usize = 20;
/// Streams that were reset for errors of the caller's.
const RESETS_FOR_ERRORS_MAX: usize = 64;
/// How many more requests a caller may take back than it lets be answered.
const TAKEN_BACK_MAX: u64 = 100;

/// Serves requests until the caller closes, its time is up, or the server drains. `held` was read from `stream` before.
pub(super) async fn converse<S: Wire + 'static>(
    reception: &Reception,
    caller: Caller,
    held: BytesMut,
    stream: S,
    mut drain: DrainSignal,
) {
    let pulse = Pulse::new();
    let exchanges = Exchanges::new();
    let service = service_fn(|request: http::Request<Incoming>| {
        let ticket = exchanges.begin();
        let leftover = Leftover::default();
        let answer = match guard::http2::check(&request) {
            Ok(()) => Ok(reception.answer(&caller, leftover.watch(request))),
            Err(fault) => Err(reception.refuse(fault, &caller, &request)),
        };
        async move {
            let answer = match answer {
                Ok(answering) => answering.await?,
                Err(refused) => refused,
            };
            leftover.read_out().await;
            Ok::<_, std::convert::Infallible>(answer.map(|body| Answered::new(body, ticket)))
        }
    });
    let cut_off = CutOff::default();
    let stream = TokioIo::new(Paced::new(HandedOver::new(held, stream, cut_off.clone()), pulse.clone()));
    let mut connection = pin!(rules(reception.streams_max).serve_connection(stream, service));
    let mut alarm = Alarm::new(reception.patience.idle);
    // How long the connection may rest; set anew when its caller is told to go.
    let mut rest = reception.patience.idle;
    let mut is_leaving = false;
    loop {
        tokio::select! {
            biased;
            outcome = connection.as_mut() => {
                if let Err(error) = outcome {
                    tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
                }
                return;
            }
            () = drain.begun(), if !is_leaving => {}
            () = alarm.rings(|| exchanges.deadline(&pulse, &reception.patience, rest)) => {
                if !exchanges.are_none() || is_leaving {
                    // Dropped with whatever is under way.
                    exchanges.count_if_cut_off();
                    cut_off.set();
                    return;
                }
            }
        }
        // Told once, by GOAWAY. Then there is the while of a farewell for it to go by itself, or for requests that were
        // on their way to come in.
        is_leaving = true;
        connection.as_mut().graceful_shutdown();
        exchanges.rest_again();
        rest = farewell::WHILE;
    }
}

fn rules(streams_max: u32) -> http2::Builder<TokioExecutor> {
    let mut rules = http2::Builder::new(TokioExecutor::new());
    rules
        .max_concurrent_streams(streams_max)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES_MAX)
        .max_header_list_size(HEADER_LIST_BYTES_MAX)
        .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .max_pending_accept_reset_streams(RESETS_WAITING_MAX)
        .max_local_error_reset_streams(RESETS_FOR_ERRORS_MAX);
    rules
}

/// What is under way on one connection.
#[derive(Debug, Clone)]
struct Exchanges(Arc<Mutex<Tally>>);

#[derive(Debug)]
struct Tally {
    /// By number, so the oldest comes first.
    begun_at: BTreeMap<u64, Instant>,
    begun: u64,
    answered: u64,
    taken_back: u64,
    resting_since: Instant,
}

impl Tally {
    fn is_flood(&self) -> bool {
        self.taken_back > self.answered + TAKEN_BACK_MAX
    }
}

impl Exchanges {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Tally {
            begun_at: BTreeMap::new(),
            begun: 0,
            answered: 0,
            taken_back: 0,
            resting_since: Instant::now(),
        })))
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self) -> Ticket {
        let mut tally = self.tally();
        let number = tally.begun;
        tally.begun += 1;
        tally.begun_at.insert(number, Instant::now());
        Ticket { exchanges: self.clone(), number, is_answered: false }
    }

    fn are_none(&self) -> bool {
        self.tally().begun_at.is_empty()
    }

    /// Counts a connection that is cut off: in the middle of an exchange or for a flood, and not if it merely rests and
    /// does not go.
    fn count_if_cut_off(&self) {
        let tally = self.tally();
        if !tally.begun_at.is_empty() || tally.is_flood() {
            metrics::counter!("skybridge_connections_cut_off_total").increment(1);
        }
    }

    /// Lets the time of rest run anew.
    fn rest_again(&self) {
        self.tally().resting_since = Instant::now();
    }

    /// By when something must have ended, or have begun if nothing does for as long as `rest`.
    fn deadline(&self, pulse: &Pulse, patience: &Patience, rest: Duration) -> Option<Instant> {
        let tally = self.tally();
        if tally.is_flood() {
            return Some(tally.resting_since);
        }
        let phase_ends = match tally.begun_at.first_key_value() {
            None => Some(tally.resting_since + rest),
            Some((_, begun_at)) => patience.exchange.map(|exchange| *begun_at + exchange),
        };
        [phase_ends, pulse.stall_deadline(patience)].into_iter().flatten().min()
    }
}

/// One exchange that is under way, until it is dropped.
#[derive(Debug)]
struct Ticket {
    exchanges: Exchanges,
    number: u64,
    is_answered: bool,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut tally = self.exchanges.tally();
        tally.begun_at.remove(&self.number);
        if self.is_answered {
            tally.answered += 1;
        } else {
            tally.taken_back += 1;
        }
        if tally.begun_at.is_empty() {
            tally.resting_since = Instant::now();
        }
    }
}

/// The body of an answer, which is dropped when the caller's window has covered it.
///
/// Hyper asks for more of a body only when there is room in the window behind what it has, and drops the body when
/// there is no more. Its last byte is therefore given apart: it is asked for when all before it is covered.
#[derive(Debug)]
struct Answered {
    body: Body,
    last_byte: Bytes,
    _ticket: Ticket,
}

impl Answered {
    fn new(body: Body, mut ticket: Ticket) -> Self {
        ticket.is_answered = true;
        Self { body, last_byte: Bytes::new(), _ticket: ticket }
    }
}

impl hyper::body::Body for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if !self.last_byte.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.last_byte)))));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let Some(Ok(frame)) = frame else { return Poll::Ready(frame) };
        let frame = match frame.into_data() {
            Ok(mut data) => {
                if data.len() > 1 && self.body.is_end_stream() {
                    self.last_byte = data.split_off(data.len() - 1);
                }
                Frame::data(data)
            }
            Err(other) => other,
        };
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.last_byte.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        let held = self.last_byte.len() as u64;
        if let Some(exact) = hint.exact() {
            hint.set_exact(exact + held);
        }
        hint
    }
}
