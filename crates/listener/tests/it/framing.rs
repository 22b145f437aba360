//! Framing is refused, never repaired: the vectors, and what a refusal looks like.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::kit::answers::{Answer, all_in};
use crate::kit::{House, PATIENCE, reception};

const VECTORS: &str = include_str!("../data/http-framing.jsonl");

/// The vectors: name, bytes.
pub(crate) fn vectors() -> Vec<(String, Vec<u8>)> {
    let vector = |line: &str| {
        let vector: Value = serde_json::from_str(line).unwrap();
        (
            vector["name"].as_str().unwrap().to_owned(),
            STANDARD.decode(vector["raw_b64"].as_str().unwrap()).unwrap(),
        )
    };
    VECTORS.lines().map(vector).collect()
}

async fn answers(house: &House, text: &str) -> Vec<Answer> {
    all_in(&house.exchange(text.as_bytes()).await)
}

#[tokio::test]
async fn every_vector_is_refused_once_and_the_connection_closes() {
    let house = House::open(reception(PATIENCE));
    let vectors = vectors();
    assert_eq!(vectors.len(), 29);
    for (name, bytes) in vectors {
        let answers = all_in(&house.exchange(&bytes).await);
        assert_eq!(answers.len(), 1, "{name}: {answers:?}");
        assert!((400..500).contains(&answers[0].status) && answers[0].closes(), "{name}: {answers:?}");
    }
}

/// Who waits for the server to close must not wait long: it closes by itself, whether the caller does or not.
#[tokio::test]
async fn a_refusal_closes_although_the_caller_does_not() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let house = House::open(reception(PATIENCE));
    let mut stream = house.connect().await;
    stream.write_all(b"GET / HTTP/1.1\nHost: x\r\n").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(all_in(&answer)[0].code(), "malformed-request");
}

#[tokio::test]
async fn a_refusal_says_what_is_wrong() {
    let house = House::open(reception(PATIENCE));
    for (text, status, code, part) in [
        ("GET / HTTP/1.1\r\n\r\n", 400, "malformed-request", "Host"),
        ("GET / HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n", 400, "malformed-request", "colon"),
        (&format!("GET /{} HTTP/1.1\r\n", "a".repeat(9000)), 414, "uri-too-long", "8192"),
        (
            &format!("GET / HTTP/1.1\r\nHost: x\r\n{}", "a: b\r\n".repeat(100)),
            431,
            "headers-too-large",
            "100",
        ),
        (
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\nx",
            413,
            "body-too-large",
            "64 KiB",
        ),
        ("GET / HTTP/1.1\r\nHost: x\r\n", 400, "malformed-request", "ended before"),
    ] {
        let answers = answers(&house, text).await;
        let [answer] = answers.as_slice() else { panic!("{answers:?}") };
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{answer:?}");
        assert!(answer.body.contains(part) && answer.closes(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_refusal_has_the_callers_name_for_the_request_if_it_is_one() {
    let house = House::open(reception(PATIENCE));
    for (field, taken) in [
        ("X-Request-Id: trip-7", true),
        ("x-request-id:trip-7 ", true),
        ("X-Request-Id: a b", false),
        ("X-Request-Id: sbk_live_x", false),
    ] {
        let text = format!("GET / HTTP/1.1\r\nHost: x\r\n{field}\r\nHost: x\r\n\r\n");
        let answer = answers(&house, &text).await.remove(0);
        assert_eq!(answer.code(), "malformed-request");
        assert_eq!(answer.head.contains("x-request-id: trip-7"), taken, "{field}: {}", answer.head);
    }
}

#[tokio::test]
async fn sound_requests_pass_in_whatever_pieces() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let house = House::open(reception(PATIENCE));
    let text = format!(
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc\
         POST /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0a\r\n0123456789\r\n0\r\n\r\n\
         GET /c HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n\r\nGET http://x/d HTTP/1.1\r\nhost: X\r\nConnection: close\r\n\r\n",
        "y".repeat(15_000)
    );
    let expected = ["POST /a: 3", "POST /b: 14", "GET /c: 0", "GET /d: 0"];
    for piece in [1, 7, 100, 4096, 100_000] {
        let mut stream = house.connect().await;
        stream.set_nodelay(true).unwrap();
        for piece in text.as_bytes().chunks(piece) {
            stream.write_all(piece).await.unwrap();
        }
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let answers = all_in(&bytes);
        let bodies: Vec<&str> = answers.iter().map(|answer| answer.body.as_str()).collect();
        assert_eq!(bodies, expected, "in pieces of {piece}");
    }
}

#[tokio::test]
async fn a_fault_behind_sound_requests_is_answered_after_them() {
    let house = House::open(reception(PATIENCE));
    let text = "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\nGET /c HTTP/1.1\r\n\r\nGET /d HTTP/1.1\r\nHost: x\r\n\r\n";
    let answers = answers(&house, text).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [200, 200, 400]);
    assert!(!answers[1].closes() && answers[2].closes());
}

#[tokio::test]
async fn a_fault_inside_a_body_is_the_last_that_is_answered() {
    let house = House::open(reception(PATIENCE));
    let head = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let next = "GET /b HTTP/1.1\r\nHost: x\r\n\r\n";
    for body in
        ["3\r\nabc\r\n1;x=y\r\na\r\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "0\r\nX: y\r\n\r\n", "-1\r\n"]
    {
        let answers = answers(&house, &format!("{head}{body}{next}")).await;
        let [answer] = answers.as_slice() else { panic!("{body:?}: {answers:?}") };
        assert!(answer.status == 400 && answer.closes(), "{body:?}: {answer:?}");
    }
}

/// Whatever else there is to refuse.
#[tokio::test]
async fn a_fault_inside_a_body_that_nobody_reads_is_told() {
    let house = House::open(reception(PATIENCE));
    let text = "POST /unread HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let answers = answers(&house, text).await;
    let [answer] = answers.as_slice() else { panic!("{answers:?}") };
    assert!(answer.status == 400 && answer.closes(), "{answer:?}");
    assert!(answer.body.contains("malformed-request") && answer.body.contains("hexadecimal"), "{answer:?}");
}

#[tokio::test]
async fn other_uses_of_http_are_handled_on_purpose() {
    let house = House::open(reception(PATIENCE));
    let answer = answers(&house, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert_eq!((answer[0].status, answer[0].body.as_str()), (200, "OPTIONS *: 0"), "the router's to refuse");

    // A server may ignore an Upgrade (RFC 9110, section 7.8).
    let upgrade = "GET /a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n";
    let both = answers(&house, &format!("{upgrade}GET /b HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    let bodies: Vec<&str> = both.iter().map(|answer| answer.body.as_str()).collect();
    assert_eq!(bodies, ["GET /a: 0", "GET /b: 0"]);

    let old = answers(&house, "GET /a HTTP/1.0\r\n\r\nGET /b HTTP/1.0\r\n\r\n").await;
    assert_eq!(old.len(), 1, "HTTP/1.0 closes after its answer: {old:?}");
    let kept =
        answers(&house, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n").await;
    assert_eq!(kept.len(), 2, "unless it asks to be kept: {kept:?}");
}
