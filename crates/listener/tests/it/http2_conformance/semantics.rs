//! HTTP in frames: what a request must be (RFC 9113, section 8).

use super::case::{Case, Want, case};
use super::wire::*;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = sound();
    cases.extend(fields());
    cases.extend(pseudo_fields());
    cases.extend(trailers());
    cases.extend(lengths());
    cases
}

fn with(fields: &[(&str, &str)]) -> Vec<u8> {
    block(&[SMALL, fields].concat())
}

/// The request without the field of this name.
fn without(name: &str) -> Vec<u8> {
    let rest: Vec<_> = SMALL.iter().copied().filter(|(each, _)| *each != name).collect();
    block(&rest)
}

/// The request with this value for a field that it has.
fn but(name: &str, value: &str) -> Vec<u8> {
    let other: Vec<_> =
        SMALL.iter().map(|(each, old)| (*each, if *each == name { value } else { *old })).collect();
    block(&other)
}

fn sound() -> Vec<Case> {
    let answered = |name, block: &[u8], body| case("8.1", name, [request(1, block)], Want::Answered(1, body));
    vec![
        answered("GET", &block(SMALL), DIGITS),
        answered("HEAD", &but(":method", "HEAD"), ""),
        answered("POST without a body", &block(POST), "POST /: 0"),
        answered(
            "OPTIONS",
            &block(&[(":method", "OPTIONS"), POST[1], POST[2], (":path", "/x")]),
            "OPTIONS /x: 0",
        ),
        answered(
            "OPTIONS of the server itself",
            &{ block(&[(":method", "OPTIONS"), POST[1], POST[2], (":path", "*")]) },
            "OPTIONS *: 0",
        ),
        answered("a cookie in pieces", &with(&[("cookie", "a=b"), ("cookie", "c=d")]), DIGITS),
        answered("te: trailers", &with(&[("te", "trailers")]), DIGITS),
        answered(
            "a host without an authority",
            &[without(":authority"), field("host", "x")].concat(),
            DIGITS,
        ),
        case(
            "8.1",
            "many requests at a time",
            [[small(1), small(3), stuck(5), small(7)].concat()],
            Want::Sees("streams 1, 3 and 7 to be answered", |seen| {
                seen.goes_on() && [1, 3, 7].iter().all(|stream| seen.has_answer(*stream, DIGITS))
            }),
        ),
        case(
            "8.1",
            "a request behind one that is malformed",
            [request(1, &with(&[("connection", "close")])), small(3)],
            Want::Answered(3, DIGITS),
        ),
    ]
}

fn malformed(section: &'static str, name: &'static str, block: &[u8]) -> Case {
    case(section, name, [request(1, block)], Want::Malformed(1))
}

fn fields() -> Vec<Case> {
    let table: &[(&str, &str, &str, &str)] = &[
        ("8.2", "a name with a capital", "X-Test", "ok"),
        ("8.2.1", "a name that is empty", "", "ok"),
        ("8.2.1", "a name with a space", "x test", "ok"),
        ("8.2.1", "a name with a NUL", "x\0test", "ok"),
        ("8.2.1", "a name with a line feed", "x\ntest", "ok"),
        ("8.2.1", "a name with DEL", "x\u{7f}test", "ok"),
        ("8.2.1", "a name beyond ASCII", "x\u{e9}", "ok"),
        ("8.2.1", "a name with a colon in it", "x:test", "ok"),
        ("8.2.1", "a value with a NUL", "x", "o\0k"),
        ("8.2.1", "a value with a line feed", "x", "o\nk"),
        ("8.2.1", "a value with a carriage return", "x", "o\rk"),
        ("8.2.1", "a value that begins with a space", "x", " ok"),
        ("8.2.1", "a value that ends with a space", "x", "ok "),
        ("8.2.1", "a value that begins with a tab", "x", "\tok"),
        ("8.2.1", "a value that ends with a tab", "x", "ok\t"),
        ("8.2.2", "connection", "connection", "keep-alive"),
        ("8.2.2", "keep-alive", "keep-alive", "timeout=5"),
        ("8.2.2", "proxy-connection", "proxy-connection", "keep-alive"),
        ("8.2.2", "transfer-encoding", "transfer-encoding", "chunked"),
        ("8.2.2", "upgrade", "upgrade", "h2c"),
        ("8.2.2", "te other than trailers", "te", "gzip"),
        ("8.2.2", "te with trailers and more", "te", "trailers, deflate;q=0.5"),
    ];
    table.iter().map(|(section, name, key, value)| malformed(section, name, &with(&[(key, value)]))).collect()
}

