//! May this request come in? Keys and pace, as pure decisions.
//!
//! The gate never touches storage, never reads a clock and draws no chance: it is handed facts and returns a
//! decision. What it must remember between two requests (how much of its plan an agency has used) it holds in
//! memory, and says what has to be made durable before it goes on ([`LeaseRequest`]).
//!
//! A request passes twice: [`Gate::authenticate`] says who calls ([`Caller`]), [`Gate::admit`] whether the call
//! is within the plan ([`Permit`]). Neither can be made elsewhere, so the stages that follow take them as proof.

#![forbid(unsafe_code)]

mod authenticate;
mod headers;
mod pepper;
mod registry;
mod throttle;

pub use authenticate::{AuthenticationRefusal, Caller, ScopeMissing};
pub use headers::{HeaderText, PaceHeaders, pace_headers};
pub use pepper::{InvalidPeppers, Peppers, SecretHash};
pub use registry::{Partners, RegistryError};
pub use throttle::{
    Admission, Allowance, Grant, LeaseRequest, LeaseState, PaceSnapshot, Permit, Refused, Settlement,
    ThrottleRefusal,
};

use std::sync::{Mutex, PoisonError};

use arc_swap::ArcSwap;
use skybridge_domain::time::Timestamp;

use registry::Registry;

/// The gate: who is known, and how much each has used.
pub struct Gate {
    /// Swapped whole, so that a request sees one state of it and never waits.
    registry: ArcSwap<Registry>,
    /// Held while a new registry is built from the present one, lest two builders lose each other's work.
    replacing: Mutex<()>,
    peppers: Peppers,
}

impl Gate {
    /// A gate that knows `partners`, each having used what `leases` says as of the last run.
    ///
    /// `now` is the moment of the start: what was leased but maybe not spent when the last run ended counts as
    /// spent then.
    ///
    /// # Errors
    /// When a key names no agency, or an agency no plan.
    pub fn new(
        peppers: Peppers,
        partners: Partners,
        leases: impl IntoIterator<Item = LeaseState>,
        now: Timestamp,
    ) -> Result<Self, RegistryError> {
        let registry = Registry::restored(partners, &peppers, leases, now)?;
        Ok(Self { registry: ArcSwap::from_pointee(registry), replacing: Mutex::new(()), peppers })
    }

    /// Takes `partners` in place of what was known before. Holds from the next request on; what an agency has
    /// used stays used, also when its plan or keys are other ones now. See [`lagging`](Self::lagging) for what has
    /// to be made durable afterwards.
    ///
    /// # Errors
    /// When a key names no agency, or an agency no plan; then nothing changes.
    pub fn replace(&self, partners: Partners, now: Timestamp) -> Result<(), RegistryError> {
        let _one_at_a_time = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let registry = self.registry.load().replaced_by(partners, &self.peppers, now)?;
        self.registry.store(registry.into());
        Ok(())
    }

    /// What keys' secrets are hashed under.
    #[must_use]
    pub fn peppers(&self) -> &Peppers {
        &self.peppers
    }

    /// How many keys cannot be checked because the pepper that they were hashed under is not here. They are
    /// answered like unknown ones, so somebody should be told.
    #[must_use]
    pub fn keys_without_pepper(&self) -> usize {
        self.registry.load().keys_without_pepper()
    }
}
