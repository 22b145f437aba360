//! The numbers of streams, and how many there may be at a time (RFC 9113, sections 5.1.1 and 5.1.2).

use super::case::{Case, Seen, Want, case};
use super::wire::*;

/// As many as the listener of these tests takes at a time.
const STREAMS_MAX: u32 = 32;

pub(super) fn cases() -> Vec<Case> {
    let error = || Want::ConnectionError(&[PROTOCOL_ERROR]);
    let full = || (0..STREAMS_MAX).flat_map(|number| stuck(number * 2 + 1)).collect::<Vec<u8>>();
    let next = STREAMS_MAX * 2 + 1;
    vec![
        case("5.1.1", "a request on an even stream", [small(2)], error()),
        case("5.1.1", "a request on a lower stream than the last", [small(5), small(3)], error()),
        case("5.1.1", "a lower stream than one that is under way", [stuck(5), small(3)], error()),
        case(
            "5.1.1",
            "DATA on a stream that was passed over",
            [small(5), data(3, b"what")],
            Want::Any(vec![Want::StreamError(3, &[STREAM_CLOSED]), error()]),
        ),
        case("5.1.1", "streams may be passed over", [small(1), small(99)], Want::Answered(99, DIGITS)),
        case("5.1.1", "the highest stream of all", [small(0x7fff_ffff)], Want::Answered(0x7fff_ffff, DIGITS)),
        case(
            "5.1.2",
            "the server says how many streams it takes",
            [],
            Want::Sees("SETTINGS with MAX_CONCURRENT_STREAMS of 32", says_its_limit),
        ),
        case("5.1.2", "as many streams as may be", [full()], Want::Nothing),
        case(
            "5.1.2",
            "one stream more than may be",
            [full(), small(next)],
            Want::StreamError(next, &[REFUSED_STREAM, PROTOCOL_ERROR]),
        ),
        case(
            "5.1.2",
            "one stream more than may be, in one go",
            [[full(), small(next)].concat()],
            Want::StreamError(next, &[REFUSED_STREAM, PROTOCOL_ERROR]),
        ),
        case(
            "5.1.2",
            "one stream makes room for another",
            [full(), reset(1), small(next)],
            Want::Answered(next, DIGITS),
        ),
    ]
}

fn says_its_limit(seen: &Seen) -> bool {
    let frames = seen.frames();
    let entry = [&MAX_CONCURRENT_STREAMS.to_be_bytes()[..], &STREAMS_MAX.to_be_bytes()].concat();
    let said = |frame: &super::case::Frame<'_>| frame.payload.chunks(6).any(|each| each == entry);
    frames.iter().any(|frame| frame.kind == SETTINGS && said(frame))
}
