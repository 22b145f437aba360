//! The front door: sockets, TLS, HTTP on the wire, and everybody's patience.
//!
//! A [`Listener`] takes connections and serves each with a router. What it guarantees, whoever calls:
//!
//! * **Refused, not repaired.** HTTP/1.1 reaches hyper through a guard (`guard.rs`) that checks each head whole and
//!   follows each body. What is not sound framing is answered once with a problem document, and the connection closes.
//!   Requests of HTTP/2, framed by h2, are held to the same rules of host and target (`guard/http2.rs`), and its
//!   connections begin as they must (`greeting.rs`).
//! * **An end to everything.** A head, a rest, an exchange and a stalled answer each have their deadline (`pulse.rs`);
//!   so does the handshake.
//! * **The answer arrives.** Bodies that nobody reads are dropped within bounds, or the connection closes in such a way
//!   that its last answer is read (`leftover.rs`, `farewell.rs`).
//! * **Bounded in number.** Connections have seats, in all and per source (`seats.rs`); requests of one HTTP/2
//!   connection are counted too (`connection/http2.rs`).
//! * **One thread for each.** A connection stays on one of a few threads, each with a runtime of its own (`workers.rs`).
//! * **Nobody is believed without reason.** Forwarded addresses count as far as named proxies vouch for them
//!   (`source.rs`); a client certificate proves its key, and nothing else (`tls.rs`).
//!
//! It knows the problem table and no more of the product: no desk, no store, no configuration.

mod connection;
mod drain;
mod farewell;
mod greeting;
mod guard;
mod handed_over;
mod leftover;
mod listener;
mod pulse;
mod refusal;
mod seats;
mod source;
pub mod tls;
mod workers;

pub use connection::{Caller, Reception};
pub use drain::{Drain, DrainSignal, drain};
pub use farewell::Wire;
pub use listener::Listener;
pub use pulse::Patience;
pub use seats::Seats;
pub use source::TrustedProxies;
pub use workers::Workers;
