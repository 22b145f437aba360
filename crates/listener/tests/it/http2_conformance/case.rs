//! One case: what a caller sends, what must come of it, and what did.
//!
//! Time stands still but for when everybody waits, so the server has nothing more to say exactly when the caller's
//! patience of a few seconds is over: no case waits for a clock, none can hang on the server, and none guesses.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;

use super::shortfalls::{self, Standing};
use super::wire::{ACK, END_STREAM, PING, PREFACE, PROTOCOL_ERROR, SETTINGS, frame, settings};
use crate::kit::{PATIENCE, caller, in_memory_of, reception};

/// Longer than the server waits for a body that nobody reads, shorter than it lets a connection rest.
const QUIET_AFTER: Duration = Duration::from_secs(2);
/// A server that says more than this is beside itself.
const BYTES_MAX: usize = 4 << 20;
/// What the ping says that asks whether the connection goes on.
const STILL_THERE: &[u8; 8] = b"are you?";

/// One frame sequence and the reaction that is due.
pub(super) struct Case {
    pub(super) section: &'static str,
    pub(super) name: &'static str,
    /// Each is sent when the server has nothing more to say to the one before.
    sends: Vec<Vec<u8>>,
    begin: Begin,
    want: Want,
}

/// What comes before the first of what is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begin {
    /// The preface and SETTINGS, and the acknowledgement of the server's.
    Greeted,
    /// Nothing: the caller knows, or seems to.
    Bare,
    /// Nothing, and the handshake of TLS has settled on HTTP/2.
    Settled,
}

