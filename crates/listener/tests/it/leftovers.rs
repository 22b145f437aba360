//! A refusal that is decided before the body was read reaches its caller, and what was not read is never taken for a
//! request.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::kit::answers::all_in;
use crate::kit::counts::Counts;
use crate::kit::lines::Lines;
use crate::kit::{House, PATIENCE, reception};

/// Sends a whole request before reading a byte, as many clients do.
async fn sent_blindly(house: &House, bytes: &[u8]) -> Vec<u8> {
    let mut stream = house.connect().await;
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    answer
}

fn post(path: &str, body: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {body}\r\n\r\n{}", "x".repeat(body))
}

#[tokio::test]
async fn a_small_body_is_dropped_and_the_connection_goes_on() {
    let house = House::open(reception(PATIENCE));
    let chunked = "POST /unread HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n2\r\n H\r\n0\r\n\r\n";
    let text = format!("{}{chunked}GET /b HTTP/1.1\r\nHost: x\r\n\r\n", post("/unread", 700));
    let answers = all_in(&house.exchange(text.as_bytes()).await);
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [403, 403, 200]);
    assert_eq!(answers[2].body, "GET /b: 0");
}

#[tokio::test]
async fn a_large_body_costs_the_connection_and_not_the_answer() {
    let house = House::open(reception(PATIENCE));
    for body in [65_537, 1_000_000] {
        let answers = all_in(&sent_blindly(&house, post("/unread", body).as_bytes()).await);
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert!(answers[0].status == 403 && answers[0].closes(), "{answers:?}");
    }
    // Refused by its announcement: the head never reaches the router.
    let answers = all_in(&sent_blindly(&house, post("/unread", 3_000_000).as_bytes()).await);
    assert_eq!((answers.len(), answers[0].status, answers[0].code().as_str()), (1, 413, "body-too-large"));
}

/// A reset would take the answer from a caller that is still sending: many report a broken pipe then, and do not look.
#[tokio::test]
async fn a_caller_that_is_still_sending_is_not_reset() {
    let house = House::open(reception(PATIENCE));
    for (announced, status) in [(1_000_000, 403), (3_000_000, 413)] {
        let mut stream = house.connect().await;
        let head = format!("POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: {announced}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert_eq!(all_in(&answer)[0].status, status);
        // Each write comes after the kernel has dealt with the one before.
        for _ in 0..50 {
            stream.write_all(&[b'x'; 1_000]).await.expect("the server still listens");
            house.connect().await;
        }
    }
}

#[tokio::test]
async fn a_chunked_body_without_end_costs_the_connection() {
    let house = House::open(reception(PATIENCE));
    let chunk = format!("8000\r\n{}\r\n", "x".repeat(0x8000));
    let text =
        format!("POST /unread HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(8));
    let answers = all_in(&sent_blindly(&house, text.as_bytes()).await);
    assert!(answers.len() == 1 && answers[0].status == 403 && answers[0].closes(), "{answers:?}");
}

#[tokio::test]
async fn a_caller_that_waits_to_be_asked_is_asked_only_if_somebody_wants_the_body() {
    let house = House::open(reception(PATIENCE));
    let head = |path: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
    };
    let refused = all_in(&sent_blindly(&house, head("/unread").as_bytes()).await);
    assert!(refused.len() == 1 && refused[0].status == 403 && refused[0].closes(), "{refused:?}");

    let mut stream = house.connect().await;
    stream.write_all(head("/a").as_bytes()).await.unwrap();
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"{}").await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert_eq!(all_in(&answer)[0].body, "POST /a: 2");
}

/// Nobody else counts and tells what the caller got in place of another refusal.
#[tokio::test]
async fn a_refusal_in_place_of_another_is_counted_and_told_and_keeps_what_is_the_callers() {
    let counts = Counts::default();
    let _counting = metrics::set_default_local_recorder(&counts);
    let (lines, _following) = Lines::follow();
    let house = House::open(reception(PATIENCE));
    let text = "POST /throttled HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n";
    let answers = all_in(&house.exchange(text.as_bytes()).await);
    let [answer] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!((answer.status, answer.code().as_str()), (400, "malformed-request"));
    for kept in [
        "x-request-id: trip-7",
        "x-amzn-requestid: trip-7",
        "ratelimit: \"burst\";r=0;t=10",
        "ratelimit-policy: \"burst\";q=1",
        "deprecation: @1700000000",
        "sunset: Tue, 14 Nov 2023 22:13:20 GMT",
    ] {
        assert!(answer.head.lines().any(|line| line == kept), "{kept}: {}", answer.head);
    }
    // Waiting does not make this request a sound one.
    assert!(!answer.head.contains("retry-after") && !answer.head.contains("errortype"), "{}", answer.head);
    assert_eq!(counts.requests("malformed-request"), 1);
    let line = json!({
        "request_id": "trip-7", "source": "127.0.0.1", "status": 400, "code": "malformed-request", "replaces": 429,
    });
    assert_eq!(lines.access(), [line]);
}
