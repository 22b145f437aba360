//! Heads that pass and heads that do not, whole and byte by byte.

use super::*;

/// What a head comes to, however its bytes are cut into pieces.
fn read(text: &str) -> Result<Option<(usize, Framed)>, Fault> {
    let whole = Head::default().go_on(text.as_bytes(), &SIZES);
    let mut head = Head::default();
    let mut piecewise = Ok(None);
    for end in 1..=text.len() {
        piecewise = head.go_on(&text.as_bytes()[..end], &SIZES);
        if !matches!(piecewise, Ok(None)) {
            break;
        }
    }
    assert_eq!(piecewise, whole, "{text:?}, byte by byte");
    whole
}

fn with_fields(fields: &str) -> Result<Framed, Fault> {
    let text = format!("POST /booking HTTP/1.1\r\n{fields}\r\n");
    read(&text).map(|found| {
        let (length, framed) = found.unwrap_or_else(|| panic!("{text:?} is complete"));
        assert_eq!(length, text.len());
        framed
    })
}

#[test]
fn a_head_ends_with_an_empty_line_and_says_how_its_body_is_framed() {
    assert_eq!(with_fields("Host: x\r\n"), Ok(Framed::Length(0)));
    assert_eq!(with_fields("host:\tx \r\nCONTENT-LENGTH: 0017\r\n"), Ok(Framed::Length(17)));
    assert_eq!(with_fields("Host: x\r\nTransfer-Encoding: Chunked\r\n"), Ok(Framed::Chunked));
    assert_eq!(
        with_fields("Host: x\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n"),
        Ok(Framed::Length(2))
    );
    assert_eq!(with_fields("Host: x\r\nX-Empty:\r\nX: \u{e9}\t\"; \r\n"), Ok(Framed::Length(0)));
    assert_eq!(read("GET / HTTP/1.0\r\n\r\n"), Ok(Some((18, Framed::Length(0)))));
    assert_eq!(read("\r\nGET / HTTP/1.0\r\n\r\nmore"), Ok(Some((20, Framed::Length(0)))));
    assert_eq!(read("GET / HTTP/1.1\r\nHost: x\r\n\r"), Ok(None));
}

#[test]
fn lines_end_with_both_and_begin_with_a_name() {
    for (fields, fault) in [
        ("Host: x\n", fault::BARE_LF),
        ("Host: x\rY: z\r\n", fault::BARE_CR),
        ("Host: x\r\r\n", fault::BARE_CR),
        (" Host: x\r\n", fault::FOLDED),
        ("Host: x\r\n\tmore\r\n", fault::FOLDED),
        ("Host : x\r\n", fault::SPACE_BEFORE_COLON),
        ("Host: x\r\nTransfer-Encoding\t: chunked\r\n", fault::SPACE_BEFORE_COLON),
        ("Host\r\n", fault::FIELD_NAME),
        (": x\r\n", fault::FIELD_NAME),
        ("H\u{e9}: x\r\n", fault::FIELD_NAME),
        ("X\u{7f}: x\r\n", fault::FIELD_NAME),
        ("(x): x\r\n", fault::FIELD_NAME),
        ("Host: x\r\nX: a\0b\r\n", fault::FIELD_VALUE),
        ("Host: x\r\nX: \u{7f}\r\n", fault::FIELD_VALUE),
    ] {
        assert_eq!(with_fields(fields), Err(fault), "{fields:?}");
    }
    assert_eq!(read("\r\n\r\nGET / HTTP/1.1\r\n"), Err(fault::REQUEST_LINE), "one empty line, not two");
}

