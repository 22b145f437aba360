//! SETTINGS and WINDOW_UPDATE (RFC 9113, sections 6.5 and 6.9).

use super::case::{Case, Frame, Seen, Want, case};
use super::wire::*;

const LARGEST: u32 = 0x7fff_ffff;
/// What a connection may be sent before its caller says more.
const FIRST_WINDOW: usize = 65_535;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = frames();
    cases.extend(values());
    cases.extend(updates());
    cases.extend(what_is_sent());
    cases.extend(what_is_taken());
    cases
}

fn error() -> Want {
    Want::ConnectionError(&[PROTOCOL_ERROR])
}

fn size() -> Want {
    Want::ConnectionError(&[FRAME_SIZE_ERROR])
}

fn flow() -> Want {
    Want::ConnectionError(&[FLOW_CONTROL_ERROR])
}

fn frames() -> Vec<Case> {
    vec![
        // In place of the mere ACK that is due: a second one would be an error by itself.
        case(
            "6.5",
            "SETTINGS with ACK and a payload",
            [[PREFACE, &settings(&[])].concat(), frame(SETTINGS, ACK, 0, &[0, 5, 0, 0, 64, 0])],
            size(),
        )
        .bare(),
        case("6.5", "SETTINGS on a stream", [frame(SETTINGS, 0, 1, &[])], error()),
        case("6.5", "SETTINGS of three bytes", [frame(SETTINGS, 0, 0, &[0, 3, 0])], size()),
        case("6.5", "SETTINGS of seven bytes", [frame(SETTINGS, 0, 0, &[0, 0xff, 0, 0, 0, 1, 0])], size()),
        case(
            "6.5.3",
            "SETTINGS are acknowledged",
            [settings(&[(MAX_CONCURRENT_STREAMS, 9)])],
            acknowledged_twice(),
        ),
        case("6.5.3", "SETTINGS that are empty are acknowledged", [settings(&[])], acknowledged_twice()),
        case(
            "6.5.3",
            "each of two SETTINGS in one go is acknowledged",
            [[settings(&[]), settings(&[])].concat()],
            {
                Want::Sees("SETTINGS with ACK three times", |seen| {
                    seen.goes_on() && acknowledgements(seen) == 3
                })
            },
        ),
    ]
}

/// Once for the greeting.
fn acknowledged_twice() -> Want {
    Want::Sees("SETTINGS with ACK twice", |seen| seen.goes_on() && acknowledgements(seen) == 2)
}

fn acknowledgements(seen: &Seen) -> usize {
    let is_one = |frame: &&Frame<'_>| (frame.kind, frame.flags, frame.stream) == (SETTINGS, ACK, 0);
    seen.frames().iter().filter(is_one).count()
}

fn values() -> Vec<Case> {
    let of = |name, id, value, want| case("6.5.2", name, [settings(&[(id, value)]), small(1)], want);
    let answered = || Want::Answered(1, DIGITS);
    vec![
        of("ENABLE_PUSH of 0", ENABLE_PUSH, 0, answered()),
        of("ENABLE_PUSH of 1", ENABLE_PUSH, 1, answered()),
        of("ENABLE_PUSH of 2", ENABLE_PUSH, 2, error()),
        of("INITIAL_WINDOW_SIZE at its most", INITIAL_WINDOW_SIZE, LARGEST, answered()),
        of("INITIAL_WINDOW_SIZE beyond its most", INITIAL_WINDOW_SIZE, LARGEST + 1, flow()),
        of("MAX_FRAME_SIZE below its least", MAX_FRAME_SIZE, 16_383, error()),
        of("MAX_FRAME_SIZE at its least", MAX_FRAME_SIZE, 16_384, answered()),
        of("MAX_FRAME_SIZE at its most", MAX_FRAME_SIZE, (1 << 24) - 1, answered()),
        of("MAX_FRAME_SIZE beyond its most", MAX_FRAME_SIZE, 1 << 24, error()),
        of("HEADER_TABLE_SIZE of 0", HEADER_TABLE_SIZE, 0, answered()),
        of("HEADER_TABLE_SIZE at its most", HEADER_TABLE_SIZE, u32::MAX, answered()),
        of("MAX_CONCURRENT_STREAMS of 0", MAX_CONCURRENT_STREAMS, 0, answered()),
        of("a setting that nobody knows", 0xff, 1, answered()),
        case(
            "6.5.3",
            "the last of two values counts",
            [settings(&[(INITIAL_WINDOW_SIZE, 9), (INITIAL_WINDOW_SIZE, 1)]), small(1)],
            Want::Bytes(1, 1),
        ),
    ]
}

