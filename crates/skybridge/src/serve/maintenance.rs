//! `GET /admin/v1/backup` and `POST /admin/v1/verify`: what only the embedded store offers, while it serves.
//!
//! The admin router puts them behind its token. A backup is streamed; one that fails breaks the answer off, so
//! that no client takes a part for the whole.

mod stream;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use http::HeaderValue;
use http::header;
use skybridge_api::problem::{Code, Refusal};
use skybridge_desk::bookings::check_record;
use skybridge_store_embedded::EmbeddedStore;

use crate::store::{OpenStore, at_rest};

/// The routes, over `store`.
pub(super) fn router(store: &OpenStore) -> Router {
    Router::new()
        .route("/admin/v1/backup", get(backup))
        .route("/admin/v1/verify", post(verify))
        .with_state(store.clone())
}

async fn backup(State(store): State<OpenStore>) -> Result<Response, Refusal> {
    let store = embedded(store)?;
    let mut answer = Response::new(stream::of(store));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    Ok(answer)
}

async fn verify(State(store): State<OpenStore>) -> Result<Response, Refusal> {
    let store = embedded(store)?;
    let verified = tokio::task::spawn_blocking(move || store.verify(&check_record)).await;
    let report = verified.map_err(Refusal::internal)?;
    let mut answer = Response::new(at_rest::report(&report).to_string().into());
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(answer)
}

fn embedded(store: OpenStore) -> Result<Arc<EmbeddedStore>, Refusal> {
    match store {
        OpenStore::Embedded(store) => Ok(store),
        OpenStore::DynamoDb(_) => Err(Refusal::new(
            Code::NotFound,
            "This server runs on DynamoDB, which backs up and checks its tables itself: point-in-time recovery, on-demand \
             backups.",
        )),
        OpenStore::Memory(_) => Err(Refusal::new(
            Code::NotFound,
            "This server runs on the memory store, which keeps nothing that could be backed up or verified.",
        )),
    }
}
