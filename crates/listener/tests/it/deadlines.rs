//! Everything has an end, and says so where somebody can still listen. Over streams in memory, on a clock that moves
//! when nothing else does.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep_until};

use crate::kit::answers::all_in;
use crate::kit::{PATIENCE, in_memory, reception};

/// The seconds until the server closed, and what it had said by then.
async fn until_closed(stream: &mut DuplexStream) -> (u64, String) {
    let begun = Instant::now();
    let mut said = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(3_600), stream.read_to_end(&mut said));
    let _broken_off = reading.await.expect("the server closes by itself");
    (begun.elapsed().as_secs(), String::from_utf8(said).unwrap())
}

/// Sends `bytes` one by one, a second apart, until the server closes; gives the seconds until then.
async fn trickle(stream: DuplexStream, bytes: &[u8]) -> (u64, String) {
    let begun = Instant::now();
    let (mut receiving, mut sending) = tokio::io::split(stream);
    let trickling = async {
        for byte in bytes.iter().cycle() {
            if sending.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep_until(Instant::now() + Duration::from_secs(1)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut said = Vec::new();
    tokio::select! {
        _ = receiving.read_to_end(&mut said) => {}
        () = trickling => {}
    }
    (begun.elapsed().as_secs(), String::from_utf8(said).unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_closed_without_a_word() {
    let (mut stream, serving) = in_memory(Arc::new(reception(PATIENCE)), 1024);
    assert_eq!(until_closed(&mut stream).await, (60, String::new()));
    serving.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_head_that_trickles_is_told_that_it_is_too_slow() {
    let (stream, _serving) = in_memory(Arc::new(reception(PATIENCE)), 1024);
    let (seconds, said) = trickle(stream, b"GET / HTTP/1.1\r\nX: y").await;
    let answers = all_in(said.as_bytes());
    assert_eq!((answers[0].status, answers[0].code().as_str()), (408, "request-timeout"), "{said}");
    assert!((10..=12).contains(&seconds), "{seconds} s: the header time, and the while of a farewell");
}

#[tokio::test(start_paused = true)]
async fn rest_begins_anew_after_each_answer() {
    let (mut stream, _serving) = in_memory(Arc::new(reception(PATIENCE)), 1024);
    for _ in 0..3 {
        stream.write_all(b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 1024];
        let length = stream.read(&mut answer).await.unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200") && answer[..length].ends_with(b"0123456789"));
        sleep_until(Instant::now() + Duration::from_secs(50)).await;
    }
    let (seconds, _) = until_closed(&mut stream).await;
    assert_eq!(seconds, 10);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_never_answered_is_cut_off() {
    let (mut stream, _serving) = in_memory(Arc::new(reception(PATIENCE)), 1024);
    stream.write_all(b"GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    assert_eq!(until_closed(&mut stream).await, (60, String::new()));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_taken_is_cut_off() {
    let mut patience = PATIENCE;
    (patience.idle, patience.exchange) = (Duration::from_secs(20), None);
    let (mut stream, serving) = in_memory(Arc::new(reception(patience)), 1024);
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let begun = Instant::now();
    serving.await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 20);
}

/// A byte now and then is progress, but not enough of it.
#[tokio::test(start_paused = true)]
async fn an_answer_that_is_taken_too_slowly_is_cut_off() {
    let (mut stream, serving) = in_memory(Arc::new(reception(PATIENCE)), 1024);
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let begun = Instant::now();
    tokio::spawn(async move {
        while stream.read_u8().await.is_ok() {
            sleep_until(Instant::now() + Duration::from_secs(1)).await;
        }
    });
    serving.await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_for_nobody_is_not_waited_for() {
    let (stream, serving) = in_memory(Arc::new(reception(PATIENCE)), 1024);
    let head = b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n";
    let mut stream = stream;
    stream.write_all(head).await.unwrap();
    let (seconds, said) = trickle(stream, b"x").await;
    let answers = all_in(said.as_bytes());
    assert!(answers[0].status == 403 && answers[0].closes(), "{said}");
    assert!(seconds <= 4, "{seconds}");
    serving.await.unwrap();
}
