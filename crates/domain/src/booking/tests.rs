//! Bookings as callers and the desk meet them.

mod fields;
mod lifecycle;
mod requests;