#[test]
fn a_body_is_framed_in_one_way() {
    for (fields, fault) in [
        ("Content-Length: +1\r\n", fault::LENGTH_INVALID),
        ("Content-Length: 1 1\r\n", fault::LENGTH_INVALID),
        ("Content-Length: 5, 5\r\n", fault::LENGTH_INVALID),
        ("Content-Length: 0x1\r\n", fault::LENGTH_INVALID),
        ("Content-Length:\r\n", fault::LENGTH_INVALID),
        ("Content-Length: 18446744073709551616\r\n", fault::LENGTH_INVALID),
        ("Content-Length: 1048577\r\n", fault::BODY_TOO_LARGE),
        ("Content-Length: 5\r\nContent-Length: 5\r\n", fault::LENGTH_TWICE),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", fault::LENGTH_AND_CODING),
        ("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", fault::LENGTH_AND_CODING),
        ("Transfer-Encoding: gzip, chunked\r\n", fault::CODING),
        ("Transfer-Encoding: chunked, chunked\r\n", fault::CODING),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", fault::CODING),
        ("Transfer-Encoding: identity\r\n", fault::CODING),
        ("Transfer-Encoding: chunked;q=1\r\n", fault::CODING),
        ("Transfer-Encoding:\r\n", fault::CODING),
        ("Expect: 200-maybe\r\n", fault::EXPECTATION),
    ] {
        assert_eq!(with_fields(&format!("Host: x\r\n{fields}")), Err(fault), "{fields:?}");
    }
    assert_eq!(read("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), Err(fault::CODING_IN_1_0));
}

#[test]
fn the_host_is_one_and_the_same() {
    assert_eq!(with_fields(""), Err(fault::HOST_MISSING));
    assert_eq!(with_fields("Host:\r\n"), Err(fault::HOST_INVALID));
    assert_eq!(with_fields("Host: a\r\nHost: a\r\n"), Err(fault::HOST_TWICE));
    assert_eq!(with_fields("Host: a, a\r\n"), Err(fault::HOST_INVALID));
    let absolute = |host: &str| {
        read(&format!("\r\nGET http://a.example:80/ HTTP/1.1\r\nX: y\r\nHost:  {host} \r\n\r\n"))
    };
    assert!(absolute("A.example:80").is_ok_and(|read| read.is_some()));
    assert_eq!(absolute("a.example"), Err(fault::HOST_DIFFERS));
}

#[test]
fn sizes_are_kept_exactly() {
    let target = |bytes: usize| read(&format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(bytes - 1)));
    assert!(target(8192).is_ok());
    assert_eq!(target(8193), Err(fault::TARGET_TOO_LONG));
    let fields = |count: usize| with_fields(&format!("Host: x\r\n{}", "a: b\r\n".repeat(count - 1)));
    assert!(fields(100).is_ok());
    assert_eq!(fields(101), Err(fault::HEADERS_TOO_LARGE));
    let bytes = |count: usize| with_fields(&format!("Host: x\r\na: {}\r\n", "b".repeat(count - 6)));
    assert!(bytes(16_384).is_ok());
    assert_eq!(bytes(16_385), Err(fault::HEADERS_TOO_LARGE));
    assert_eq!(
        with_fields(&format!("Host: x\r\na:{}b\r\n", " ".repeat(20_000))),
        Err(fault::HEADERS_TOO_LARGE)
    );
}

#[test]
fn what_cannot_become_a_head_is_refused_before_its_end() {
    let begun = |text: &str| Head::default().go_on(text.as_bytes(), &SIZES);
    assert_eq!(begun("\u{16}\u{3}\u{1}"), Err(fault::REQUEST_LINE), "TLS");
    assert_eq!(begun("GET\0"), Err(fault::REQUEST_LINE));
    assert_eq!(begun(&"A".repeat(64)), Err(fault::REQUEST_LINE));
    assert_eq!(begun(&format!("GET /{}", "a".repeat(8300))), Err(fault::TARGET_TOO_LONG));
    let endless = format!("GET / HTTP/1.1\r\na: {}", "b".repeat(17_500));
    assert_eq!(begun(&endless), Err(fault::HEADERS_TOO_LARGE));
    assert_eq!(begun("GET /"), Ok(None));
    assert_eq!(begun("\r"), Ok(None));
    assert_eq!(begun("\r\nG"), Ok(None));
}
