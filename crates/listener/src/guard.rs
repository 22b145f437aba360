//! The guard before hyper: it passes on what is sound HTTP/1.1 to the last byte, and nothing else.
//!
//! Hyper repairs and forgives, as a library must: it takes a bare LF for the end of a line, lets `Transfer-Encoding`
//! win over `Content-Length`, reads chunk extensions, does not look at `Host`. Two servers in a row that forgive
//! differently see different requests in the same bytes, and what one takes for a body the other takes for a request.
//! So framing is refused here, never repaired, and hyper is left with texts that every reader reads alike.
//!
//! The guard sits between the socket and hyper. Bytes are read from the socket straight into hyper's buffer and
//! checked there; in the common case of a head that comes whole nothing is copied or allocated. Only the beginning of
//! a head whose end has not come is taken back into a buffer of the guard's own, since a head passes whole or not at
//! all. The guard follows every body, by its length or its chunks, so it always knows where the next head begins.
//!
//! When something is wrong with a head, hyper is told that the caller has closed. It finishes the answers to what came
//! before and ends, and the connection answers the fault itself ([`super::refusal`]), once, and closes. A fault inside
//! a chunked body makes reading that body fail, so that the operation that reads it refuses; that is the last answer
//! too.

mod characters;
mod chunks;
pub(crate) mod fault;
mod framing;
mod head;
pub(crate) mod http2;
mod request_line;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub(crate) use framing::Stop;

use crate::pulse::Pulse;
use framing::Framing;

/// How much is read at a time while a head is incomplete.
const PIECE_BYTES: usize = 4 * 1024;

/// A stream that passes on sound requests only.
#[derive(Debug)]
pub(crate) struct Guard<S> {
    stream: S,
    framing: Framing,
    pulse: Pulse,
    /// What was read and has not passed: the beginning of a head, then whatever came with its end.
    held: BytesMut,
    /// How much of it may pass.
    passable: usize,
    has_ended: bool,
    /// Was hyper told that nothing more comes, because of a fault? It need not ask: after an answer that closes, what
    /// follows is of no interest, sound or not.
    has_stopped: bool,
}

/// What is left of a guard when its connection has ended.
pub(crate) struct Remains<S> {
    pub(crate) stream: S,
    /// Why the guard passed nothing more, if it was asked for more.
    pub(crate) stop: Option<Stop>,
    /// What was read and has not passed.
    pub(crate) held: BytesMut,
    /// Has the caller more to send, as far as one can tell? It then needs time to take the answer.
    pub(crate) is_mid_request: bool,
}

impl<S> Guard<S> {
    /// Guards `stream`; `pulse` is told when a head begins and when hyper waits for the next.
    pub(crate) fn new(stream: S, pulse: Pulse) -> Self {
        let held = BytesMut::new();
        Self {
            stream,
            framing: Framing::new(),
            pulse,
            held,
            passable: 0,
            has_ended: false,
            has_stopped: false,
        }
    }

    /// Takes the guard away.
    pub(crate) fn remains(self) -> Remains<S> {
        let is_mid_request = !self.has_ended && (!self.held.is_empty() || !self.framing.is_in_head());
        let stop = self.framing.stop().filter(|_| self.has_stopped);
        Remains { stream: self.stream, stop, held: self.held, is_mid_request }
    }

    fn pass_on(&mut self, buffer: &mut ReadBuf<'_>) {
        let count = self.passable.min(buffer.remaining());
        buffer.put_slice(&self.held[..count]);
        self.held.advance(count);
        self.passable -= count;
        if self.held.is_empty() {
            // What a long head needed is not kept for as long as the connection.
            self.held = BytesMut::new();
        }
    }
}

impl<S: AsyncRead + Unpin> Guard<S> {
    /// Reads into hyper's buffer, and takes back what may not pass yet. Ready when something passed or the stream
    /// ended.
    fn read_through(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<bool>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let fresh = &buffer.filled()[before..];
        if fresh.is_empty() {
            self.has_ended = true;
            return Poll::Ready(Ok(true));
        }
        let passed = self.framing.check(fresh);
        if passed < fresh.len() {
            self.held.extend_from_slice(&fresh[passed..]);
            buffer.set_filled(before + passed);
        }
        Poll::Ready(Ok(passed > 0))
    }

    /// Reads more of a head whose beginning is held.
    fn read_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut piece = [0; PIECE_BYTES];
        let mut piece = ReadBuf::new(&mut piece);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut piece))?;
        if piece.filled().is_empty() {
            self.has_ended = true;
            self.framing.end(&self.held);
        } else {
            self.held.extend_from_slice(piece.filled());
            self.passable = self.framing.check(&self.held);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.passable > 0 {
                self.pass_on(buffer);
                return Poll::Ready(Ok(()));
            }
            match self.framing.stop() {
                None if self.has_ended => return Poll::Ready(Ok(())),
                None => {}
                Some(Stop::Body(fault)) => {
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, fault.detail)));
                }
                Some(Stop::Head(_) | Stop::Preface) => {
                    self.has_stopped = true;
                    return Poll::Ready(Ok(()));
                }
            }
            if !self.held.is_empty() {
                self.pulse.head_begun();
                ready!(self.read_more(cx))?;
                continue;
            }
            if self.framing.is_in_head() {
                // Hyper asks for a request only when the one before is answered to the end.
                self.pulse.rest();
            }
            if ready!(self.read_through(cx, buffer))? {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// The connection takes leave itself, when it knows whether there is something to say.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
}
