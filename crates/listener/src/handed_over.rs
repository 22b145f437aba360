//! A stream that is handed over to hyper for good: with the bytes that were read from it already, with a look at how its
//! caller begins, and with a way to have it severed where it ends.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::farewell::Wire;
use crate::greeting::Greeting;

/// Says that the stream is to be severed when hyper drops it.
#[derive(Debug, Clone, Default)]
pub(crate) struct CutOff(Arc<AtomicBool>);

impl CutOff {
    pub(crate) fn set(&self) {
        self.0.store(true, Relaxed);
    }
}

/// `held`, then whatever `stream` gives.
#[derive(Debug)]
pub(crate) struct HandedOver<S: Wire> {
    held: BytesMut,
    stream: S,
    cut_off: CutOff,
    greeting: Greeting,
}

impl<S: Wire> HandedOver<S> {
    pub(crate) fn new(held: BytesMut, stream: S, cut_off: CutOff) -> Self {
        Self { held, stream, cut_off, greeting: Greeting::default() }
    }
}

impl<S: Wire> Drop for HandedOver<S> {
    fn drop(&mut self) {
        if self.cut_off.0.load(Relaxed) {
            self.stream.sever();
        }
    }
}

impl<S: Wire> AsyncRead for HandedOver<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if self.held.is_empty() {
            ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        } else {
            let count = self.held.len().min(buffer.remaining());
            buffer.put_slice(&self.held[..count]);
            self.held.advance(count);
        }
        if !self.greeting.admits(&buffer.filled()[before..]) {
            let words = "the first frame of a connection is not SETTINGS";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, words)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: Wire> AsyncWrite for HandedOver<S> {
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

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
