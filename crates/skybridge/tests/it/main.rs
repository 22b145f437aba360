//! The program at its boundary: through the real routers, and through the real binary with its real store.

#![expect(clippy::unwrap_used, reason = "in a test a value that is not there is a failure")]

mod kit;

mod addresses;
mod addresses_program;
mod admin;
mod aws_errors;
mod bad_input;
mod bookings;
mod commands;
mod contract;
mod dynamodb;
mod earlier_formats;
mod every_route;
mod exactly_once;
mod honest_bookings;
mod item_size;
mod keys;
mod limits;
mod listeners;
mod lockout;
mod overload;
mod plan_rules;
mod restart;
mod screening;
mod secrets;
mod signed;
mod store_failures;
mod tls;