fn pseudo_fields() -> Vec<Case> {
    let connect = |fields: &[(&str, &str)]| block(&[&[(":method", "CONNECT")], fields].concat());
    vec![
        malformed("8.3", "a pseudo-field that nobody knows", &with(&[(":test", "ok")])),
        malformed("8.3", "a pseudo-field of answers", &with(&[(":status", "200")])),
        malformed("8.3", "a pseudo-field behind a field", &[field("x", "y"), block(SMALL)].concat()),
        malformed(
            "8.3",
            "one pseudo-field behind a field",
            &[without(":path"), field("x", "y"), field(":path", "/small")].concat(),
        ),
        malformed(
            "8.3",
            "a pseudo-field with a capital",
            &[without(":path"), field(":Path", "/small")].concat(),
        ),
        malformed("8.3.1", "no :method", &without(":method")),
        malformed("8.3.1", "no :scheme", &without(":scheme")),
        malformed("8.3.1", "no :path", &without(":path")),
        malformed("8.3.1", "no pseudo-field at all", &field("x", "y")),
        malformed("8.3.1", "no field at all", &[]),
        malformed("8.3.1", ":method twice", &with(&[(":method", "GET")])),
        malformed("8.3.1", ":scheme twice", &with(&[(":scheme", "http")])),
        malformed("8.3.1", ":path twice", &with(&[(":path", "/small")])),
        malformed("8.3.1", ":authority twice", &with(&[(":authority", "x")])),
        malformed("8.3.1", ":path that is empty", &but(":path", "")),
        malformed("8.3.1", ":path without a slash", &but(":path", "small")),
        malformed("8.3.1", ":path of * for GET", &but(":path", "*")),
        malformed("8.3.1", ":method that is none", &but(":method", "G T")),
        malformed("8.3.1", ":method that is empty", &but(":method", "")),
        malformed("8.3.1", ":scheme that is none", &but(":scheme", "1 2")),
        malformed("8.3.1", ":authority with a user", &but(":authority", "u@x")),
        malformed("8.3.1", "host other than :authority", &with(&[("host", "y")])),
        malformed(
            "8.5",
            "CONNECT with :scheme and :path",
            &connect(&[(":scheme", "http"), (":authority", "x:22"), (":path", "/")]),
        ),
        malformed("8.5", "CONNECT without :authority", &connect(&[])),
        malformed(
            "8441 4",
            "CONNECT with :protocol that was not agreed upon",
            &connect(&[(":protocol", "websocket"), SMALL[1], SMALL[2], SMALL[3]]),
        ),
    ]
}

fn trailers() -> Vec<Case> {
    let behind = |name, last: Vec<u8>, want| case("8.1", name, [post(1), data(1, b"four"), last], want);
    let four = || Want::Answered(1, "POST /: 4");
    vec![
        behind("trailers", request(1, &field("x", "y")), four()),
        behind("trailers without a field", request(1, &[]), four()),
        behind("a pseudo-field in trailers", request(1, &field(":method", "GET")), Want::Malformed(1)),
        behind(
            "a pseudo-field of answers in trailers",
            request(1, &field(":status", "200")),
            Want::Malformed(1),
        ),
        behind("a capital in trailers", request(1, &field("X", "y")), Want::Malformed(1)),
        behind("connection in trailers", request(1, &field("connection", "close")), Want::Malformed(1)),
        behind(
            "a second HEADERS that does not end its stream",
            opening(1, &field("x", "y")),
            Want::Malformed(1),
        ),
        behind(
            "trailers after which DATA comes",
            [request(1, &field("x", "y")), data(1, b"more")].concat(),
            Want::StreamError(1, &[STREAM_CLOSED]),
        ),
    ]
}

fn lengths() -> Vec<Case> {
    let of = |name, length: &str, rest: Vec<Vec<u8>>, want| {
        let head = opening(1, &[block(POST), field("content-length", length)].concat());
        case("8.1.1", name, [vec![head], rest].concat(), want)
    };
    let malformed_of = |name, length: &str, rest| of(name, length, rest, Want::Malformed(1));
    let lone = |name, lengths: &[&str]| {
        let fields: Vec<_> = lengths.iter().map(|length| ("content-length", *length)).collect();
        malformed("8.1.1", name, &block(&[POST, &fields].concat()))
    };
    vec![
        of("content-length that matches", "4", vec![last_data(1, b"four")], Want::Answered(1, "POST /: 4")),
        of(
            "content-length that padding does not count for",
            "4",
            vec![frame(DATA, END_STREAM | PADDED, 1, b"\x02four\0\0")],
            Want::Answered(1, "POST /: 4"),
        ),
        malformed_of("content-length of less than the DATA", "1", vec![last_data(1, b"four")]),
        malformed_of("content-length of more than the DATA", "9", vec![last_data(1, b"four")]),
        malformed_of("content-length of less than all DATA", "1", vec![data(1, b"f"), last_data(1, b"our")]),
        malformed_of("content-length of more than all DATA", "9", vec![data(1, b"f"), last_data(1, b"our")]),
        malformed_of(
            "content-length of more than comes before the trailers",
            "9",
            vec![data(1, b"four"), request(1, &field("x", "y"))],
        ),
        lone("content-length of a request without a body", &["4"]),
        lone("content-length that is no number", &["four"]),
        lone("content-length with a sign", &["+0"]),
        lone("content-length below nothing", &["-1"]),
        lone("two content-lengths that differ", &["0", "4"]),
        lone("a list of content-lengths that differ", &["0, 4"]),
    ]
}