fn updates() -> Vec<Case> {
    let of_size = |stream, bytes: &[u8]| frame(WINDOW_UPDATE, 0, stream, bytes);
    vec![
        case("6.9", "WINDOW_UPDATE of nothing", [window(0, 0)], error()),
        case(
            "6.9",
            "WINDOW_UPDATE of nothing for a stream",
            [stuck(1), window(1, 0)],
            Want::StreamError(1, &[PROTOCOL_ERROR]),
        ),
        case("6.9", "WINDOW_UPDATE of three bytes", [of_size(0, &[0, 0, 1])], size()),
        case("6.9", "WINDOW_UPDATE of five bytes", [of_size(0, &[0, 0, 0, 1, 0])], size()),
        case("6.9", "WINDOW_UPDATE of three bytes for a stream", [stuck(1), of_size(1, &[0, 0, 1])], size()),
        case("6.9", "a reserved bit before the increment", [window(0, 1 << 31 | 1)], Want::Nothing),
        case("6.9", "WINDOW_UPDATE to the most", [window(0, LARGEST - 65_535)], Want::Nothing),
        case("6.9.1", "WINDOW_UPDATE beyond the most", [window(0, LARGEST - 65_534)], flow()),
        case(
            "6.9.1",
            "two WINDOW_UPDATE beyond the most",
            [[window(0, LARGEST), window(0, LARGEST)].concat()],
            flow(),
        ),
        case(
            "6.9.1",
            "WINDOW_UPDATE of a stream beyond the most",
            [stuck(1), window(1, LARGEST)],
            Want::StreamError(1, &[FLOW_CONTROL_ERROR]),
        ),
        case(
            "6.9.2",
            "INITIAL_WINDOW_SIZE that takes a stream beyond the most",
            [stuck(1), window(1, LARGEST - 65_535), settings(&[(INITIAL_WINDOW_SIZE, 65_536)])],
            flow(),
        ),
    ]
}

fn what_is_sent() -> Vec<Case> {
    let initial = |bytes| settings(&[(INITIAL_WINDOW_SIZE, bytes)]);
    let large = || request(1, &block(&[&SMALL[..3], &[(":path", "/large")]].concat()));
    vec![
        case("6.9.2", "a window of one byte", [initial(1), small(1)], Want::Bytes(1, 1)),
        case("6.9.2", "a window of no byte", [initial(0), small(1)], Want::Bytes(1, 0)),
        case("6.9.2", "a window that opens", [initial(0), small(1), window(1, 3)], Want::Bytes(1, 3)),
        case(
            "6.9.2",
            "a window that opens wide",
            [initial(0), small(1), window(1, 99)],
            Want::Answered(1, DIGITS),
        ),
        case("6.9.2", "a window that SETTINGS open", [initial(0), small(1), initial(4)], Want::Bytes(1, 4)),
        case(
            "6.9.2",
            "a window that is below nothing",
            [initial(3), small(1), initial(2), window(1, 2)],
            Want::Bytes(1, 4),
        ),
        case(
            "6.9.2",
            "a window that is below nothing stays shut",
            [initial(3), small(1), initial(0), window(1, 3)],
            Want::Bytes(1, 3),
        ),
        case(
            "6.9.2",
            "SETTINGS do not open the connection's window",
            [initial(1 << 20), large()],
            Want::Bytes(1, FIRST_WINDOW),
        ),
        case(
            "6.9.1",
            "the connection's window opens by itself",
            [initial(1 << 20), large(), window(0, 1_000)],
            Want::Bytes(1, FIRST_WINDOW + 1_000),
        ),
        case(
            "4.2",
            "no frame is larger than the caller takes",
            [initial(1 << 20), window(0, 1 << 20), large()],
            {
                Want::Sees("DATA of 16,384 bytes at most", |seen| {
                    seen.goes_on() && seen.frames().iter().all(|frame| frame.payload.len() <= 16_384)
                })
            },
        ),
    ]
}

/// The server's own windows: 64 KiB for a stream, 256 KiB for the connection.
fn what_is_taken() -> Vec<Case> {
    let full = |stream: u32| data(stream, &[b'a'; 16_384]).repeat(4);
    vec![
        case("6.9.1", "as much DATA as the stream's window", [stuck_open(1), full(1)], Want::Nothing),
        case(
            "6.9.1",
            "more DATA than the stream's window",
            [stuck_open(1), full(1), data(1, b"a")],
            Want::StreamError(1, &[FLOW_CONTROL_ERROR]),
        ),
        case(
            "6.9.1",
            "more DATA than the connection's window",
            [
                (1..=9).step_by(2).flat_map(stuck_open).collect::<Vec<u8>>(),
                (1..=7).step_by(2).flat_map(full).collect(),
                data(9, b"a"),
            ],
            Want::Any(vec![Want::StreamError(9, &[FLOW_CONTROL_ERROR]), flow()]),
        ),
        case(
            "6.9.1",
            "a window opens again when its DATA is read",
            [post(1), full(1)[..3 * (9 + 16_384)].to_vec(), last_data(1, &[b'a'; 16_384])],
            Want::Answered(1, "POST /: 65536"),
        ),
    ]
}
