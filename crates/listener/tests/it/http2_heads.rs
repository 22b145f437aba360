//! What HTTP/1.1 refuses in a head, HTTP/2 refuses too: on its stream, while the connection goes on.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::http2::{END_HEADERS, END_STREAM, PREFACE, frame, frames, settings};
use crate::kit::counts::Counts;
use crate::kit::lines::Lines;
use crate::kit::{House, PATIENCE, reception};

type Fields<'a> = &'a [(&'a str, &'a str)];

/// HEADERS of a whole request with `fields`, each as it is, without the table.
fn headers(stream: u32, fields: Fields<'_>) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        let length = |text: &str| u8::try_from(text.len()).ok().filter(|length| *length < 127).unwrap();
        block.extend([&[0, length(name)], name.as_bytes(), &[length(value)], value.as_bytes()].concat());
    }
    frame(1, END_STREAM | END_HEADERS, stream, &block)
}

/// A GET of `path` with `fields` besides.
fn get<'a>(path: &'a str, fields: Fields<'a>) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![(":method", "GET"), (":path", path)];
    if !fields.iter().any(|(name, _)| *name == ":scheme") {
        all.push((":scheme", "https"));
    }
    all.extend(fields);
    all
}

/// Sends all `requests` over one connection; gives the status and body of each answer.
async fn answers(house: &House, requests: &[Vec<(&str, &str)>]) -> Vec<(u16, String)> {
    let mut stream = house.connect().await;
    stream.write_all(&[PREFACE, &settings(&[])].concat()).await.unwrap();
    let mut answers = Vec::new();
    for (number, request) in (0_u32..).zip(requests) {
        let id = number * 2 + 1;
        stream.write_all(&headers(id, request)).await.unwrap();
        answers.push(answer(&mut stream, id).await);
    }
    answers
}

async fn answer(stream: &mut TcpStream, wanted: u32) -> (u16, String) {
    // The table's entries for `:status`.
    let statuses = BTreeMap::from([(0x88, 200), (0x8c, 400), (0x8d, 404), (0x8e, 500)]);
    let (mut status, mut body) = (0, Vec::new());
    loop {
        let frame = frames(stream).await.expect("the connection goes on");
        match frame {
            (1, id, block, flags) if id == wanted => {
                status = statuses[&block[0]];
                if flags & END_STREAM != 0 {
                    break;
                }
            }
            (0, id, data, flags) if id == wanted => {
                body.extend(data);
                if flags & END_STREAM != 0 {
                    break;
                }
            }
            (3, id, code, _) => panic!("stream {id} was reset: {code:?}"),
            _ => {}
        }
    }
    (status, String::from_utf8(body).unwrap())
}

#[tokio::test]
async fn a_faulty_head_is_refused_on_its_stream() {
    let counts = Counts::default();
    let _counting = metrics::set_default_local_recorder(&counts);
    let house = House::open(reception(PATIENCE));
    let x = &[(":authority", "x")];
    let table = [
        (get("/", &[]), "must name its host"),
        (get("/", &[(":authority", "x"), ("host", "y")]), "another host"),
        (get("/", &[("host", "x"), ("host", "x")]), "more than once"),
        (get("/", &[(":authority", "x"), ("host", "y z/,@")]), "Host header is not"),
        (get("/", &[("host", "y z/,@")]), "Host header is not"),
        (get("/", &[("host", "")]), "Host header is not"),
        (get("/", &[(":authority", "u@x")]), ":authority is not"),
        (get("/", &[(":authority", "a,b")]), ":authority is not"),
        (get("/", &[(":authority", "a:99999")]), ":authority is not"),
        (get("/", &[(":authority", "x"), (":scheme", "ftp")]), ":scheme"),
        (get("/", &[(":authority", "x"), ("expect", "foo")]), "Expect"),
        (get("/", &[(":authority", "x"), ("expect", "100-continue"), ("expect", "foo")]), "Expect"),
        (get("/", &[(":authority", "x"), ("x", " y")]), "space or a tab"),
        (get("/", &[(":authority", "x"), ("x", "y\t")]), "space or a tab"),
        (get("/\u{e9}", x), "percent-encoded"),
        (get("/\"", x), "percent-encoded"),
        (get("/{}", x), "percent-encoded"),
        (get("/?a={}", x), "percent-encoded"),
        (get("*", x), "OPTIONS"),
        (vec![(":method", "CONNECT"), (":authority", "x:22")], "tunnel"),
    ];
    let mut requests: Vec<_> = table.iter().map(|(request, _)| request.clone()).collect();
    requests.push(get("/small", x));
    let mut answers = answers(&house, &requests).await;
    assert_eq!(answers.pop(), Some((200, "0123456789".to_owned())), "the connection goes on");
    for ((request, part), (status, body)) in table.iter().zip(&answers) {
        assert_eq!(*status, 400, "{request:?}: {body}");
        let problem: Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["code"], "malformed-request", "{request:?}");
        assert!(problem["detail"].as_str().unwrap().contains(part), "{request:?}: {body}");
    }
    assert_eq!(counts.requests("malformed-request"), table.len() as u64);
}

#[tokio::test]
async fn a_sound_head_passes_however_it_names_its_host() {
    let house = House::open(reception(PATIENCE));
    let requests = [
        get("/small", &[(":authority", "Sky.example:443"), ("host", "sky.EXAMPLE:443")]),
        get("/small", &[("host", "x")]),
        get("/small", &[(":authority", "[::1]:80"), (":scheme", "http")]),
        get("/small", &[(":authority", "x"), ("expect", "100-Continue"), ("x", ""), ("y", "a \tb")]),
        get("/small?a=%C3%A9&b=c,d", &[(":authority", "x"), (":scheme", "HTTP")]),
        // What is behind the path is gone before it can be seen.
        get("/small#part", &[(":authority", "x")]),
    ];
    for (request, answer) in requests.iter().zip(answers(&house, &requests).await) {
        assert_eq!(answer, (200, "0123456789".to_owned()), "{request:?}");
    }
}

/// The refusal has the caller's name for the request, and no body where none may be.
#[tokio::test]
async fn a_refusal_is_named_and_has_no_body_for_head() {
    let (lines, _following) = Lines::follow();
    let house = House::open(reception(PATIENCE));
    let named = get("/", &[("x-request-id", "mine-1")]);
    let head = vec![(":method", "HEAD"), (":scheme", "https"), (":path", "/")];
    let answers = answers(&house, &[named, head]).await;
    assert!(answers[0].1.contains("\"request_id\":\"mine-1\""), "{answers:?}");
    assert_eq!(answers[1], (400, String::new()));
    let line = json!({
        "request_id": "mine-1", "source": "127.0.0.1", "status": 400, "code": "malformed-request",
    });
    assert_eq!((lines.access().len(), &lines.access()[0]), (2, &line));
}
