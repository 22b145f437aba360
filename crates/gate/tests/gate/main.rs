//! The gate as the desk sees it: facts in, decisions out.

#![expect(clippy::unwrap_used, reason = "in a test it is the assertion that there is a value")]

mod addresses;
mod cluster;
mod compared;
mod crash;
mod headers;
mod keys;
mod kit;
mod lockout;
mod model;
mod nodes;
mod nonces;
mod pace;
mod reference;
mod replace;
mod rules;
mod sharing;
mod steady;
