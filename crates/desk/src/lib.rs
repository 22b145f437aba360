//! The use cases: what an agency does at the counter, and what the airline does behind it.
//!
//! Every use case has one shape: **load, decide, one commit**. It reads the records that it needs, lets the
//! domain decide, and makes exactly one conditional commit. When another caller was faster, the commit says
//! which record stood in the way, and the use case decides again on that. There is no lock and no transaction
//! to leave open, so the same code runs over one machine's store and over DynamoDB.
//!
//! Guarantees:
//!
//! * Nothing but this crate writes bookings, partners or limits.
//! * A use case that returned its result is on disk; one that returned a refusal has changed nothing.
//! * There is one exception. After [`StoreError::OutcomeUnknown`] the caller repeats the request, under the same
//!   idempotency key, and that settles it.

mod admission;
mod attribute;
pub mod audit;
pub mod bookings;
mod cursor;
mod listing;
mod nonces;
pub mod partners;

use std::sync::Arc;

use skybridge_domain::id::Randomness;
use skybridge_domain::time::{Clock, Timestamp};
use skybridge_gate::{AddressTerms, Gate, Peppers};
use skybridge_store::{Key, Store, StoreError, Table};

pub use admission::{AdmissionError, RouteUsage, Usage};
pub use cursor::InvalidCursor;
pub use skybridge_gate::{Capacity, Node};

/// The counter: everything that can be done, over one store.
pub struct Desk {
    store: Arc<dyn Store>,
    gate: Gate,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    leases: Arc<admission::Leases>,
    /// The partners as the gate knows them.
    roster: tokio::sync::Mutex<partners::Roster>,
    uses_looked_at: partners::UsesLookedAt,
}

impl Desk {
    /// Opens the counter over `store`, as `node` of those that use it: reads who may come in. What they have used is
    /// read when they first call.
    ///
    /// # Errors
    /// When the store does not answer, or holds partners that this program cannot read.
    pub async fn open(
        store: Arc<dyn Store>,
        peppers: Peppers,
        clock: Arc<dyn Clock>,
        randomness: Arc<dyn Randomness>,
        node: Node,
    ) -> Result<Self, partners::PartnerError> {
        let now = clock.now();
        let mut roster = partners::Roster::load(&*store, now).await?;
        let gate = Gate::new(peppers, roster.partners(now), node, now)?;
        gate.addresses().put_stored(roster.networks_if_changed().unwrap_or_default());
        let leases = admission::Leases::new(Arc::clone(&store), Arc::clone(&clock));
        let (roster, uses_looked_at) = (tokio::sync::Mutex::new(roster), partners::UsesLookedAt::default());
        Ok(Self { store, gate, clock, randomness, leases, roster, uses_looked_at })
    }

    /// The same counter, with what an operator has chosen about addresses.
    #[must_use]
    pub fn with_address_terms(mut self, terms: AddressTerms) -> Self {
        self.gate.set_address_terms(terms);
        self
    }

    /// The gate in front of the counter.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Where chance comes from.
    #[must_use]
    pub fn randomness(&self) -> &dyn Randomness {
        &*self.randomness
    }

    /// Does the store answer?
    ///
    /// # Errors
    /// What the store said.
    pub async fn ready(&self) -> Result<(), StoreError> {
        self.store.get(&Key::new(Table::Limits, "ready")).await.map(drop)
    }
}
