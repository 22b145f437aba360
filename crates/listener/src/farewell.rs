//! Taking leave of a caller so that it gets what it was sent last.
//!
//! A socket that is closed while bytes wait in it resets the connection, and a reset makes the other side throw away
//! what it has not read yet: the very answer that says what is wrong. So the sending side is closed first, and what
//! still comes in is read and dropped for a while, until the caller closes too.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

/// How long that while is.
pub(crate) const WHILE: Duration = Duration::from_secs(2);
/// How much is dropped. More than an honest caller has on its way when the answer comes.
const BYTES_MAX: u64 = 4 * 1024 * 1024;

/// A caller's connection, whatever carries it.
pub trait Wire: AsyncRead + AsyncWrite + Unpin + Send {
    /// Sees to it that nothing more is sent when the connection is dropped, not even by the system: it would keep what
    /// waits for a caller that takes nothing.
    fn sever(&self);
}

impl Wire for TcpStream {
    fn sever(&self) {
        // Fails if the connection is gone, which is what is wanted.
        let _ = self.set_zero_linger();
    }
}

impl Wire for TlsStream<TcpStream> {
    fn sever(&self) {
        self.get_ref().0.sever();
    }
}

/// For tests, on a clock that they set.
impl Wire for DuplexStream {
    fn sever(&self) {}
}

/// Sends a last `answer`, and closes.
pub(crate) async fn say<S: Wire>(mut stream: S, answer: &[u8]) {
    let saying = async {
        stream.write_all(answer).await?;
        close_sending(&mut stream).await?;
        drop_rest(&mut stream).await
    };
    // A caller that is gone or too slow has had its chance.
    let _ = timeout(WHILE, saying).await;
}

/// Closes; the caller may still be sending.
pub(crate) async fn wait_for_caller<S: Wire>(mut stream: S) {
    let closing = async {
        close_sending(&mut stream).await?;
        drop_rest(&mut stream).await
    };
    let _ = timeout(WHILE, closing).await;
}

/// Closes between two requests, or after a caller that has closed.
pub(crate) async fn close<S: Wire>(mut stream: S) {
    let _ = timeout(WHILE, close_sending(&mut stream)).await;
}

async fn close_sending<S: Wire>(stream: &mut S) -> std::io::Result<()> {
    stream.flush().await?;
    stream.shutdown().await
}

async fn drop_rest<S: Wire>(stream: &mut S) -> std::io::Result<()> {
    tokio::io::copy(&mut stream.take(BYTES_MAX), &mut tokio::io::sink()).await.map(drop)
}
