//! DATA, HEADERS and CONTINUATION (RFC 9113, sections 6.1, 6.2 and 6.10).

use super::case::{Case, Want, case};
use super::wire::*;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = data_frames();
    cases.extend(headers());
    cases.extend(between());
    cases.extend(continuations());
    cases
}

fn error() -> Want {
    Want::ConnectionError(&[PROTOCOL_ERROR])
}

fn data_frames() -> Vec<Case> {
    let padded = |payload: &[u8]| frame(DATA, END_STREAM | PADDED, 1, payload);
    let four = || Want::Answered(1, "POST /: 4");
    vec![
        case("6.1", "DATA on stream 0", [data(0, b"what")], error()),
        case("6.1", "DATA in one frame", [post(1), last_data(1, b"four")], four()),
        case(
            "6.1",
            "DATA in many frames",
            [post(1), data(1, b"f"), data(1, b"o"), last_data(1, b"ur")],
            four(),
        ),
        case(
            "6.1",
            "DATA that is empty",
            [post(1), data(1, b""), data(1, b"four"), last_data(1, b"")],
            four(),
        ),
        case("6.1", "DATA with padding", [post(1), padded(b"\x02four\0\0")], four()),
        case(
            "6.1",
            "DATA that is nothing but padding",
            [post(1), data(1, b"four"), padded(b"\x02\0\0")],
            four(),
        ),
        case("6.1", "DATA with padding of no bytes", [post(1), padded(b"\0four")], four()),
        case("6.1", "padding as long as the frame", [post(1), padded(b"\x05four")], error()),
        case("6.1", "padding longer than the frame", [post(1), padded(b"\xfffour")], error()),
        case(
            "6.1",
            "padding without a length",
            [post(1), padded(b"")],
            Want::ConnectionError(&[FRAME_SIZE_ERROR, PROTOCOL_ERROR]),
        ),
        case(
            "6.1",
            "padding that is not zero",
            [post(1), padded(b"\x02fourxx")],
            Want::Any(vec![four(), error()]),
        ),
    ]
}

fn headers() -> Vec<Case> {
    let whole = END_STREAM | END_HEADERS;
    let with = |flags: u8, before: &[u8], after: &[u8]| {
        frame(HEADERS, whole | flags, 1, &[before, &block(SMALL), after].concat())
    };
    let answered = || Want::Answered(1, DIGITS);
    let size = || Want::ConnectionError(&[FRAME_SIZE_ERROR, PROTOCOL_ERROR]);
    vec![
        case("6.2", "HEADERS on stream 0", [small(0)], error()),
        case("6.2", "HEADERS with padding", [with(PADDED, &[3], &[0; 3])], answered()),
        case("6.2", "HEADERS with a priority", [with(WITH_PRIORITY, &depends(0, 255), &[])], answered()),
        case(
            "6.2",
            "HEADERS with an exclusive priority",
            [with(WITH_PRIORITY, &depends(1 << 31 | 3, 0), &[])],
            answered(),
        ),
        case(
            "6.2",
            "HEADERS with padding and a priority",
            [with(PADDED | WITH_PRIORITY, &[&[2][..], &depends(9, 9)].concat(), &[0; 2])],
            answered(),
        ),
        case("6.2", "padding longer than the block", [with(PADDED, &[200], &[])], error()),
        case(
            "6.2",
            "HEADERS with padding without a length",
            [frame(HEADERS, whole | PADDED, 1, &[])],
            size(),
        ),
        case(
            "6.2",
            "HEADERS too short for their priority",
            [frame(HEADERS, whole | WITH_PRIORITY, 1, &[0, 0, 0, 0])],
            size(),
        ),
        case(
            "6.2",
            "padding that takes the place of a priority",
            [frame(HEADERS, whole | PADDED | WITH_PRIORITY, 1, &[4, 0, 0, 0, 0, 0])],
            size(),
        ),
        // An error by RFC 7540, section 5.3.1; RFC 9113 has given up priorities.
        case(
            "6.2",
            "HEADERS that depend on themselves",
            [with(WITH_PRIORITY, &depends(1, 15), &[])],
            Want::Any(vec![answered(), Want::StreamError(1, &[PROTOCOL_ERROR])]),
        ),
    ]
}

/// Nothing may come between HEADERS and what continues them.
fn between() -> Vec<Case> {
    let table = [
        ("DATA within a header block", last_data(1, b"")),
        ("HEADERS of another stream within a header block", small(3)),
        ("HEADERS of the same stream within a header block", small(1)),
        ("PRIORITY within a header block", priority(1, 0)),
        ("RST_STREAM within a header block", reset(1)),
        ("SETTINGS within a header block", settings(&[])),
        ("PING within a header block", ping()),
        ("GOAWAY within a header block", goaway(0, NO_ERROR)),
        ("WINDOW_UPDATE within a header block", window(0, 1)),
        ("CONTINUATION of another stream", continuation(END_HEADERS, 3, &[])),
        ("CONTINUATION of stream 0", continuation(END_HEADERS, 0, &[])),
    ];
    let begun = || frame(HEADERS, END_STREAM, 1, &block(SMALL));
    table.into_iter().map(|(name, next)| case("6.2", name, [[begun(), next].concat()], error())).collect()
}

fn continuations() -> Vec<Case> {
    let whole = block(SMALL);
    let pieces = |cuts: &[usize], stream: u32| {
        let mut bytes = frame(HEADERS, END_STREAM, stream, &whole[..cuts[0]]);
        for pair in cuts.windows(2) {
            bytes.extend(continuation(0, stream, &whole[pair[0]..pair[1]]));
        }
        bytes.extend(continuation(END_HEADERS, stream, &whole[cuts[cuts.len() - 1]..]));
        bytes
    };
    let answered = || Want::Answered(1, DIGITS);
    vec![
        case("6.10", "a block in two frames", [pieces(&[20], 1)], answered()),
        case("6.10", "a block in four frames that cut its fields", [pieces(&[3, 9, 31], 1)], answered()),
        case("6.10", "a block that begins with CONTINUATION", [pieces(&[0], 1)], answered()),
        case("6.10", "CONTINUATION that is empty", [pieces(&[20, 20], 1)], answered()),
        case(
            "6.10",
            "trailers in two frames",
            [post(1), data(1, b"four"), {
                [frame(HEADERS, END_STREAM, 1, &[0, 1]), continuation(END_HEADERS, 1, b"x\x01y")].concat()
            }],
            Want::Answered(1, "POST /: 4"),
        ),
        case(
            "6.10",
            "CONTINUATION behind the end of headers",
            [post(1), continuation(END_HEADERS, 1, &[])],
            error(),
        ),
        case(
            "6.10",
            "CONTINUATION behind DATA",
            [post(1), data(1, b"a"), continuation(END_HEADERS, 1, &[])],
            error(),
        ),
        case(
            "6.10",
            "CONTINUATION behind the last CONTINUATION",
            [[pieces(&[20], 1), continuation(END_HEADERS, 1, &[])].concat()],
            error(),
        ),
        case("6.10", "CONTINUATION first of all", [continuation(END_HEADERS, 1, &whole)], error()),
        case(
            "6.10",
            "DATA within a block that was continued",
            [[frame(HEADERS, 0, 1, &[]), continuation(0, 1, &whole), last_data(1, b"")].concat()],
            error(),
        ),
    ]
}
