//! One slow caller.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Between two bytes.
const PACE: Duration = Duration::from_secs(1);
/// A small window, so that answers wait at the server and not in our buffers.
const WINDOW_BYTES: u32 = 4 * 1024;
/// How many answers a slow reader asks for: more than the system's buffers on both sides take.
const READS: usize = 200;

/// In which way a caller is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// Connects, and says nothing.
    Silent,
    /// Sends its headers byte by byte.
    Heads,
    /// Sends its body byte by byte, with a good key.
    Bodies,
    /// Takes its answers byte by byte.
    Reads,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Silent, Self::Heads, Self::Bodies, Self::Reads];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Heads => "heads",
            Self::Bodies => "bodies",
            Self::Reads => "reads",
        }
    }

    /// The server's, by default.
    pub(super) fn deadline(self) -> Duration {
        Duration::from_secs(match self {
            Self::Silent | Self::Reads => 60,
            Self::Heads => 10,
            Self::Bodies => 30,
        })
    }

    /// Is slow until the server closes, and gives how long that took; none if it has not within `patience`.
    pub(super) async fn dawdle(
        self,
        address: SocketAddr,
        api_key: &str,
        patience: Duration,
    ) -> Result<Option<Duration>> {
        let came = Instant::now();
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(WINDOW_BYTES)?;
        let mut stream = socket.connect(address).await?;
        stream.write_all(self.opening(api_key).as_bytes()).await?;
        let dawdling = async {
            match self {
                // What is read is the answer, in one piece, and then the end.
                Self::Silent => read_to_end(&mut stream).await,
                Self::Heads | Self::Bodies => {
                    let (mut receiving, mut sending) = stream.split();
                    tokio::select! {
                        () = async { while receiving.read_u8().await.is_ok() {} } => {}
                        () = trickle(&mut sending) => {}
                    }
                }
                Self::Reads => take_slowly(&mut stream).await,
            }
        };
        let ended = tokio::time::timeout(patience, dawdling).await;
        Ok(ended.is_ok().then(|| came.elapsed()))
    }

    fn opening(self, api_key: &str) -> String {
        match self {
            Self::Silent => String::new(),
            Self::Heads => "POST /booking HTTP/1.1\r\nX: ".to_owned(),
            Self::Bodies => format!(
                "POST /booking HTTP/1.1\r\nHost: x\r\nX-Api-Key: {api_key}\r\nContent-Length: 60000\r\n\r\n{{"
            ),
            Self::Reads => "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(READS),
        }
    }
}

async fn read_to_end(stream: &mut TcpStream) {
    while stream.read_u8().await.is_ok() {}
}

/// Sends a byte now and then, for as long as there is somebody to send it to.
async fn trickle(sending: &mut tokio::net::tcp::WriteHalf<'_>) {
    while sending.write_all(b" ").await.is_ok() {
        tokio::time::sleep(PACE).await;
    }
}

/// Takes a byte now and then. A reset shows beside the bytes that came before it.
async fn take_slowly(stream: &mut TcpStream) {
    while matches!(stream.take_error(), Ok(None)) && stream.read_u8().await.is_ok() {
        tokio::time::sleep(PACE).await;
    }
}
