//! A connection's bytes, against the clock.
//!
//! Hyper has one timer, which starts when it begins to wait for a request and ends with the request's headers;
//! it cannot tell a connection that rests from one that trickles. Three things are told apart here:
//!
//! * *resting*: between requests, and while an answer is written. Cut off after `idle_timeout` without a byte in
//!   either direction, so a caller that does not take its answer is cut off too;
//! * *reading a head*: from a request's first byte. Cut off after `header_timeout`, however many bytes trickle in;
//! * *serving*: the pipeline has the request and keeps its own deadlines, such as the body's.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// What a connection is doing. The stream says when a head begins, the service when serving begins and ends;
/// both run in the connection's one task.
#[derive(Debug, Clone, Default)]
pub(super) struct Phase(Arc<AtomicU8>);

const FRESH: u8 = 0;
const READING_HEAD: u8 = 1;
const SERVING: u8 = 2;
const RESTING: u8 = 3;

impl Phase {
    /// The pipeline has a request.
    pub(super) fn serving(&self) {
        self.0.store(SERVING, Ordering::Relaxed);
    }

    /// The pipeline has given its answer.
    pub(super) fn served(&self) {
        self.0.store(RESTING, Ordering::Relaxed);
    }

    /// Has nothing come in since the connection was opened? Then nothing is lost by closing it.
    pub(super) fn is_fresh(&self) -> bool {
        self.0.load(Ordering::Relaxed) == FRESH
    }

    /// A byte came in. Is it the first of a head?
    fn begins_head(&self) -> bool {
        let begins = matches!(self.0.load(Ordering::Relaxed), FRESH | RESTING);
        if begins {
            self.0.store(READING_HEAD, Ordering::Relaxed);
        }
        begins
    }
}

/// How long a connection may take for what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    pub(super) header: Duration,
    pub(super) idle: Duration,
}

/// A stream that fails with [`io::ErrorKind::TimedOut`] when its time is up.
#[derive(Debug)]
pub(super) struct TimedStream<S> {
    inner: S,
    phase: Phase,
    patience: Patience,
    /// When the last byte went in or out.
    moved_at: Instant,
    /// When the first byte of the present head came in.
    head_at: Instant,
    /// Set for a moment at or before the deadline, and set anew when it fires early: moving it with every byte
    /// would cost more than it buys.
    timer: Pin<Box<Sleep>>,
}

impl<S> TimedStream<S> {
    /// `inner`, in the phase that `phase` tells.
    pub(super) fn new(inner: S, phase: Phase, patience: Patience) -> Self {
        let now = Instant::now();
        let timer = Box::pin(sleep_until(now + patience.idle));
        Self { inner, phase, patience, moved_at: now, head_at: now, timer }
    }

    fn deadline(&self) -> Option<Instant> {
        match self.phase.0.load(Ordering::Relaxed) {
            FRESH | RESTING => Some(self.moved_at + self.patience.idle),
            READING_HEAD => Some(self.head_at + self.patience.header),
            _serving => None,
        }
    }

    /// Nothing moves: ready with an error when the time for it is up.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let Some(deadline) = self.deadline() else { return Poll::Pending };
        if deadline < self.timer.deadline() {
            self.timer.as_mut().reset(deadline);
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if Instant::now() >= deadline {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            self.timer.as_mut().reset(deadline);
        }
    }

    fn written(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Pending => self.wait(cx).map(Err),
            done => {
                self.moved_at = Instant::now();
                done
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.inner).poll_read(cx, buffer);
        if outcome.is_pending() {
            return self.wait(cx).map(Err);
        }
        if buffer.filled().len() > before {
            self.moved_at = Instant::now();
            if self.phase.begins_head() {
                self.head_at = self.moved_at;
            }
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.written(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.written(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::time::advance;

    use super::*;

    const PATIENCE: Patience = Patience { header: Duration::from_secs(10), idle: Duration::from_secs(60) };

    fn pair() -> (TimedStream<DuplexStream>, Phase, DuplexStream) {
        let (ours, theirs) = duplex(64);
        let phase = Phase::default();
        (TimedStream::new(ours, phase.clone(), PATIENCE), phase, theirs)
    }

    /// What `io` fails with. A stream that keeps no deadline would wait for ever; the test must not.
    async fn error_of<T: std::fmt::Debug>(io: impl Future<Output = io::Result<T>>) -> io::ErrorKind {
        let ended = tokio::time::timeout(Duration::from_secs(3600), io).await;
        ended.expect("the stream ends by itself").unwrap_err().kind()
    }

    async fn read_error(stream: &mut TimedStream<DuplexStream>) -> io::ErrorKind {
        error_of(stream.read_u8()).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_connection_ends_after_the_idle_time() {
        let (mut stream, _phase, _theirs) = pair();
        let begun = Instant::now();
        assert_eq!(read_error(&mut stream).await, io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_trickles_ends_after_the_header_time() {
        let (mut stream, _phase, mut theirs) = pair();
        advance(Duration::from_secs(50)).await;
        let begun = Instant::now();
        for _ in 0..9 {
            theirs.write_all(b"x").await.unwrap();
            stream.read_u8().await.unwrap();
            advance(Duration::from_secs(1)).await;
        }
        assert_eq!(read_error(&mut stream).await, io::ErrorKind::TimedOut);
        assert_eq!(begun.elapsed().as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn serving_has_no_deadline_here_and_rest_begins_anew_after_it() {
        let (mut stream, phase, mut theirs) = pair();
        theirs.write_all(b"head").await.unwrap();
        stream.read_exact(&mut [0; 4]).await.unwrap();
        phase.serving();
        let served = tokio::time::timeout(Duration::from_secs(600), stream.read_u8()).await;
        assert!(served.is_err(), "the stream waits as long as the pipeline does");

        phase.served();
        stream.write_all(b"answer").await.unwrap();
        let rest = Instant::now();
        assert_eq!(read_error(&mut stream).await, io::ErrorKind::TimedOut);
        assert_eq!(rest.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_does_not_take_its_answer_is_cut_off() {
        let (mut stream, phase, _theirs) = pair();
        phase.serving();
        phase.served();
        let begun = Instant::now();
        let error = error_of(stream.write_all(&[0; 1000])).await;
        assert_eq!((error, begun.elapsed().as_secs()), (io::ErrorKind::TimedOut, 60));
    }
}
