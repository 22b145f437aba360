//! PRIORITY, RST_STREAM, PUSH_PROMISE, PING and GOAWAY (RFC 9113, sections 6.3, 6.4, 6.6, 6.7 and 6.8).

use super::case::{Case, Frame, Seen, Want, case};
use super::wire::*;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = priorities();
    cases.extend(resets());
    cases.extend(promises());
    cases.extend(pings());
    cases.extend(goaways());
    cases
}

fn error() -> Want {
    Want::ConnectionError(&[PROTOCOL_ERROR])
}

fn size() -> Want {
    Want::ConnectionError(&[FRAME_SIZE_ERROR])
}

fn priorities() -> Vec<Case> {
    let own_size = || Want::StreamError(1, &[FRAME_SIZE_ERROR]);
    let itself = || Want::Any(vec![Want::Nothing, Want::StreamError(1, &[PROTOCOL_ERROR])]);
    vec![
        case("6.3", "PRIORITY on stream 0", [priority(0, 1)], error()),
        case("6.3", "PRIORITY of four bytes", [stuck(1), frame(PRIORITY, 0, 1, &[0; 4])], own_size()),
        case("6.3", "PRIORITY of six bytes", [stuck(1), frame(PRIORITY, 0, 1, &[0; 6])], own_size()),
        case("6.3", "the least weight", [frame(PRIORITY, 0, 1, &depends(0, 0))], Want::Nothing),
        case("6.3", "the most weight", [frame(PRIORITY, 0, 1, &depends(0, 255))], Want::Nothing),
        case("6.3", "an exclusive dependency on an idle stream", [priority(3, 1 << 31 | 7)], Want::Nothing),
        // An error by RFC 7540, section 5.3.1; RFC 9113 has given up priorities.
        case("6.3", "PRIORITY that depends on itself", [stuck(1), priority(1, 1)], itself()),
    ]
}

fn resets() -> Vec<Case> {
    let of_code = |code: u32| frame(RST_STREAM, 0, 1, &code.to_be_bytes());
    vec![
        case("6.4", "RST_STREAM on stream 0", [reset(0)], error()),
        case("6.4", "RST_STREAM of three bytes", [stuck(1), frame(RST_STREAM, 0, 1, &[0; 3])], size()),
        case("6.4", "RST_STREAM of five bytes", [stuck(1), frame(RST_STREAM, 0, 1, &[0; 5])], size()),
        case(
            "6.4",
            "RST_STREAM ends an answer",
            [settings(&[(INITIAL_WINDOW_SIZE, 4)]), small(1), reset(1), window(1, 100)],
            Want::Any(vec![Want::Bytes(1, 4), Want::StreamError(1, &[STREAM_CLOSED])]),
        ),
        case(
            "7",
            "RST_STREAM with a code that nobody knows",
            [stuck(1), of_code(0xffff), small(3)],
            Want::Answered(3, DIGITS),
        ),
        case(
            "7",
            "RST_STREAM without an error",
            [stuck_open(1), of_code(NO_ERROR), small(3)],
            Want::Answered(3, DIGITS),
        ),
    ]
}

fn promises() -> Vec<Case> {
    let promise = |stream: u32| {
        frame(PUSH_PROMISE, END_HEADERS, stream, &[&2_u32.to_be_bytes()[..], &block(SMALL)].concat())
    };
    vec![
        case("6.6", "PUSH_PROMISE of a caller's", [stuck_open(1), promise(1)], error()),
        case("6.6", "PUSH_PROMISE on a half-closed stream", [stuck(1), promise(1)], error()),
        case("6.6", "PUSH_PROMISE on an idle stream", [promise(1)], error()),
        case("6.6", "PUSH_PROMISE on stream 0", [promise(0)], error()),
    ]
}

fn pings() -> Vec<Case> {
    vec![
        case(
            "6.7",
            "PING is acknowledged",
            [ping()],
            Want::Sees("PING with ACK and the same bytes", says_pong),
        ),
        case(
            "6.7",
            "PING while a request is under way",
            [stuck_open(1), ping()],
            Want::Sees("PING with ACK and the same bytes", says_pong),
        ),
        case(
            "6.7",
            "PING with ACK is not answered",
            [frame(PING, ACK, 0, b"the ping")],
            Want::Sees("no PING but to the last question", |seen| seen.goes_on() && !says_pong(seen)),
        ),
        case("6.7", "PING on a stream", [frame(PING, 0, 1, b"the ping")], error()),
        case("6.7", "PING with ACK on a stream", [frame(PING, ACK, 1, b"the ping")], error()),
        case("6.7", "PING of no bytes", [frame(PING, 0, 0, b"")], size()),
        case("6.7", "PING of seven bytes", [frame(PING, 0, 0, b"7 bytes")], size()),
        case("6.7", "PING of nine bytes", [frame(PING, 0, 0, b"the pings")], size()),
        case("6.7", "PING with ACK of six bytes", [frame(PING, ACK, 0, b"6bytes")], size()),
    ]
}

fn says_pong(seen: &Seen) -> bool {
    let is_pong = |frame: &Frame<'_>| {
        (frame.kind, frame.flags, frame.stream) == (PING, ACK, 0) && frame.payload == b"the ping"
    };
    seen.frames().iter().any(is_pong)
}

fn goaways() -> Vec<Case> {
    let is_served = |seen: &Seen| seen.has_answer(1, "POST /: 4");
    vec![
        case("6.8", "GOAWAY on a stream", [goaway(1, NO_ERROR)], error()),
        case("6.8", "GOAWAY of seven bytes", [frame(GOAWAY, 0, 0, &[0; 7])], size()),
        case(
            "6.8",
            "GOAWAY while a request is under way",
            [post(1), goaway(0, NO_ERROR), last_data(1, b"four")],
            Want::Sees("stream 1 to be answered", is_served),
        ),
        case(
            "6.8",
            "GOAWAY with words behind its code",
            {
                let words = frame(GOAWAY, 0, 0, &[&[0; 8][..], b"farewell"].concat());
                [post(1), words, last_data(1, b"four")]
            },
            Want::Sees("stream 1 to be answered", is_served),
        ),
        case(
            "7",
            "GOAWAY with a code that nobody knows",
            [post(1), goaway(0, 0xffff), last_data(1, b"four")],
            Want::Sees("stream 1 to be answered", is_served),
        ),
    ]
}
