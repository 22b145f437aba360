//! The public router as a Lambda function, behind API Gateway (HTTP and REST APIs) or a function URL.
//!
//! The order of a start: settings, store, counter, then the first event. Whatever fails before that is told to
//! Lambda in one sentence. From then on Lambda hands over one event at a time and freezes the process in between, so
//! nothing here relies on time passing or on tasks in the background: the clock is read for each request, what other
//! processes changed is asked for before each, and a connection that died meanwhile is the store's to replace.
//!
//! A crate apart from the server's, so that neither binary carries what the other alone needs.

#![forbid(unsafe_code)]

mod answer;
mod event;
mod function;
mod init;
mod logs;
mod request;
mod settings;

use axum::body::Body;
use http::Request;

pub use event::Unreadable;
pub use init::serve;

use event::Event;
use settings::GatewayKeys;

/// The request that the router gets for the event whose JSON is `event`. Keys that a gateway says it has checked are
/// not believed.
///
/// # Errors
/// When it is no event of a gateway, or what it holds cannot stand in an HTTP request.
pub fn request_of(event: &str) -> Result<Request<Body>, Unreadable> {
    request::from_event(Event::read(event)?, GatewayKeys::Ignored)
}
