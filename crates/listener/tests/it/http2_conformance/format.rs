//! What a frame may be (RFC 9113, sections 4.1, 4.2 and 5.5).

use super::case::{Case, Want, case};
use super::wire::*;

/// One byte more than a frame may have.
const TOO_MANY: usize = 16_385;
const UNKNOWN: u8 = 0xfa;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = unknown();
    cases.extend(sizes());
    cases
}

fn unknown() -> Vec<Case> {
    let with_reserved_bit = |mut bytes: Vec<u8>| {
        bytes[5] |= 0x80;
        bytes
    };
    vec![
        case("4.1", "a frame of unknown type", [frame(UNKNOWN, 0xff, 0, b"what")], Want::Nothing),
        case("4.1", "a frame of unknown type on an idle stream", [frame(UNKNOWN, 0, 9, b"")], Want::Nothing),
        case(
            "4.1",
            "a frame of unknown type within a request",
            [post(1), frame(UNKNOWN, 1, 1, b"what"), last_data(1, b"four")],
            Want::Answered(1, "POST /: 4"),
        ),
        case("4.1", "flags that PING does not have", [frame(PING, 0xfe, 0, b"the ping")], Want::Nothing),
        case(
            "4.1",
            "flags that DATA does not have",
            [post(1), frame(DATA, 0xf6 | END_STREAM, 1, b"four")],
            Want::Answered(1, "POST /: 4"),
        ),
        case("4.1", "a reserved bit before stream 0", [with_reserved_bit(ping())], Want::Nothing),
        case(
            "4.1",
            "a reserved bit before the stream of a request",
            [with_reserved_bit(small(1))],
            Want::Answered(1, DIGITS),
        ),
        case(
            "5.5",
            "a frame of unknown type within a header block",
            [[frame(HEADERS, END_STREAM, 1, &block(SMALL)), frame(UNKNOWN, 0, 1, b"")].concat()],
            Want::ConnectionError(&[PROTOCOL_ERROR]),
        ),
    ]
}

fn sizes() -> Vec<Case> {
    let fat = || [block(SMALL), field("x", &"y".repeat(TOO_MANY))].concat();
    let size = || Want::ConnectionError(&[FRAME_SIZE_ERROR]);
    vec![
        case(
            "4.2",
            "DATA of 16,384 bytes",
            [post(1), last_data(1, &[b'a'; 16_384])],
            Want::Answered(1, "POST /: 16384"),
        ),
        case(
            "4.2",
            "HEADERS of 16,384 bytes",
            [{
                let rest = 16_384 - block(SMALL).len() - 6;
                request(1, &[block(SMALL), field("x", &"y".repeat(rest))].concat())
            }],
            Want::Answered(1, DIGITS),
        ),
        case(
            "4.2",
            "DATA of 16,385 bytes",
            [post(1), last_data(1, &[b'a'; TOO_MANY])],
            Want::StreamError(1, &[FRAME_SIZE_ERROR]),
        ),
        case("4.2", "HEADERS of more than 16,384 bytes", [request(1, &fat())], size()),
        case(
            "4.2",
            "CONTINUATION of more than 16,384 bytes",
            [[frame(HEADERS, END_STREAM, 1, &[]), continuation(END_HEADERS, 1, &fat())].concat()],
            size(),
        ),
        case("4.2", "SETTINGS of more than 16,384 bytes", [settings(&[(0xff, 1); 2_731])], size()),
        case("4.2", "GOAWAY of more than 16,384 bytes", [frame(GOAWAY, 0, 0, &[0; TOO_MANY])], size()),
        case(
            "4.2",
            "a frame of unknown type of 16,385 bytes",
            [frame(UNKNOWN, 0, 0, &[0; TOO_MANY])],
            size(),
        ),
    ]
}
