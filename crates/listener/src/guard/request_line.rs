//! The first line of a head (RFC 9112, section 3): method, target, version, and one space between them.

use std::ops::Range;

use super::characters::{self, TARGET, TOKEN};
use super::fault::{self, Fault};

/// What the rest of the head depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RequestLine {
    /// HTTP/1.1, not HTTP/1.0.
    pub(super) is_1_1: bool,
    /// Where in the line the target names a host, if it is a whole address.
    pub(super) authority: Option<Range<usize>>,
}

/// Reads a line, without its end.
pub(super) fn read(line: &[u8], target_bytes_max: usize) -> Result<RequestLine, Fault> {
    let space = memchr::memchr(b' ', line).ok_or(fault::REQUEST_LINE)?;
    let (method, rest) = (&line[..space], &line[space + 1..]);
    if !characters::all_of(&TOKEN, method) {
        return Err(fault::REQUEST_LINE);
    }
    // A target has no spaces, so the next one ends it, and what follows is the version to its last byte.
    let space = memchr::memchr(b' ', rest).ok_or(fault::REQUEST_LINE)?;
    let (target, version) = (&rest[..space], &rest[space + 1..]);
    let is_1_1 = match version {
        b"HTTP/1.1" => true,
        b"HTTP/1.0" => false,
        _ if version.contains(&b' ') || !version.starts_with(b"HTTP/") => return Err(fault::REQUEST_LINE),
        _ => return Err(fault::VERSION),
    };
    if target.len() > target_bytes_max {
        return Err(fault::TARGET_TOO_LONG);
    }
    let authority = authority(method, target)?.map(|place| {
        let offset = method.len() + 1;
        place.start + offset..place.end + offset
    });
    Ok(RequestLine { is_1_1, authority })
}

/// Checks the target's form; gives the place of its authority, if it has one.
fn authority(method: &[u8], target: &[u8]) -> Result<Option<Range<usize>>, Fault> {
    if method == b"CONNECT" {
        return Err(fault::CONNECT);
    }
    if target.first() == Some(&b'/') {
        return if characters::all_of(&TARGET, target) { Ok(None) } else { Err(fault::TARGET) };
    }
    if target == b"*" && method == b"OPTIONS" {
        return Ok(None);
    }
    let begin = scheme_bytes(target).ok_or(fault::TARGET_FORM)?;
    let length = target[begin..].iter().position(|byte| matches!(byte, b'/' | b'?'));
    let end = length.map_or(target.len(), |length| begin + length);
    if !characters::is_host(&target[begin..end]) {
        return Err(fault::HOST_INVALID);
    }
    if end < target.len() && !characters::all_of(&TARGET, &target[end..]) {
        return Err(fault::TARGET);
    }
    Ok(Some(begin..end))
}

/// How long the scheme of a whole address is, with what divides it from the host.
fn scheme_bytes(target: &[u8]) -> Option<usize> {
    let begins =
        |scheme: &[u8]| target.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme));
    [b"http://".as_slice(), b"https://"].into_iter().find(|scheme| begins(scheme)).map(<[u8]>::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Result<RequestLine, Fault> {
        read(line.as_bytes(), 100)
    }

    #[test]
    fn each_form_of_target_is_read_or_refused_on_purpose() {
        let plain = RequestLine { is_1_1: true, authority: None };
        assert_eq!(found("GET /a%20b?c=d,e HTTP/1.1"), Ok(plain.clone()));
        assert_eq!(found("OPTIONS * HTTP/1.1"), Ok(plain.clone()));
        assert_eq!(found("BREW / HTTP/1.0"), Ok(RequestLine { is_1_1: false, ..plain.clone() }));
        let line = "GET HTTP://x.example:80?y HTTP/1.1";
        assert_eq!(&line[found(line).unwrap().authority.unwrap()], "x.example:80");
        for (line, fault) in [
            ("CONNECT x:22 HTTP/1.1", fault::CONNECT),
            ("GET * HTTP/1.1", fault::TARGET_FORM),
            ("GET x:80 HTTP/1.1", fault::TARGET_FORM),
            ("GET ftp://x/ HTTP/1.1", fault::TARGET_FORM),
            ("GET http:/x HTTP/1.1", fault::TARGET_FORM),
            ("GET http:///x HTTP/1.1", fault::HOST_INVALID),
            ("GET http://u@x/ HTTP/1.1", fault::HOST_INVALID),
            ("GET http://x/# HTTP/1.1", fault::TARGET),
            ("GET  HTTP/1.1", fault::TARGET_FORM),
        ] {
            assert_eq!(found(line), Err(fault), "{line}");
        }
    }

    #[test]
    fn a_line_is_three_words_and_two_spaces() {
        for line in [
            "",
            "GET",
            "GET /",
            "GET /\tHTTP/1.1",
            " GET / HTTP/1.1",
            "GET  / HTTP/1.1",
            "GET / HTTP/1.1 ",
            "G@T / HTTP/1.1",
            "GET /  HTTP/1.1",
            "GET / http/1.1",
            "GET / HTTP/1.1 x",
            "GE\u{1}T / HTTP/1.1",
            "GET / x HTTP/1.1",
        ] {
            let fault = found(line).unwrap_err();
            assert!([fault::REQUEST_LINE, fault::TARGET_FORM].contains(&fault), "{line:?}: {fault:?}");
        }
        for line in ["GET / HTTP/2.0", "GET / HTTP/1.2", "GET / HTTP/1.10", "GET / HTTP/0.9", "GET / HTTP/"] {
            assert_eq!(found(line), Err(fault::VERSION), "{line:?}");
        }
        for target in ["/\u{0}", "/#", "/\u{e9}", "/\"", "/a\\b", "/{}", "/a|b", "/\u{7f}"] {
            assert_eq!(found(&format!("GET {target} HTTP/1.1")), Err(fault::TARGET), "{target:?}");
        }
    }

    #[test]
    fn a_long_target_is_told_as_such() {
        assert_eq!(found(&format!("GET /{} HTTP/1.1", "a".repeat(100))), Err(fault::TARGET_TOO_LONG));
        assert!(found(&format!("GET /{} HTTP/1.1", "a".repeat(99))).is_ok());
    }
}
