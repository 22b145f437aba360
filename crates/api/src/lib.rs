//! HTTP, and nothing else: the pipeline, the routes, the problem table, the OpenAPI document.
//!
//! Knows no backend and no runtime settings: it is given a [`Desk`](skybridge_desk::Desk) and makes routers,
//! which a listener, a Lambda or a test can serve alike. Only this crate knows HTTP status codes.

pub mod admin;
mod answer;
mod body;
mod draining;
mod idempotency_key;
mod openapi;
mod path;
mod pipeline;
mod positive_model;
mod precondition;
pub mod problem;
pub mod public;
mod query;
mod refuse;
pub mod screening;
mod signature;
mod tally;
mod usage;

pub use draining::Draining;
pub use pipeline::RequestIds;
pub use positive_model::positive_model;
