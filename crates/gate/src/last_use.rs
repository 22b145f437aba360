//! When each key was last used: noted in memory with every call, written down every now and then by the desk.
//!
//! A note is a load, and at most once a second a store: calls of one key on many processors do not fight over it.
//! It is shared by registries that follow one another, as an agency's pace is. The uses of a key that left the
//! registry (revoked, expired) are kept until they are written down: of a stolen key they are what one wants to know.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use skybridge_domain::agency::AgencyName;
use skybridge_domain::key::KeyId;
use skybridge_domain::time::Timestamp;

use crate::Gate;
use crate::registry::Credential;

/// Calls closer together than this are noted as one.
const RESOLUTION_MS: u64 = 1_000;

/// When a key was last used, and what of that is written down; milliseconds, 0 for never.
#[derive(Debug, Default)]
pub(crate) struct LastUse {
    seen_ms: AtomicU64,
    recorded_ms: AtomicU64,
}

impl LastUse {
    /// Notes a use at `now`. A clock that stepped back changes nothing.
    pub(crate) fn note(&self, now: Timestamp) {
        let now = now.as_millis();
        if now >= self.seen_ms.load(Ordering::Relaxed).saturating_add(RESOLUTION_MS) {
            self.seen_ms.fetch_max(now, Ordering::Relaxed);
        }
    }

    fn seen(&self) -> Option<Timestamp> {
        let seen = self.seen_ms.load(Ordering::Relaxed);
        (seen > 0).then(|| Timestamp::from_millis(seen))
    }

    /// How much later than what is written down the key was used; zero if not later.
    fn unrecorded(&self) -> Duration {
        let (seen, recorded) =
            (self.seen_ms.load(Ordering::Relaxed), self.recorded_ms.load(Ordering::Relaxed));
        Duration::from_millis(seen.saturating_sub(recorded))
    }
}

/// A key's last use, which is not written down yet.
#[derive(Debug, Clone)]
pub struct KeyUse {
    /// Whose key it is.
    pub agency: AgencyName,
    /// The key.
    pub key: KeyId,
    /// When it was used.
    pub at: Timestamp,
    /// The key is not taken any more, so this use is its very last.
    pub is_final: bool,
    last: Arc<LastUse>,
}

impl KeyUse {
    /// The last use of `known`, if it is later than what is written down by `at_least` or more.
    pub(crate) fn of(known: &Credential, at_least: Duration) -> Option<Self> {
        let behind = known.last_use.unrecorded();
        let at = known.last_use.seen()?;
        (behind >= at_least && !behind.is_zero()).then(|| Self {
            agency: known.key.agency.clone(),
            key: known.key.id,
            at,
            is_final: false,
            last: Arc::clone(&known.last_use),
        })
    }

    /// As [`of`](Self::of), of a key that is leaving the registry.
    pub(crate) fn last_of(known: &Credential) -> Option<Self> {
        Self::of(known, Duration::ZERO).map(|last| Self { is_final: true, ..last })
    }

    /// A use at `moment` or later is written down, by this process or by another.
    pub fn recorded(&self, moment: Timestamp) {
        self.last.recorded_ms.fetch_max(moment.as_millis(), Ordering::Relaxed);
    }
}

impl Gate {
    /// The last uses of keys that are later than what is written down, by `at_least` or more; those of keys that are
    /// not taken any more, however little. Whoever writes them down says so ([`KeyUse::recorded`]).
    #[must_use]
    pub fn unrecorded_uses(&self, at_least: Duration) -> Vec<KeyUse> {
        let mut departed = self.departed();
        departed.retain(|one| !one.last.unrecorded().is_zero());
        let mut uses = departed.clone();
        drop(departed);
        uses.extend(self.registry.load().credentials().filter_map(|known| KeyUse::of(known, at_least)));
        uses
    }

    /// When the key was last used here, as far as this process remembers.
    #[must_use]
    pub fn last_use(&self, key: &KeyId) -> Option<Timestamp> {
        if let Some(known) = self.registry.load().credential(key) {
            return known.last_use.seen();
        }
        self.departed().iter().filter(|one| one.key == *key).map(|one| one.at).max()
    }
}
