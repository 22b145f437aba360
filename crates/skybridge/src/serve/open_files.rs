//! How many files the process may have open. Each connection is one, and the soft limit that most systems start
//! with (1,024) is meant for programs that use `select`.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are open beside connections: the store's, the logs', the listeners'.
const BESIDE_CONNECTIONS: u64 = 512;

/// Raises the soft limit to the hard limit, which is what the hard limit is for.
pub(crate) fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, ?current, "the limit of open files stays as it is");
    }
}

/// How many files may be open after [`raise`]; `None` is no limit.
pub(crate) fn limit() -> Option<u64> {
    getrlimit(Resource::Nofile).maximum
}

/// How many are needed to hold `connections` connections.
pub(crate) fn needed(connections: usize) -> u64 {
    u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(BESIDE_CONNECTIONS)
}
