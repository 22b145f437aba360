//! From a writer that blocks to a body that is sent as it is written.

use std::io::{self, BufWriter, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::Frame;
use skybridge_store_embedded::EmbeddedStore;
use tokio::sync::mpsc;

/// Pieces that may wait for a slow client; with [`PIECE_BYTES`] they bound what one backup holds in memory.
const PIECES_MAX: usize = 4;
const PIECE_BYTES: usize = 256 * 1024;

/// A backup of `store`, taken now. When the client goes away, the writer's next piece fails, and it stops.
pub(super) fn of(store: Arc<EmbeddedStore>) -> Body {
    let (pieces, body) = mpsc::channel(PIECES_MAX);
    tokio::task::spawn_blocking(move || {
        let mut out = BufWriter::with_capacity(PIECE_BYTES, Pieces(pieces.clone()));
        let written = store.backup(&mut out).map_err(io::Error::other).and_then(|_| out.flush());
        if let Err(error) = written {
            tracing::error!(error = &error as &dyn std::error::Error, "a backup broke off");
            // An error in place of the end closes the connection. Without a client there is nobody to tell.
            let _ = pieces.blocking_send(Err(error));
        }
    });
    Body::new(PiecesBody(body))
}

struct Pieces(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = Bytes::copy_from_slice(bytes);
        self.0.blocking_send(Ok(piece)).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct PiecesBody(mpsc::Receiver<io::Result<Bytes>>);

impl hyper::body::Body for PiecesBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
