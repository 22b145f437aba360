//! What one connection is doing, since when, and by when it must be done.
//!
//! Hyper has one timer, for heads, and cannot tell a connection that rests from one that trickles. Here three states
//! are told apart, and beside them whether the caller takes what is sent:
//!
//! * *resting*, also from the start: cut off after `idle` without a byte in either direction;
//! * *in a head*, from its first byte: cut off after `header`, however many bytes trickle in;
//! * *in an exchange*, from the first byte of the request to the last of its answer: cut off after `exchange`, whatever
//!   it is that takes so long;
//! * *stalled*, in any of them: bytes wait to be sent and the caller takes none. Cut off after `idle` of that.
//!
//! All is noted by the connection's one task; the atomics are there because the task may move between threads.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long a connection may take for what.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a request's head, from its first byte; and for a TLS handshake.
    pub header: Duration,
    /// Between requests, and for a caller to take some of what waits to be sent.
    pub idle: Duration,
    /// For one request and its answer, from the first byte to the last; `None` is for ever.
    pub exchange: Option<Duration>,
    /// When the server drains: between requests, so that one that is on its way is still answered. HTTP/1.1 has no
    /// other way to tell a caller to go than with an answer; HTTP/2 has, and a while of its own for it.
    pub last_call: Duration,
}

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Resting,
    Head,
    Exchange,
}

/// The pulse of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Pulse(Arc<Noted>);

#[derive(Debug)]
struct Noted {
    opened_at: Instant,
    phase: AtomicU8,
    /// When the head or the exchange began; this and the next in nanoseconds since the connection was opened.
    since: AtomicU64,
    /// When the last byte went in or out.
    moved: AtomicU64,
    stalled: AtomicBool,
}

const RESTING: u8 = 0;
const HEAD: u8 = 1;
const EXCHANGE: u8 = 2;

impl Pulse {
    /// A connection that was opened just now.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Noted {
            opened_at: Instant::now(),
            phase: AtomicU8::new(RESTING),
            since: AtomicU64::new(0),
            moved: AtomicU64::new(0),
            stalled: AtomicBool::new(false),
        }))
    }

    pub(crate) fn phase(&self) -> Phase {
        match self.0.phase.load(Relaxed) {
            HEAD => Phase::Head,
            EXCHANGE => Phase::Exchange,
            _ => Phase::Resting,
        }
    }

    /// Nothing is asked and nothing answered. As long as an answer is still on its way this is not so.
    pub(crate) fn rest(&self) {
        if self.0.phase.load(Relaxed) == EXCHANGE && !self.0.stalled.load(Relaxed) {
            self.0.phase.store(RESTING, Relaxed);
        }
    }

    /// A head has begun that is not complete.
    pub(crate) fn head_begun(&self) {
        if self.0.phase.swap(HEAD, Relaxed) != HEAD {
            self.0.since.store(self.now(), Relaxed);
        }
    }

    /// A request has come as a whole but for its body. The exchange began with its first byte.
    pub(crate) fn exchange_begun(&self) {
        if self.0.phase.swap(EXCHANGE, Relaxed) != HEAD {
            self.0.since.store(self.0.moved.load(Relaxed), Relaxed);
        }
    }

    /// By when the present phase must have ended.
    pub(crate) fn deadline(&self, patience: &Patience) -> Option<Instant> {
        let phase_ends = match self.phase() {
            Phase::Resting => Some(self.moved_at() + patience.idle),
            Phase::Head => Some(self.began_at() + patience.header),
            Phase::Exchange => patience.exchange.map(|exchange| self.began_at() + exchange),
        };
        [phase_ends, self.stall_deadline(patience)].into_iter().flatten().min()
    }

    /// By when a caller must have taken some of what waits for it, if something does.
    pub(crate) fn stall_deadline(&self, patience: &Patience) -> Option<Instant> {
        self.0.stalled.load(Relaxed).then(|| self.moved_at() + patience.idle)
    }

    fn began_at(&self) -> Instant {
        self.0.opened_at + Duration::from_nanos(self.0.since.load(Relaxed))
    }

    fn moved_at(&self) -> Instant {
        self.0.opened_at + Duration::from_nanos(self.0.moved.load(Relaxed))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.opened_at.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn note_movement(&self) {
        self.0.moved.store(self.now(), Relaxed);
    }

    fn note_sending<T>(&self, outcome: &Poll<io::Result<T>>) {
        self.0.stalled.store(outcome.is_pending(), Relaxed);
    }
}

