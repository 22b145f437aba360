//! Which cases are not met, by name, and why.

use super::case::Want;

/// How the server stands with a case.
#[derive(Clone, Copy)]
pub(super) enum Standing {
    Met,
    /// The connection ends as it must, but with `PROTOCOL_ERROR` where a more exact code is due.
    InGeneralTerms,
    /// It does something else, for this reason.
    Unmet {
        reason: &'static str,
        instead: &'static Want,
    },
}

pub(super) fn standing(name: &str) -> Standing {
    if let Some((_, reason, instead)) = UNMET.iter().find(|(each, ..)| *each == name) {
        Standing::Unmet { reason, instead }
    } else if IN_GENERAL_TERMS.contains(&name) {
        Standing::InGeneralTerms
    } else {
        Standing::Met
    }
}

const IGNORED: &str = "h2 leaves pseudo-fields out of trailers before anybody can see them";

/// With the reason, and what happens instead.
pub(super) static UNMET: [(&str, &str, Want); 2] = [
    ("a pseudo-field in trailers", IGNORED, Want::Answered(1, "POST /: 4")),
    ("a pseudo-field of answers in trailers", IGNORED, Want::Answered(1, "POST /: 4")),
];

/// h2 has one code for frames of a wrong size, for blocks that cannot be decoded, for what comes on a stream behind its
/// end, and for a window that is too large from the start. What the code says is for people who look for their mistake; the connection ends either way.
pub(super) const IN_GENERAL_TERMS: &[&str] = &[
    "PRIORITY of four bytes",
    "PRIORITY of six bytes",
    "RST_STREAM of three bytes",
    "RST_STREAM of five bytes",
    "PING of no bytes",
    "PING of seven bytes",
    "PING of nine bytes",
    "PING with ACK of six bytes",
    "GOAWAY of seven bytes",
    "index 0",
    "an index behind the table's end",
    "an index far behind the table's end",
    "the name of an entry behind the table's end",
    "a number without end",
    "a number that breaks off",
    "a name that breaks off",
    "a value that breaks off",
    "a field without a value",
    "eight bits of padding behind Huffman's code",
    "padding of zeros behind Huffman's code",
    "the end of string within Huffman's code",
    "a change of the table's size behind a field",
    "a change of the table's size within the fields",
    "the first entry of a table that is empty",
    "an entry larger than the table empties it",
    "a table larger than was allowed",
    "an entry that a change of the table's size has evicted",
    "trailers with an index behind the table's end",
    "a block that breaks off in its last CONTINUATION",
    "SETTINGS with ACK and a payload",
    "SETTINGS of three bytes",
    "SETTINGS of seven bytes",
    "INITIAL_WINDOW_SIZE beyond its most",
    "WINDOW_UPDATE of three bytes",
    "WINDOW_UPDATE of five bytes",
    "WINDOW_UPDATE of three bytes for a stream",
    "trailers after which DATA comes",
    "DATA on a half-closed stream",
    "DATA in one go with the end of its stream",
    "DATA behind the last DATA",
    "HEADERS on a half-closed stream",
    "HEADERS behind the last DATA",
];
