//! What is wrong with a head or a body, in the words that its sender is told.
//!
//! Each says what was found, and what is right. With HTTP/1.1 all of them end the connection: after a fault nobody
//! can say where the next request begins. With HTTP/2 they end one stream of it.

use skybridge_api::problem::Code;

/// Why bytes are not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: Code,
    pub(crate) detail: &'static str,
}

const fn malformed(detail: &'static str) -> Fault {
    Fault { code: Code::MalformedRequest, detail }
}

pub(crate) const BARE_LF: Fault = malformed(
    "A line ends with a line feed alone; lines of HTTP/1.1 end with carriage return and line feed.",
);
pub(crate) const BARE_CR: Fault =
    malformed("A carriage return stands without its line feed; it may only end a line, together with one.");
pub(crate) const FOLDED: Fault =
    malformed("A header line begins with white space; folded headers are not read. Write each on one line.");
pub(crate) const SPACE_BEFORE_COLON: Fault = malformed(
    "White space stands between a header's name and its colon; the colon follows the name immediately.",
);
pub(crate) const FIELD_NAME: Fault = malformed(
    "A header's name is empty, has no colon, or holds characters that names do not have; names are tokens.",
);
pub(crate) const FIELD_VALUE: Fault =
    malformed("A header's value holds a control character; only tabs are allowed among them.");
pub(crate) const FIELD_PADDED: Fault =
    malformed("A header's value begins or ends with a space or a tab, which HTTP/2 does not allow.");
pub(crate) const REQUEST_LINE: Fault = malformed(
    "The request line is not METHOD, one space, target, one space, HTTP/1.1, each without any other white space.",
);
pub(crate) const VERSION: Fault = malformed(
    "The request's version is not one that is spoken here: HTTP/1.1, HTTP/1.0, or HTTP/2 from a connection's first byte on.",
);
pub(crate) const TARGET: Fault = malformed(
    "The request's target holds a character that no target has; write it percent-encoded, and no fragment.",
);
pub(crate) const TARGET_FORM: Fault = malformed(
    "The request's target is neither a path that begins with / nor a whole address; * goes with OPTIONS alone.",
);
pub(crate) const CONNECT: Fault =
    malformed("CONNECT asks for a tunnel, which only a proxy opens; this server is none.");
pub(crate) const HOST_MISSING: Fault = malformed("A request of HTTP/1.1 must have a Host header.");
pub(crate) const HOST_TWICE: Fault = malformed("The Host header was sent more than once; send it once.");
pub(crate) const HOST_INVALID: Fault =
    malformed("The Host header is not a host's name or address, with or without a port.");
pub(crate) const HOST_DIFFERS: Fault = malformed(
    "The target names another host than the Host header; both must be the same, or the target a mere path.",
);
pub(crate) const AUTHORITY_MISSING: Fault =
    malformed("A request of HTTP/2 must name its host, in :authority or in one Host header.");
pub(crate) const AUTHORITY_INVALID: Fault =
    malformed("The :authority is not a host's name or address, with or without a port.");
pub(crate) const AUTHORITY_DIFFERS: Fault = malformed(
    "The :authority names another host than the Host header; both must be the same, or one left out.",
);
pub(crate) const SCHEME: Fault =
    malformed("The :scheme is neither http nor https, which are all that is served.");
pub(crate) const LENGTH_INVALID: Fault =
    malformed("The Content-Length is not a number of digits alone, or beyond any number.");
pub(crate) const LENGTH_TWICE: Fault = malformed("The Content-Length was sent more than once; send it once.");
pub(crate) const LENGTH_AND_CODING: Fault = malformed(
    "Content-Length and Transfer-Encoding were both sent; a body is framed by one of them, never by both.",
);
pub(crate) const CODING: Fault =
    malformed("The Transfer-Encoding is not chunked, once and alone; no other transfer coding is read.");
pub(crate) const CODING_IN_1_0: Fault =
    malformed("HTTP/1.0 has no Transfer-Encoding; send a Content-Length, or HTTP/1.1.");
pub(crate) const EXPECTATION: Fault = malformed(
    "The Expect header asks for something other than 100-continue, the one expectation that is met.",
);
pub(crate) const ENDED_EARLY: Fault =
    malformed("The connection's sending side ended before the headers were complete.");

pub(crate) const CHUNK_SIZE: Fault = malformed(
    "A chunk's size is not 1 to 8 hexadecimal digits and CRLF, without signs, spaces or extensions.",
);
pub(crate) const CHUNK_END: Fault =
    malformed("A chunk's data is not followed by CRLF: it is longer or shorter than its size says.");
pub(crate) const TRAILER: Fault =
    malformed("The last chunk is followed by a trailer; trailers are not read. Send a header instead.");

pub(crate) const TARGET_TOO_LONG: Fault = Fault {
    code: Code::UriTooLong,
    detail: "The request's target is longer than 8192 bytes, the most that is read.",
};
pub(crate) const HEADERS_TOO_LARGE: Fault = Fault {
    code: Code::HeadersTooLarge,
    detail: "The request has more than 100 headers, or more than 16384 bytes of them, the most that is read.",
};
pub(crate) const BODY_TOO_LARGE: Fault = Fault {
    code: Code::BodyTooLarge,
    detail: "The body is announced to be larger than a megabyte; at most 65536 bytes (64 KiB) are read.",
};
pub(crate) const HEAD_TOO_SLOW: Fault = Fault {
    code: Code::RequestTimeout,
    detail: "The headers did not arrive in time. Send them as a whole, in a new connection.",
};
