//! Benchmarks that anyone can run. Machines differ and are noisy, so each compares servers side by side in one run,
//! round by round, and quotes ratios; `docs/performance.md` says how to read them.

pub(crate) mod http;
mod load;
mod machine;
pub(crate) mod peer;
mod process;
mod report;
