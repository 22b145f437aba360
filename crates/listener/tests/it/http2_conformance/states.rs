//! Which frames a stream takes in which of its states (RFC 9113, section 5.1).

use super::case::{Case, Want, case};
use super::wire::*;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = idle();
    cases.extend(half_closed());
    cases.extend(closed_by_reset());
    cases.extend(closed_by_its_end());
    cases.extend(closed_by_the_server());
    cases
}

/// One of each frame that a stream may have to do with, without harm by itself.
fn trailers() -> Vec<u8> {
    request(1, &block(&[("x", "y")]))
}

fn loose() -> Vec<u8> {
    continuation(END_HEADERS, 1, &block(&[("x", "y")]))
}

fn idle() -> Vec<Case> {
    let error = || Want::ConnectionError(&[PROTOCOL_ERROR]);
    vec![
        case("5.1", "DATA on an idle stream", [last_data(1, b"what")], error()),
        case("5.1", "RST_STREAM on an idle stream", [reset(1)], error()),
        case("5.1", "WINDOW_UPDATE on an idle stream", [window(1, 100)], error()),
        case("5.1", "CONTINUATION on an idle stream", [loose()], error()),
        case("5.1", "PRIORITY on an idle stream", [priority(1, 0)], Want::Nothing),
        case(
            "5.1",
            "a request on a stream with a priority",
            [priority(1, 0), small(1)],
            Want::Answered(1, DIGITS),
        ),
        case("5.1", "DATA on an idle stream of the server's", [last_data(2, b"what")], error()),
        case("5.1", "WINDOW_UPDATE on an idle stream of the server's", [window(2, 100)], error()),
    ]
}

fn half_closed() -> Vec<Case> {
    let error = || Want::StreamError(1, &[STREAM_CLOSED]);
    vec![
        case("5.1", "DATA on a half-closed stream", [stuck(1), last_data(1, b"what")], error()),
        case(
            "5.1",
            "DATA in one go with the end of its stream",
            [[stuck(1), data(1, b"")].concat()],
            error(),
        ),
        case("5.1", "DATA behind the last DATA", [stuck_open(1), last_data(1, b"a"), data(1, b"b")], error()),
        case("5.1", "HEADERS on a half-closed stream", [stuck(1), trailers()], error()),
        case("5.1", "HEADERS behind the last DATA", [stuck_open(1), last_data(1, b"a"), trailers()], error()),
        case(
            "5.1",
            "CONTINUATION on a half-closed stream",
            [stuck(1), loose()],
            Want::ConnectionError(&[PROTOCOL_ERROR, STREAM_CLOSED]),
        ),
        case("5.1", "WINDOW_UPDATE on a half-closed stream", [stuck(1), window(1, 100)], Want::Nothing),
        case("5.1", "PRIORITY on a half-closed stream", [stuck(1), priority(1, 0)], Want::Nothing),
        case("5.1", "RST_STREAM on a half-closed stream", [stuck(1), reset(1)], Want::Nothing),
    ]
}

fn closed_by_reset() -> Vec<Case> {
    let error = || Want::StreamError(1, &[STREAM_CLOSED]);
    vec![
        case(
            "5.1",
            "DATA behind the caller's RST_STREAM",
            [stuck_open(1), reset(1), data(1, b"what")],
            error(),
        ),
        case(
            "5.1",
            "HEADERS behind the caller's RST_STREAM",
            [stuck_open(1), reset(1), trailers()],
            Want::Any(vec![error(), Want::ConnectionError(&[PROTOCOL_ERROR])]),
        ),
        case(
            "5.1",
            "CONTINUATION behind the caller's RST_STREAM",
            [stuck_open(1), reset(1), loose()],
            Want::ConnectionError(&[PROTOCOL_ERROR, STREAM_CLOSED]),
        ),
        case(
            "5.1",
            "WINDOW_UPDATE behind the caller's RST_STREAM",
            [stuck_open(1), reset(1), window(1, 100)],
            Want::Any(vec![error(), Want::Nothing]),
        ),
        case(
            "5.1",
            "a second RST_STREAM",
            [stuck_open(1), reset(1), reset(1)],
            Want::Any(vec![error(), Want::Nothing]),
        ),
        case(
            "5.1",
            "PRIORITY behind the caller's RST_STREAM",
            [stuck_open(1), reset(1), priority(1, 0)],
            Want::Nothing,
        ),
    ]
}

fn closed_by_its_end() -> Vec<Case> {
    let error = || Want::StreamError(1, &[STREAM_CLOSED]);
    let late = |name, frame| {
        case("5.1", name, [small(1), frame], Want::Any(vec![error(), Want::Answered(1, DIGITS)]))
    };
    vec![
        case("5.1", "DATA on a stream that was answered", [small(1), data(1, b"what")], error()),
        case(
            "5.1",
            "HEADERS on a stream that was answered",
            [small(1), trailers()],
            Want::Any(vec![error(), Want::ConnectionError(&[PROTOCOL_ERROR])]),
        ),
        case(
            "5.1",
            "a second request on a stream that was answered",
            [small(1), small(1)],
            Want::Any(vec![error(), Want::ConnectionError(&[PROTOCOL_ERROR])]),
        ),
        case(
            "5.1",
            "CONTINUATION on a stream that was answered",
            [small(1), loose()],
            Want::ConnectionError(&[PROTOCOL_ERROR, STREAM_CLOSED]),
        ),
        late("WINDOW_UPDATE on a stream that was answered", window(1, 100)),
        late("RST_STREAM on a stream that was answered", reset(1)),
        case(
            "5.1",
            "PRIORITY on a stream that was answered",
            [small(1), priority(1, 0)],
            Want::Answered(1, DIGITS),
        ),
    ]
}

/// Closed by the server's RST_STREAM for a malformed request: what was on its way is ignored, or is an error.
fn closed_by_the_server() -> Vec<Case> {
    let malformed = || opening(1, &[block(SMALL), field("connection", "close")].concat());
    let after = |name, frame| {
        case(
            "5.1",
            name,
            [malformed(), frame, small(3)],
            Want::Any(vec![
                Want::Answered(3, DIGITS),
                Want::ConnectionError(&[STREAM_CLOSED, PROTOCOL_ERROR]),
            ]),
        )
    };
    vec![
        after("DATA behind the server's RST_STREAM", data(1, b"what")),
        after("HEADERS behind the server's RST_STREAM", trailers()),
        after("WINDOW_UPDATE behind the server's RST_STREAM", window(1, 100)),
        after("RST_STREAM behind the server's", reset(1)),
        after("PRIORITY behind the server's RST_STREAM", priority(1, 0)),
    ]
}
