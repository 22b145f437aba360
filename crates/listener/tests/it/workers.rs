//! Workers with threads of their own: who serves which connection.

use std::num::NonZeroUsize;

use skybridge_listener::{Seats, Workers};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::kit::{House, PATIENCE, reception};

#[tokio::test]
async fn connections_are_dealt_evenly_and_stay_with_their_worker() {
    let workers = Workers::start("worker", NonZeroUsize::new(3).unwrap()).unwrap();
    let house = House::staffed(reception(PATIENCE), Seats::new(9, 9), None, workers);
    let mut connections = Vec::new();
    let mut served_by = Vec::new();
    for _ in 0..9 {
        let mut connection = house.connect().await;
        served_by.push(worker_of(&mut connection).await);
        connections.push(connection);
    }
    let dealt = ["worker-0", "worker-1", "worker-2"].repeat(3);
    assert_eq!(served_by, dealt);
    for (connection, worker) in connections.iter_mut().zip(dealt) {
        assert_eq!(worker_of(connection).await, worker);
    }
}

/// The name of the thread that answers a request.
async fn worker_of(connection: &mut TcpStream) -> String {
    connection.write_all(b"GET /worker HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(7).any(|part| part == b"worker-") || answer.ends_with(b"-") {
        assert_ne!(connection.read_buf(&mut answer).await.unwrap(), 0, "it was closed");
    }
    let answer = String::from_utf8(answer).unwrap();
    answer[answer.rfind("worker-").unwrap()..].to_owned()
}