/// A stream whose bytes its pulse is told of.
#[derive(Debug)]
pub(crate) struct Paced<S> {
    inner: S,
    pulse: Pulse,
}

impl<S> Paced<S> {
    pub(crate) fn new(inner: S, pulse: Pulse) -> Self {
        Self { inner, pulse }
    }

    pub(crate) fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        if buffer.filled().len() > before {
            self.pulse.note_movement();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.pulse.note_sending(&outcome);
        let count = ready!(outcome)?;
        self.pulse.note_movement();
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.pulse.note_sending(&outcome);
        let count = ready!(outcome)?;
        self.pulse.note_movement();
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_flush(cx);
        self.pulse.note_sending(&outcome);
        outcome
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// Rings when a deadline that moves has passed.
#[derive(Debug)]
pub(crate) struct Alarm {
    /// Set for a moment at or before the deadline, and set anew when it fires early: moving it with every byte would
    /// cost more than it buys.
    timer: Pin<Box<Sleep>>,
}

impl Alarm {
    /// An alarm that looks at its deadline `first` from now at the latest.
    pub(crate) fn new(first: Duration) -> Self {
        Self { timer: Box::pin(sleep_until(Instant::now() + first)) }
    }

    /// Waits until the deadline has passed, which is looked at whenever the task wakes.
    pub(crate) async fn rings(&mut self, deadline: impl Fn() -> Option<Instant>) {
        std::future::poll_fn(|cx| {
            loop {
                let Some(deadline) = deadline() else { return Poll::Pending };
                if deadline < self.timer.deadline() {
                    self.timer.as_mut().reset(deadline);
                }
                ready!(self.timer.as_mut().poll(cx));
                if Instant::now() >= deadline {
                    return Poll::Ready(());
                }
                self.timer.as_mut().reset(deadline);
            }
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const PATIENCE: Patience = Patience {
        header: Duration::from_secs(10),
        idle: Duration::from_secs(60),
        exchange: Some(Duration::from_secs(90)),
        last_call: Duration::ZERO,
    };

    /// Seconds until the deadline.
    fn left(pulse: &Pulse) -> u64 {
        (pulse.deadline(&PATIENCE).unwrap() - Instant::now()).as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn each_phase_has_its_own_deadline() {
        let pulse = Pulse::new();
        advance(Duration::from_secs(20)).await;
        assert_eq!(left(&pulse), 40, "idle from the start");
        pulse.note_movement();
        pulse.head_begun();
        advance(Duration::from_secs(3)).await;
        pulse.note_movement();
        pulse.head_begun();
        assert_eq!(left(&pulse), 7, "a head's time runs from its first byte");
        pulse.exchange_begun();
        assert_eq!(left(&pulse), 87, "and so does the exchange's");
        advance(Duration::from_secs(1)).await;
        pulse.note_sending::<()>(&Poll::Pending);
        pulse.rest();
        assert_eq!((pulse.phase(), left(&pulse)), (Phase::Exchange, 59), "the answer is not taken");
        pulse.note_sending(&Poll::Ready(Ok(())));
        pulse.note_movement();
        pulse.rest();
        assert_eq!((pulse.phase(), left(&pulse)), (Phase::Resting, 60));
    }

    #[tokio::test(start_paused = true)]
    async fn an_alarm_follows_its_deadline_both_ways() {
        let begun = Instant::now();
        let mut alarm = Alarm::new(Duration::from_secs(60));
        alarm.rings(|| Some(begun + Duration::from_secs(10))).await;
        assert_eq!(begun.elapsed().as_secs(), 10);
        alarm.rings(|| Some(begun + Duration::from_secs(100))).await;
        assert_eq!(begun.elapsed().as_secs(), 100);
    }
}
