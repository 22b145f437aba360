//! Events as Lambda hands them over.

use axum::extract::ConnectInfo;
use std::net::SocketAddr;

/// An event that is read makes a request with a path and a source, and nothing in it is believed to be a key that was
/// checked. One that is not read is refused in words that repeat nothing of it.
pub(crate) fn lambda_event(event: &[u8]) {
    let Ok(event) = std::str::from_utf8(event) else { return };
    match skybridge_lambda::request_of(event) {
        Ok(request) => {
            assert!(
                request.uri().path().starts_with('/') || request.uri().path() == "*",
                "{:?}",
                request.uri()
            );
            assert!(request.extensions().get::<ConnectInfo<SocketAddr>>().is_some());
            assert!(request.extensions().get::<skybridge_api::public::VouchedKey>().is_none());
        }
        Err(unreadable) => {
            let told = unreadable.to_string();
            assert!(told.len() < 200 && told.is_ascii(), "{told}");
        }
    }
}
