//! Where requests come from, through proxies and through liars.

use skybridge_listener::{Seats, TrustedProxies};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::kit::answers::all_in;
use crate::kit::{House, PATIENCE, reception};

fn trusting(networks: &[&str]) -> House {
    let mut reception = reception(PATIENCE);
    let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
    reception.trusted_proxies = TrustedProxies::new(networks);
    House::with(reception, Seats::new(4, 1), None)
}

async fn whence(house: &House, fields: &str) -> String {
    let text = format!("GET /whence HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{fields}\r\n");
    let answer = all_in(&house.exchange(text.as_bytes()).await).remove(0);
    answer.body.strip_suffix(" none").unwrap().to_owned()
}

#[tokio::test]
async fn only_trusted_proxies_are_believed() {
    let forged = "X-Forwarded-For: 203.0.113.7\r\n";
    assert_eq!(whence(&trusting(&[]), forged).await, "127.0.0.1");
    assert_eq!(whence(&trusting(&["10.0.0.0/8"]), forged).await, "127.0.0.1");
    let house = trusting(&["127.0.0.0/8", "10.0.0.0/8"]);
    assert_eq!(whence(&house, forged).await, "203.0.113.7");
    let chain = "X-Forwarded-For: 198.51.100.1, 203.0.113.7\r\nx-forwarded-for: 10.0.0.3\r\n";
    assert_eq!(whence(&house, chain).await, "203.0.113.7");
    assert_eq!(whence(&house, "").await, "127.0.0.1");
}

#[tokio::test]
async fn a_proxy_may_hold_more_connections_than_one_source() {
    let house = trusting(&["127.0.0.0/8"]);
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut stream = house.connect().await;
        stream.write_all(b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).await.unwrap();
        assert_eq!(&status, b"HTTP/1.1 200");
        held.push(stream);
    }
}
