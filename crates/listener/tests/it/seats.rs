//! More connections than there are seats, and the end of a server.

use skybridge_listener::{Listener, Patience, Seats, Workers, drain};
use std::num::NonZeroUsize;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::kit::answers::all_in;
use crate::kit::{House, PATIENCE, reception};

#[tokio::test]
async fn a_connection_too_many_is_told_so_although_it_has_spoken() {
    let house = House::with(reception(PATIENCE), Seats::new(10, 1), None);
    let mut first = house.connect().await;
    first.write_all(b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut byte = [0];
    first.read_exact(&mut byte).await.unwrap();

    let mut second = house.connect().await;
    second.write_all(b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    second.read_to_end(&mut answer).await.unwrap();
    let answer = all_in(&answer).remove(0);
    assert_eq!((answer.status, answer.code().as_str()), (503, "overloaded"));
    assert!(answer.head.contains("retry-after: 1") && answer.closes());
}

#[tokio::test]
async fn a_request_that_was_on_its_way_to_a_resting_connection_when_a_drain_began_is_answered() {
    let listener = Listener::bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.address();
    let (end, signal) = drain();
    let patience = Patience { last_call: Duration::from_secs(60), ..PATIENCE };
    let serving =
        tokio::spawn(listener.serve(reception(patience), Seats::new(9, 9), None, Workers::here(), signal));
    let mut resting = TcpStream::connect(address).await.unwrap();
    resting.write_all(b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    resting.read_exact(&mut [0; 12]).await.unwrap();

    let ending = tokio::spawn(end.finish(Duration::from_secs(60)));
    serving.await.unwrap();
    resting.write_all(b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answers = b"HTTP/1.1 200".to_vec();
    resting.read_to_end(&mut answers).await.unwrap();
    let answers = all_in(&answers);
    assert!(!answers[0].closes() && answers[1].status == 200 && answers[1].closes(), "{answers:?}");
    ending.await.unwrap();
}

/// Those that a server has: on a thread of their own.
fn workers() -> Workers {
    Workers::start("worker", NonZeroUsize::MIN).unwrap()
}

#[tokio::test]
async fn a_drain_lets_what_has_begun_end_and_closes_what_rests() {
    let listener = Listener::bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.address();
    let (end, signal) = drain();
    let serving =
        tokio::spawn(listener.serve(reception(PATIENCE), Seats::new(9, 9), None, workers(), signal));
    let mut resting = TcpStream::connect(address).await.unwrap();
    resting.write_all(b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    resting.read_exact(&mut [0; 12]).await.unwrap();
    let mut busy = TcpStream::connect(address).await.unwrap();
    busy.write_all(b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        .await
        .unwrap();
    busy.read_exact(&mut [0; 25]).await.unwrap();
    let mut fresh = TcpStream::connect(address).await.unwrap();

    let ending = tokio::spawn(end.finish(Duration::from_secs(30)));
    serving.await.unwrap();
    resting.read_to_end(&mut Vec::new()).await.unwrap();
    fresh.read_to_end(&mut Vec::new()).await.unwrap();
    busy.write_all(b"{}").await.unwrap();
    let mut answer = Vec::new();
    busy.read_to_end(&mut answer).await.unwrap();
    let answers = all_in(&answer);
    assert!(answers[0].body == "POST /a: 2" && answers[0].closes(), "{answers:?}");
    ending.await.unwrap();
}
