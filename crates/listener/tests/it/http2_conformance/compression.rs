//! Header blocks and their compression (RFC 9113, section 4.3; RFC 7541).

use super::case::{Case, Want, case};
use super::wire::*;

/// A field with the name `x`, to which a value in Huffman's code is to be added.
const BEFORE_VALUE: [u8; 3] = [0, 1, b'x'];
/// The first entry of the dynamic table.
const FIRST_OWN: u8 = 0x80 | 62;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = sound();
    cases.extend(faulty());
    cases
}

/// The table's `:method: GET` and `:scheme: http`; `:authority: x` and `:path: /small` with names from it.
fn indexed(kind: u8, bits: u32) -> Vec<u8> {
    let named = |name: usize, value: &str| [integer(kind, bits, name), string(value)].concat();
    [vec![0x82, 0x86], named(1, "x"), named(4, "/small")].concat()
}

/// The whole path `/small` added to the table, as its first entry.
fn with_entry() -> Vec<u8> {
    [&[0x82, 0x86, 0x01, 1, b'x', 0x44][..], &string("/small")].concat()
}

/// What refers to it.
const BY_ENTRY: [u8; 6] = [0x82, 0x86, 0x01, 1, b'x', FIRST_OWN];

fn answered(name: &'static str, section: &'static str, block: &[u8]) -> Case {
    case(section, name, [request(1, block)], Want::Answered(1, DIGITS))
}

fn sound() -> Vec<Case> {
    let plain = || block(SMALL);
    vec![
        answered("fields that go into the table", "7541 6.2.1", &indexed(0x40, 6)),
        answered("fields that go into no table", "7541 6.2.2", &indexed(0, 4)),
        answered("fields that must never go into a table", "7541 6.2.3", &indexed(0x10, 4)),
        answered(
            "a value in Huffman's code",
            "7541 5.2",
            // Twice `a`: ten bits, and six of padding.
            &[plain(), BEFORE_VALUE.to_vec(), vec![0x82, 0x18, 0xff]].concat(),
        ),
        answered("a number in more bytes than needed", "7541 5.1", &{
            [plain(), vec![0, 1, b'x', 0x7f, 0x81, 0x00], vec![b'y'; 128]].concat()
        }),
        answered("a smaller table", "7541 6.3", &[vec![0x20], plain()].concat()),
        answered(
            "a smaller table, then a larger one",
            "7541 4.2",
            &[vec![0x20, 0x3f, 0xe1, 0x1f], plain()].concat(),
        ),
        case(
            "7541 2.3.2",
            "an entry that an earlier request has made",
            [request(1, &with_entry()), request(3, &BY_ENTRY)],
            Want::Answered(3, DIGITS),
        ),
        case(
            "4.3",
            "an entry that a malformed request has made",
            [request(1, &[with_entry(), field("connection", "close")].concat()), request(3, &BY_ENTRY)],
            Want::Answered(3, DIGITS),
        ),
        case(
            "4.3",
            "an entry that the trailers of a request have made",
            [post(1), request(1, &[&[0x40][..], &string("x"), &string("y")].concat()), {
                request(3, &[block(SMALL), vec![FIRST_OWN]].concat())
            }],
            Want::Answered(3, DIGITS),
        ),
        case(
            "4.3",
            "an entry from a block on a stream that was reset",
            [stuck_open(1), reset(1), [request(1, &with_entry()), request(3, &BY_ENTRY)].concat()],
            Want::Any(vec![
                Want::Answered(3, DIGITS),
                Want::ConnectionError(&[STREAM_CLOSED, PROTOCOL_ERROR]),
            ]),
        ),
    ]
}

fn faulty() -> Vec<Case> {
    let table: [(&str, &str, Vec<u8>); 16] = [
        ("7541 6.1", "index 0", vec![0x80]),
        ("7541 2.3.3", "an index behind the table's end", vec![0x80 | 70]),
        ("7541 2.3.3", "an index far behind the table's end", integer(0x80, 7, 1 << 30)),
        (
            "7541 2.3.3",
            "the name of an entry behind the table's end",
            [integer(0x40, 6, 90), string("y")].concat(),
        ),
        ("7541 5.1", "a number without end", vec![0xff; 12]),
        ("7541 5.1", "a number that breaks off", vec![0xff, 0x80]),
        ("7541 5.2", "a name that breaks off", vec![0, 9, b'x']),
        ("7541 5.2", "a value that breaks off", vec![0, 1, b'x', 5, b'y']),
        ("7541 6.2", "a field without a value", vec![0, 1, b'x']),
        ("7541 5.2", "eight bits of padding behind Huffman's code", vec![0, 1, b'x', 0x82, 0x1f, 0xff]),
        ("7541 5.2", "padding of zeros behind Huffman's code", vec![0, 1, b'x', 0x81, 0x18]),
        (
            "7541 5.2",
            "the end of string within Huffman's code",
            vec![0, 1, b'x', 0x84, 0xff, 0xff, 0xff, 0xff],
        ),
        ("7541 4.2", "a change of the table's size behind a field", vec![0x20]),
        (
            "7541 6.3",
            "a change of the table's size within the fields",
            [vec![0x20], field("x", "y")].concat(),
        ),
        ("7541 2.3.2", "the first entry of a table that is empty", vec![FIRST_OWN]),
        ("7541 4.4", "an entry larger than the table empties it", {
            let large = [vec![0x40], string("x"), string(&"y".repeat(4_096)), vec![FIRST_OWN]];
            [vec![0x40], string("x"), string("y")].into_iter().chain(large).flatten().collect()
        }),
    ];
    let of_request = |(section, name, end): (_, _, Vec<u8>)| {
        case(section, name, [request(1, &[block(SMALL), end].concat())], broken())
    };
    let mut cases: Vec<Case> = table.into_iter().map(of_request).collect();
    cases.extend([
        case(
            "7541 6.3",
            "a table larger than was allowed",
            [request(1, &[integer(0x20, 5, 4_097), block(SMALL)].concat())],
            broken(),
        ),
        case(
            "7541 4.3",
            "an entry that a change of the table's size has evicted",
            [request(1, &with_entry()), request(3, &[&[0x20, 0x3f, 0xe1, 0x1f], &BY_ENTRY[..]].concat())],
            broken(),
        ),
        case(
            "4.3",
            "trailers with an index behind the table's end",
            [post(1), request(1, &[0x80 | 70])],
            broken(),
        ),
        case(
            "4.3",
            "a block that breaks off in its last CONTINUATION",
            [[frame(HEADERS, END_STREAM, 1, &block(SMALL)), continuation(END_HEADERS, 1, &[0, 9, b'x'])]
                .concat()],
            broken(),
        ),
    ]);
    cases
}

fn broken() -> Want {
    Want::ConnectionError(&[COMPRESSION_ERROR])
}
