//! May this request come in? Keys and pace, as pure decisions.
//!
//! The gate never touches storage, never reads a clock and draws no chance: it is handed facts and returns a
//! decision. What it must remember between two requests (how much of its plan an agency has used) it holds in
//! memory, and says what has to be written before it goes on ([`Account`]).
//!
//! A request passes twice: [`Gate::authenticate`] says who calls ([`Caller`]), [`Gate::admit`] whether the call
//! is within the plan ([`Permit`]). Neither can be made elsewhere, so the stages that follow take them as proof.

#![forbid(unsafe_code)]

mod addresses;
mod authenticate;
mod headers;
mod last_use;
mod lockout;
mod locks;
mod nonces;
mod pepper;
mod registry;
mod signed;
mod throttle;

pub use addresses::{
    AddressReport, AddressTerms, Addresses, Caution, Counted, FileLists, InvalidRateRule, Listing,
    ListingOrigin, Penalised, PenaltyCause, PenaltyTerms, RateRule, ScreenMode,
};
pub use authenticate::{AuthenticationRefusal, Caller, Grace, ScopeMissing, Unmet};
pub use headers::{HeaderText, PaceHeaders, pace_headers};
pub use last_use::KeyUse;
pub use lockout::{LockedOut, LockedOutBy, Lockout, LockoutTerms};
pub use nonces::{MomentRefusal, Nonce, NonceRefusal, Nonces, SignatureTerms};
pub use pepper::{InvalidPeppers, Peppers, SecretHash};
pub use registry::{Partners, RegistryError};
pub use signed::{SignedRequest, ed25519_is_of, hmac_sha256_is_of};
pub use throttle::{
    Account, Admission, Allowance, Bucket, Capacity, CommitUnderWay, Draft, Grant, LeaseRequest,
    LoadStanding, Node, Overloaded, PaceSnapshot, Permit, Recorded, Refused, RouteTerms, Share,
    ThrottleRefusal,
};

use std::sync::{Arc, PoisonError};

use arc_swap::ArcSwap;
use skybridge_domain::time::Timestamp;

use locks::{Mutex, MutexGuard};
use registry::Registry;
use throttle::Post;

/// The gate: who is known, and how much each has used.
pub struct Gate {
    /// Swapped whole, so that a request sees one state of it and never waits.
    registry: ArcSwap<Registry>,
    /// Held while a new registry is built from the present one, lest two builders lose each other's work.
    replacing: Mutex<()>,
    peppers: Peppers,
    post: Arc<Post>,
    /// The last uses of keys that left the registry, until they are written down.
    departed: Mutex<Vec<KeyUse>>,
    addresses: Addresses,
}

impl Gate {
    /// The gate of `node`, which knows `partners`. What they have used it learns from their records
    /// ([`Account::learn`]).
    ///
    /// `now` is the moment of the start: what a former run of the node held and maybe did not spend counts as spent
    /// then.
    ///
    /// # Errors
    /// When a key names no agency, or an agency no plan.
    pub fn new(
        peppers: Peppers,
        partners: Partners,
        node: Node,
        now: Timestamp,
    ) -> Result<Self, RegistryError> {
        let post = Arc::new(Post::new(node, now));
        let registry = ArcSwap::from_pointee(Registry::first(partners, &peppers, &post, now)?);
        let (replacing, departed) = (Mutex::new(()), Mutex::new(Vec::new()));
        let addresses = Addresses::new(AddressTerms::default());
        Ok(Self { registry, replacing, peppers, post, departed, addresses })
    }

    /// Takes `partners` in place of what was known before. Holds from the next request on; what an agency has
    /// used stays used, also when its plan or keys are other ones now.
    ///
    /// # Errors
    /// When a key names no agency, or an agency no plan; then nothing changes.
    pub fn replace(&self, partners: Partners, now: Timestamp) -> Result<(), RegistryError> {
        let _one_at_a_time = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let standing = self.registry.load_full();
        let registry = standing.replaced_by(partners, &self.peppers, &self.post, now)?;
        let gone = standing.credentials().filter(|known| registry.credential(&known.key.id).is_none());
        let uses: Vec<KeyUse> = gone.filter_map(|known| KeyUse::last_of(known.as_ref())).collect();
        self.departed().extend(uses);
        self.registry.store(registry.into());
        Ok(())
    }

    fn departed(&self) -> MutexGuard<'_, Vec<KeyUse>> {
        self.departed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same gate with other terms for addresses, of which none has been counted yet.
    pub fn set_address_terms(&mut self, terms: AddressTerms) {
        self.addresses.set_terms(terms);
    }

    /// What is known of addresses.
    #[must_use]
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// The node whose gate it is.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.post.node
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
