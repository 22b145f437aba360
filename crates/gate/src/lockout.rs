//! Who has failed too often: keys and signatures that were not taken, counted per source and per key id, apart from
//! any plan.
//!
//! **A lockout never keeps a good key out.** The key is checked first, always, with the same work; only a failure is
//! then looked up here, and answered shorter. So an agency behind the address of a careless or hostile neighbour
//! notices nothing, nobody can lock another's key by guessing at its id, and nothing can be told from timing. What it
//! takes from a guesser is the number of answers that say "wrong": with 256 random bits to guess nobody finds a key
//! in any number of them, but logs stay readable, and a client that retries a dead key forever is told to wait.
//!
//! Each source and each id has a small account: some failures at once, then one per interval (GCRA, as the plans'
//! buckets: one moment says when the account is whole again). A failure that is answered with a lockout is not
//! charged, so the moment at which the next one counts is known and does not move away.
//!
//! **Bounds.** At most [`Lockout::TRACKED_MAX`] sources and as many ids are remembered, about 2 MB in all. When there
//! is no room, the one that owes least is forgotten, idle ones first; those locked out are never forgotten. If all
//! are, newcomers share one account.

mod ledger;

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use skybridge_domain::key::KeyId;
use skybridge_domain::time::Timestamp;

use crate::addresses::network_of;
use ledger::Ledger;

/// How many failures are answered as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockoutTerms {
    /// How many at once; at least 1.
    pub failures: u32,
    /// After how long one more.
    pub refill: Duration,
}

impl Default for LockoutTerms {
    /// 20 at once, then one every 3 seconds.
    fn default() -> Self {
        Self { failures: 20, refill: Duration::from_secs(3) }
    }
}

/// The failures of this process.
#[derive(Debug)]
pub struct Lockout {
    /// One lock, so that a failure is charged to its source and to its id, or to neither.
    ledgers: Mutex<Ledgers>,
}

#[derive(Debug)]
struct Ledgers {
    sources: Ledger<IpAddr>,
    keys: Ledger<KeyId>,
}

/// A failure that is one too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many keys or signatures were not taken; the next one is looked at from {retry_at} on")]
pub struct LockedOut {
    /// The first moment at which a failure is answered as such again, if no other comes before; a nanosecond earlier
    /// it is not.
    pub retry_at: Timestamp,
    /// What failed too often; of both, the one that waits longer, and the source if they wait alike.
    pub by: LockedOutBy,
}

/// What a lockout is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockedOutBy {
    /// The source address.
    Source,
    /// The id of the key.
    Key,
}

impl Default for Lockout {
    fn default() -> Self {
        Self::new(LockoutTerms::default())
    }
}

impl Lockout {
    /// How many sources, and how many ids, are remembered at most.
    pub const TRACKED_MAX: usize = 16_384;

    /// Nobody has failed yet.
    #[must_use]
    pub fn new(terms: LockoutTerms) -> Self {
        Self::tracking(terms, Self::TRACKED_MAX)
    }

    /// As [`new`](Self::new), with another bound.
    #[must_use]
    pub fn tracking(terms: LockoutTerms, tracked_max: usize) -> Self {
        let (sources, keys) = (Ledger::new(terms, tracked_max), Ledger::new(terms, tracked_max));
        Self { ledgers: Mutex::new(Ledgers { sources, keys }) }
    }

    /// Charges a failure from `source`, for the key `id` if the caller named one.
    ///
    /// # Errors
    /// When it is one too many; then it is charged to nobody.
    pub fn charge(&self, source: IpAddr, id: Option<KeyId>, now: Timestamp) -> Result<(), LockedOut> {
        let source = network_of(source);
        // Nothing below panics between two changes; if it did, each account would still be a whole one.
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        let by_source = ledgers.sources.closed_until(&source, now);
        let by_key = id.and_then(|id| ledgers.keys.closed_until(&id, now));
        // The source, if both wait as long: all of the failures came from there.
        let closed = [(by_key, LockedOutBy::Key), (by_source, LockedOutBy::Source)];
        let closed = closed.into_iter().filter_map(|(until, by)| Some(LockedOut { retry_at: until?, by }));
        if let Some(locked_out) = closed.max_by_key(|locked_out| locked_out.retry_at) {
            return Err(locked_out);
        }
        ledgers.sources.charge(source, now);
        if let Some(id) = id {
            ledgers.keys.charge(id, now);
        }
        Ok(())
    }

    /// Forgets the failures that came from `source`; not those of the keys that they named. Gives whether there were
    /// any.
    pub fn forgive(&self, source: IpAddr, now: Timestamp) -> bool {
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        ledgers.sources.forget(&network_of(source), now)
    }
}
