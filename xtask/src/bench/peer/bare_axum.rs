//! The least that a service on axum does: one route, the body read to its end, a constant 201.

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use axum::Router;
use axum::routing::post;
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderName};
use tokio::net::{TcpListener, TcpStream};

use super::ANSWER;

pub(super) async fn serve() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("cannot listen")?;
    println!("public http://{}", listener.local_addr()?);
    let at_once = |stream: &mut TcpStream| drop(stream.set_nodelay(true));
    let router = Router::new().route("/v1/bookings", post(answer));
    axum::serve(listener.tap_io(at_once), router).await.context("cannot serve")
}

async fn answer(_body: Bytes) -> (StatusCode, [(HeaderName, &'static str); 1], &'static str) {
    (StatusCode::CREATED, [(CONTENT_TYPE, "application/json")], ANSWER)
}
