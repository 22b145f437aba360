//! Who takes leases: one process of those that share a store.

use std::sync::Arc;
use std::time::Duration;

use skybridge_domain::id::Randomness;

use super::load::Capacity;

/// How long a lease may be spent, from the write that took or renewed it on.
///
/// Long enough that a store that is away for some seconds is not felt, short enough that what a node held when it
/// died is soon everybody's again.
const LEASE_TIME: Duration = Duration::from_secs(15);

/// A process that admits calls, as the others see it in the records of limits.
#[derive(Debug, Clone)]
pub struct Node {
    pub(super) name: Arc<str>,
    /// `None`: its leases never lapse by time.
    pub(super) lease_time: Option<Duration>,
    pub(super) renews_ahead: bool,
    pub(super) capacity: Capacity,
}

impl Node {
    /// The only process that uses its store, and knows so: the store is locked, or in its own memory.
    ///
    /// All of its runs have one name, and a run takes what the one before held for spent; so nothing has to lapse
    /// by time.
    #[must_use]
    pub fn sole() -> Self {
        Self { name: "sole".into(), lease_time: None, renews_ahead: false, capacity: Capacity::default() }
    }

    /// A server beside others on one store. It renews its leases in the background before they are used up, so that
    /// calls do not wait for it, and short outages of the store are bridged with what is held.
    #[must_use]
    pub fn server(randomness: &dyn Randomness) -> Self {
        Self { renews_ahead: true, ..Self::function(randomness) }
    }

    /// A process beside others on one store that may be frozen after every call, as an instance of a function is: it
    /// can do nothing in the background, so its leases are renewed on the way of a call.
    #[must_use]
    pub fn function(randomness: &dyn Randomness) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = randomness.id_bytes();
        let name = format!("{:016x}", u64::from_be_bytes([a, b, c, d, e, f, g, h]));
        let (lease_time, capacity) = (Some(LEASE_TIME), Capacity::default());
        Self { name: name.into(), lease_time, renews_ahead: false, capacity }
    }

    /// The same process, which takes on as much as `capacity` says.
    #[must_use]
    pub fn with_capacity(self, capacity: Capacity) -> Self {
        Self { capacity, ..self }
    }

    /// Its name in the records: random, and so another in each run, unless it is the [`sole`](Self::sole) one.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Do others use the store too?
    #[must_use]
    pub fn shares(&self) -> bool {
        self.lease_time.is_some()
    }
}
