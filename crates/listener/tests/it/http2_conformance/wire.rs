//! Frames and header blocks as a caller writes them, sound or not.

pub(super) use crate::http2::{END_HEADERS, END_STREAM, PREFACE, frame, settings};

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const ACK: u8 = 1;
pub(super) const PADDED: u8 = 8;
pub(super) const WITH_PRIORITY: u8 = 0x20;

pub(super) const NO_ERROR: u32 = 0;
pub(super) const PROTOCOL_ERROR: u32 = 1;
pub(super) const FLOW_CONTROL_ERROR: u32 = 3;
pub(super) const STREAM_CLOSED: u32 = 5;
pub(super) const FRAME_SIZE_ERROR: u32 = 6;
pub(super) const REFUSED_STREAM: u32 = 7;
pub(super) const CANCEL: u32 = 8;
pub(super) const COMPRESSION_ERROR: u32 = 9;

pub(super) const HEADER_TABLE_SIZE: u16 = 1;
pub(super) const ENABLE_PUSH: u16 = 2;
pub(super) const MAX_CONCURRENT_STREAMS: u16 = 3;
pub(super) const INITIAL_WINDOW_SIZE: u16 = 4;
pub(super) const MAX_FRAME_SIZE: u16 = 5;

/// What is answered 200 with `0123456789`.
pub(super) const SMALL: &[(&str, &str)] =
    &[(":method", "GET"), (":scheme", "http"), (":authority", "x"), (":path", "/small")];
/// What is never answered.
const STUCK: &[(&str, &str)] =
    &[(":method", "GET"), (":scheme", "http"), (":authority", "x"), (":path", "/stuck")];
/// What is answered 200 with `POST /: ` and the length of its body.
pub(super) const POST: &[(&str, &str)] =
    &[(":method", "POST"), (":scheme", "http"), (":authority", "x"), (":path", "/")];

/// The body of the answer to [`SMALL`].
pub(super) const DIGITS: &str = "0123456789";

/// A number on `bits` bits of its first byte, whose others are in `first` (RFC 7541, section 5.1).
pub(super) fn integer(first: u8, bits: u32, number: usize) -> Vec<u8> {
    let most = (1_usize << bits) - 1;
    let byte = |number: usize| u8::try_from(number).expect("a byte's worth");
    if number < most {
        return vec![first | byte(number)];
    }
    let (mut bytes, mut rest) = (vec![first | byte(most)], number - most);
    while rest >= 128 {
        bytes.push(byte(rest % 128 + 128));
        rest /= 128;
    }
    bytes.push(byte(rest));
    bytes
}

/// A string without Huffman's code.
pub(super) fn string(text: &str) -> Vec<u8> {
    [integer(0, 7, text.len()), text.as_bytes().to_vec()].concat()
}

/// A field as it is, outside the table.
pub(super) fn field(name: &str, value: &str) -> Vec<u8> {
    [vec![0], string(name), string(value)].concat()
}

/// All of `fields`, each as it is.
pub(super) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| field(name, value)).collect()
}

/// HEADERS of a whole request.
pub(super) fn request(stream: u32, block: &[u8]) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, block)
}

/// HEADERS of a request whose body is to come.
pub(super) fn opening(stream: u32, block: &[u8]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, stream, block)
}

/// A whole request that is answered.
pub(super) fn small(stream: u32) -> Vec<u8> {
    request(stream, &block(SMALL))
}

/// A whole request that is never answered: the stream is half-closed (remote) and stays so.
pub(super) fn stuck(stream: u32) -> Vec<u8> {
    request(stream, &block(STUCK))
}

/// A request that is never answered, and whose body is to come: the stream is open and stays so.
pub(super) fn stuck_open(stream: u32) -> Vec<u8> {
    opening(stream, &block(STUCK))
}

/// A request whose body is to come.
pub(super) fn post(stream: u32) -> Vec<u8> {
    opening(stream, &block(POST))
}

pub(super) fn data(stream: u32, bytes: &[u8]) -> Vec<u8> {
    frame(DATA, 0, stream, bytes)
}

pub(super) fn last_data(stream: u32, bytes: &[u8]) -> Vec<u8> {
    frame(DATA, END_STREAM, stream, bytes)
}

pub(super) fn reset(stream: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes())
}

pub(super) fn window(stream: u32, increment: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &increment.to_be_bytes())
}

/// The five bytes of a priority.
pub(super) fn depends(on: u32, weight: u8) -> Vec<u8> {
    [&on.to_be_bytes()[..], &[weight]].concat()
}

pub(super) fn priority(stream: u32, on: u32) -> Vec<u8> {
    frame(PRIORITY, 0, stream, &depends(on, 15))
}

pub(super) fn goaway(stream: u32, code: u32) -> Vec<u8> {
    frame(GOAWAY, 0, stream, &[0_u32.to_be_bytes(), code.to_be_bytes()].concat())
}

pub(super) fn ping() -> Vec<u8> {
    frame(PING, 0, 0, b"the ping")
}

/// The rest of a header block.
pub(super) fn continuation(flags: u8, stream: u32, block: &[u8]) -> Vec<u8> {
    frame(CONTINUATION, flags, stream, block)
}
