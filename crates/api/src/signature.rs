//! Signed requests: HTTP Message Signatures (RFC 9421), as far as an agency needs them, read strictly.
//!
//! A request says in `Signature-Input` what it covers, under which key, when it was signed and with which number used
//! once; `Signature` holds the signature over the *base*, a text that both sides make from the request. Here the
//! fields are read ([`input`]), the base is made ([`base`]) and the body's digest is compared ([`digest`]); keys, moments
//! and nonces are the gate's. What has to be covered is what a request means: its method, its whole address, its body
//! and its `Idempotency-Key`. More may be covered; then it has to be right, too.
//!
//! Written here rather than taken from the crate `httpsig`: that one makes the base's last line in an order of its
//! own instead of the sender's, so that many good signatures fail (the RFC's own example B.2.1 is one), leaves out
//! parameters that it does not know, reads the machine's clock, and brings five crates of elliptic curves.

mod base;
mod digest;
mod field;
mod input;

use std::borrow::Cow;

pub use base::Origin;
pub(crate) use base::{Addressed, base};
pub(crate) use digest::Digests;
pub(crate) use input::Input;

/// What is wrong with a signature, as a sentence for the caller.
#[derive(Debug)]
pub(crate) struct Fault(pub(crate) Cow<'static, str>);

impl Fault {
    fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self(text.into())
    }
}

#[cfg(test)]
mod tests;
