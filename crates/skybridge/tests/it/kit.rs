//! Who is calling, and what they get.
//!
//! [`App`] is the counter in this process: real routers, real desk and gate, a clock that is set by hand and a
//! seeded source of chance. [`Program`](program::Program) is the binary itself, with its data in a directory of
//! its own.

pub(crate) mod answer;
pub(crate) mod app;
pub(crate) mod bodies;
pub(crate) mod faulty;
pub(crate) mod program;
pub(crate) mod signer;

pub(crate) use answer::Answer;
pub(crate) use app::{ADMIN_TOKEN, App, PlanTerms};
pub(crate) use program::Program;
