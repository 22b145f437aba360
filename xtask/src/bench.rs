//! Benchmarks that anyone can run. Machines differ and are noisy, so each compares servers side by side in one run,
//! round by round, and quotes ratios; `docs/performance.md` says how to read them.

pub(crate) mod counter;
mod crowd;
pub(crate) mod fairness;
pub(crate) mod http;
pub(crate) mod lambda;
mod load;
mod machine;
pub(crate) mod nodes;
pub(crate) mod overload;
pub(crate) mod peer;
pub(crate) mod process;
mod report;
pub(crate) mod screen;
pub(crate) mod slow;
mod wire;