/// The reaction that is due.
pub(super) enum Want {
    /// GOAWAY with one of these codes, or none, and the end of the connection.
    ConnectionError(&'static [u32]),
    /// RST_STREAM with one of these codes while the connection goes on. May be treated as a connection error.
    StreamError(u32, &'static [u32]),
    /// A stream error `PROTOCOL_ERROR`, before which an answer of 400 may tell why (RFC 9113, section 8.1.1).
    Malformed(u32),
    /// 200 with this body, while the connection goes on.
    Answered(u32, &'static str),
    /// No error at all; the connection goes on.
    Nothing,
    /// As much of an answer's body and no more, while the connection goes on.
    Bytes(u32, usize),
    /// Either.
    Any(Vec<Want>),
    /// Something else, in words.
    Sees(&'static str, fn(&Seen) -> bool),
}

pub(super) fn case(
    section: &'static str,
    name: &'static str,
    sends: impl Into<Vec<Vec<u8>>>,
    want: Want,
) -> Case {
    Case { section, name, sends: sends.into(), begin: Begin::Greeted, want }
}

impl Case {
    /// Without a greeting.
    pub(super) fn bare(self) -> Self {
        Self { begin: Begin::Bare, ..self }
    }

    /// Without a greeting, where HTTP/2 was agreed upon over TLS.
    pub(super) fn settled(self) -> Self {
        Self { begin: Begin::Settled, ..self }
    }

    /// Tries it; gives what is wrong, if anything is.
    pub(super) async fn fault(&self) -> Option<String> {
        let seen = self.seen().await;
        let told = |what: &str| Some(format!("{} {}: {what}; came: {seen}", self.section, self.name));
        let standing = shortfalls::standing(self.name);
        match (standing, self.want.is_met(&seen)) {
            _ if seen.has_panicked => told("the server panicked"),
            (Standing::Met, true) => None,
            (Standing::Met, false) => told(&format!("wanted {}", self.want)),
            (_, true) => told("is met now, and must be struck off the list of those that are not"),
            (Standing::InGeneralTerms, false) if seen.ended_with(&[PROTOCOL_ERROR]) => None,
            (Standing::InGeneralTerms, false) => told("wanted a connection error at least"),
            (Standing::Unmet { instead, .. }, false) if instead.is_met(&seen) => None,
            (Standing::Unmet { reason, instead }, false) => told(&format!("wanted {instead}, as {reason}")),
        }
    }

    async fn seen(&self) -> Seen {
        let caller = skybridge_listener::Caller { speaks_http2: self.begin == Begin::Settled, ..caller() };
        let (mut stream, serving) = in_memory_of(caller, Arc::new(reception(PATIENCE)), 1 << 20);
        let mut seen = Seen::default();
        if self.begin == Begin::Greeted {
            seen.say(&mut stream, &[PREFACE, &settings(&[])].concat()).await;
            seen.say(&mut stream, &frame(SETTINGS, ACK, 0, &[])).await;
        }
        for bytes in &self.sends {
            seen.say(&mut stream, bytes).await;
        }
        seen.was_closed = seen.is_closed;
        seen.say(&mut stream, &frame(PING, 0, 0, STILL_THERE)).await;
        drop(stream);
        // Closing for a panic is no way to close.
        seen.has_panicked = timeout(QUIET_AFTER, serving).await.is_ok_and(|ending| ending.is_err());
        seen
    }
}

/// What came from the server.
#[derive(Default)]
pub(super) struct Seen {
    bytes: Vec<u8>,
    is_closed: bool,
    /// Before it was asked whether it is still there.
    was_closed: bool,
    has_panicked: bool,
}

/// One frame that came.
pub(super) struct Frame<'a> {
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
    pub(super) payload: &'a [u8],
}

impl Frame<'_> {
    /// The number of four bytes that is `at` bytes into the payload.
    pub(super) fn number(&self, at: usize) -> Option<u32> {
        Some(u32::from_be_bytes(self.payload.get(at..at + 4)?.try_into().ok()?))
    }
}

impl Seen {
    /// Sends `bytes` and reads until the server is quiet.
    async fn say(&mut self, stream: &mut DuplexStream, bytes: &[u8]) {
        // A server that has closed takes no more, which is seen when it is read from.
        let _closed = timeout(QUIET_AFTER, stream.write_all(bytes)).await;
        while !self.is_closed && self.bytes.len() < BYTES_MAX {
            match timeout(QUIET_AFTER, stream.read_buf(&mut self.bytes)).await {
                Ok(read) => self.is_closed = !read.is_ok_and(|count| count > 0),
                Err(_quiet) => return,
            }
        }
    }

    pub(super) fn frames(&self) -> Vec<Frame<'_>> {
        let (mut frames, mut rest) = (Vec::new(), &self.bytes[..]);
        while let Some((head, behind)) = rest.split_first_chunk::<9>() {
            let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
            let Some((payload, next)) = behind.split_at_checked(length) else { break };
            let stream = u32::from_be_bytes([head[5] & 0x7f, head[6], head[7], head[8]]);
            frames.push(Frame { kind: head[3], flags: head[4], stream, payload });
            rest = next;
        }
        frames
    }

    /// The code of the last GOAWAY.
    fn goaway(&self) -> Option<u32> {
        self.frames().iter().rev().find(|frame| frame.kind == 7)?.number(4)
    }

    /// Closed by itself, and for one of `codes` if it said why.
    pub(super) fn ended_with(&self, codes: &[u32]) -> bool {
        self.was_closed && self.goaway().is_none_or(|code| codes.contains(&code))
    }

    /// The connection goes on.
    pub(super) fn goes_on(&self) -> bool {
        let is_pong =
            |frame: &Frame<'_>| frame.kind == PING && frame.flags & ACK != 0 && frame.payload == STILL_THERE;
        !self.is_closed && self.goaway().is_none() && self.frames().iter().any(is_pong)
    }

    fn resets(&self, stream: u32) -> Vec<u32> {
        let frames = self.frames();
        let resets = frames.iter().filter(|frame| frame.kind == 3 && frame.stream == stream);
        resets.filter_map(|frame| frame.number(0)).collect()
    }

    fn data(&self, stream: u32) -> Vec<u8> {
        let frames = self.frames();
        let data = frames.iter().filter(|frame| frame.kind == 0 && frame.stream == stream);
        data.flat_map(|frame| frame.payload.iter().copied()).collect()
    }

    /// The entry of the table that tells the status: 0x88 is 200, 0x8c is 400.
    fn status(&self, stream: u32) -> Option<u8> {
        let frames = self.frames();
        let head = frames.iter().find(|frame| frame.kind == 1 && frame.stream == stream)?;
        // Changes of the table's size may stand before it.
        head.payload.iter().copied().find(|byte| byte & 0xe0 != 0x20)
    }

    fn is_over(&self, stream: u32) -> bool {
        let ends =
            |frame: &Frame<'_>| frame.kind <= 1 && frame.stream == stream && frame.flags & END_STREAM != 0;
        self.frames().iter().any(ends)
    }

    /// `stream` was answered 200 with `body`, to the end.
    pub(super) fn has_answer(&self, stream: u32, body: &str) -> bool {
        let is_whole = self.is_over(stream) && self.resets(stream).is_empty();
        is_whole && self.status(stream) == Some(0x88) && self.data(stream) == body.as_bytes()
    }
}

impl Want {
    fn is_met(&self, seen: &Seen) -> bool {
        match self {
            Self::ConnectionError(codes) => seen.ended_with(codes),
            Self::StreamError(stream, codes) => {
                let resets = seen.resets(*stream);
                let is_reset = !resets.is_empty() && resets.iter().all(|code| codes.contains(code));
                seen.ended_with(codes) || (seen.goes_on() && is_reset)
            }
            Self::Malformed(stream) => {
                let is_told = seen.status(*stream) == Some(0x8c) && seen.is_over(*stream);
                Self::StreamError(*stream, &[PROTOCOL_ERROR]).is_met(seen) || (seen.goes_on() && is_told)
            }
            Self::Answered(stream, body) => seen.goes_on() && seen.has_answer(*stream, body),
            Self::Nothing => seen.goes_on() && !seen.frames().iter().any(|frame| frame.kind == 3),
            Self::Bytes(stream, count) => seen.goes_on() && seen.data(*stream).len() == *count,
            Self::Any(wants) => wants.iter().any(|want| want.is_met(seen)),
            Self::Sees(_, is_seen) => is_seen(seen),
        }
    }
}

fn code(code: u32) -> String {
    const NAMES: [&str; 14] = [
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    ];
    let name = usize::try_from(code).ok().and_then(|code| NAMES.get(code));
    name.map_or_else(|| format!("code {code}"), |name| (*name).to_owned())
}

fn any_of(codes: &[u32]) -> String {
    codes.iter().map(|each| code(*each)).collect::<Vec<_>>().join(" or ")
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectionError(codes) => write!(f, "a connection error {}", any_of(codes)),
            Self::StreamError(stream, codes) => write!(f, "an error {} of stream {stream}", any_of(codes)),
            Self::Malformed(stream) => write!(f, "stream {stream} to be reset or answered 400 as malformed"),
            Self::Answered(stream, body) => write!(f, "stream {stream} to be answered {body:?}"),
            Self::Nothing => f.write_str("no error"),
            Self::Bytes(stream, count) => write!(f, "{count} bytes of DATA on stream {stream}"),
            Self::Any(wants) => {
                let wants: Vec<_> = wants.iter().map(ToString::to_string).collect();
                f.write_str(&wants.join(", or "))
            }
            Self::Sees(what, _) => f.write_str(what),
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const KINDS: [&str; 10] = [
            "DATA",
            "HEADERS",
            "PRIORITY",
            "RST_STREAM",
            "SETTINGS",
            "PUSH_PROMISE",
            "PING",
            "GOAWAY",
            "WINDOW_UPDATE",
            "CONTINUATION",
        ];
        for frame in self.frames() {
            let kind = KINDS.get(usize::from(frame.kind)).copied().unwrap_or("a frame of no known type");
            write!(f, "{kind} on {} flags {:#x}", frame.stream, frame.flags)?;
            match frame.kind {
                3 => write!(f, " {}", frame.number(0).map_or_else(String::new, code))?,
                7 => write!(f, " {}", frame.number(4).map_or_else(String::new, code))?,
                0 => write!(f, " of {} bytes", frame.payload.len())?,
                1 => write!(f, " {:02x?}", &frame.payload[..frame.payload.len().min(4)])?,
                _ => {}
            }
            f.write_str(", ")?;
        }
        f.write_str(if self.was_closed {
            "closed"
        } else if self.is_closed {
            "closed when asked by a PING"
        } else {
            "open"
        })
    }
}
