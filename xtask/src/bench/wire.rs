//! A connection to a server, for load that costs its sender little.
//!
//! It speaks just enough HTTP/1.1 for servers that state `Content-Length`, on a bare TCP stream, so that on a machine
//! that client and server share it takes as little from the server as it can.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The most bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// A connection that is kept open.
pub(crate) struct Wire {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// One answer, as it arrived.
pub(crate) struct Answer<'a>(&'a [u8]);

impl Answer<'_> {
    /// The three digits of its status.
    pub(crate) fn status(&self) -> &str {
        self.0.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok()).unwrap_or_default()
    }

    /// The value of a header, if it has one.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let text = std::str::from_utf8(self.0).ok()?;
        header(text.split_once("\r\n\r\n")?.0, name)
    }

    /// All of it.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.0).into_owned()
    }
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; ANSWER_BYTES_MAX] })
    }

    /// Whether the server has closed the connection, as it may between two exchanges.
    pub(crate) fn is_closed(&self) -> bool {
        !matches!(self.stream.try_read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    }

    /// Sends one request, and reads its answer to the end.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.stream.write_all(request).await.context("cannot send")?;
        let mut filled = 0;
        let length = loop {
            filled += read_some(&mut self.stream, &mut self.buffer[filled..]).await?;
            if let Some(length) = answer_length(&self.buffer[..filled])? {
                break length;
            }
        };
        ensure!(length <= self.buffer.len(), "an answer has {length} bytes");
        while filled < length {
            filled += read_some(&mut self.stream, &mut self.buffer[filled..]).await?;
        }
        let answer = &self.buffer[..filled];
        let whole = filled == length && answer.starts_with(b"HTTP/1.1 ");
        ensure!(whole, "an answer is not one:\n{}", String::from_utf8_lossy(answer));
        Ok(Answer(answer))
    }
}

async fn read_some(stream: &mut TcpStream, room: &mut [u8]) -> Result<usize> {
    ensure!(!room.is_empty(), "an answer's head does not end");
    match stream.read(room).await.context("cannot receive")? {
        0 => bail!("the server closed the connection"),
        count => Ok(count),
    }
}

/// The length of head and body together, once the head has arrived.
fn answer_length(bytes: &[u8]) -> Result<Option<usize>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..end]).context("an answer's head is not text")?;
    let body: usize = header(head, "content-length")
        .with_context(|| format!("an answer has no Content-Length:\n{head}"))?
        .parse()
        .context("an answer's Content-Length is not a number")?;
    Ok(Some(end + 4 + body))
}

fn header<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    let mut headers = head.lines().filter_map(|line| line.split_once(':'));
    Some(headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted))?.1.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        assert_eq!(answer_length(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n").unwrap(), None);
        let whole = b"HTTP/1.1 201 Created\r\ncontent-LENGTH: 2\r\n\r\n{}";
        assert_eq!(answer_length(whole).unwrap(), Some(whole.len()));
        assert!(answer_length(b"HTTP/1.1 201 Created\r\n\r\n").is_err());
    }

    #[test]
    fn the_status_is_told() {
        assert_eq!(Answer(b"HTTP/1.1 429 Too Many Requests\r\n").status(), "429");
        assert_eq!(Answer(b"HTTP/1.1 ").status(), "");
    }

    #[test]
    fn headers_are_looked_for_in_the_head_only() {
        let answer = Answer(b"HTTP/1.1 201 Created\r\nLocation: /v1/a\r\n\r\nx: y\r\n");
        assert_eq!(answer.header("location"), Some("/v1/a"));
        assert_eq!(answer.header("x"), None);
    }
}
