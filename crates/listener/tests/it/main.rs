//! The listener at its boundary: bytes in, bytes out. Through real sockets where the kernel has a part in it, over
//! streams in memory and a clock that stands still where time does.

#![expect(clippy::unwrap_used, reason = "in a test a value that is not there is a failure")]

mod kit;

mod deadlines;
mod framing;
mod http2;
mod http2_conformance;
mod http2_heads;
mod leftovers;
mod mutations;
mod seats;
mod slow_crowd;
mod sources;
mod tls;
mod workers;
