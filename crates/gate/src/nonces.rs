//! A signature is good once: which have been taken, for as long as they could come again.
//!
//! A signed request says when it was signed and carries a number used once. Outside of a window around the present it
//! is refused ([`Nonces::check_moment`]); within it, what was taken is remembered ([`Nonces::spend`]), so that a
//! request which somebody recorded and sends again is refused. Both together need no memory beyond the window.
//!
//! **What is not remembered is refused.** The memory is complete for signatures made at its *floor* or later, and
//! older ones are refused whatever the window says. The floor rises as things are forgotten, so a clock that steps
//! back opens nothing again; and the memory of a sole node, which begins empty, has its floor where no run before can
//! have taken a signature: at its start and as far ahead of it as signers' clocks may be. Where nodes share a store,
//! the store remembers for all of them, and the memory here only spares it the question.
//!
//! **A clock that was ahead** has taken the floor along. Up to an hour that is waited out; a floor that is further
//! ahead comes from a clock that was wrong and has been corrected, and is set anew where a start would set it. What
//! was taken before the clock went wrong is older than that, and what was taken while it was wrong is remembered
//! unless it was forgotten meanwhile. Only signatures of signers whose clocks were as wrong, made that far in the
//! future, can be among those: what a restart would have forgotten, too.
//!
//! **Bounds.** Each agency has room for so many, and one that needs more is refused rather than anything forgotten. A
//! nonce is spent when the plan has admitted its call, so the room needed follows from the plan: rate times window.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use skybridge_domain::agency::AgencyName;
use skybridge_domain::key::KeyId;
use skybridge_domain::time::Timestamp;

/// How far the floor may be ahead of the clock and still be waited for, in seconds: an hour, as limits have it.
const FLOOR_AHEAD_MAX: u64 = 3_600;

/// The window of signatures, and how many are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignatureTerms {
    /// How old a signature may be.
    pub age_max: Duration,
    /// How far the signer's clock may be ahead of ours.
    pub ahead_max: Duration,
    /// How many are remembered for each agency.
    pub remembered_max: usize,
}

impl Default for SignatureTerms {
    /// 300 seconds back, 5 ahead, 100,000 signatures.
    fn default() -> Self {
        let (age_max, ahead_max) = (Duration::from_secs(300), Duration::from_secs(5));
        Self { age_max, ahead_max, remembered_max: 100_000 }
    }
}

/// A number used once, as it is remembered: 128 bits that follow from the key's id and the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonce {
    digest: u128,
    created: u64,
}

impl Nonce {
    /// The nonce `text` of a request that `key` signed at `created`, seconds since 1970.
    #[must_use]
    pub fn new(key: KeyId, text: &str, created: u64) -> Self {
        let hash: [u8; 32] =
            Sha256::new().chain_update(key.as_str()).chain_update([0]).chain_update(text).finalize().into();
        let (half, _) = hash.split_first_chunk().expect("a SHA-256 has two halves of 16 bytes");
        Self { digest: u128::from_be_bytes(*half), created }
    }

    /// What it is remembered by.
    #[must_use]
    pub fn digest(&self) -> u128 {
        self.digest
    }

    /// When the request was signed, in seconds since 1970.
    #[must_use]
    pub fn created(&self) -> u64 {
        self.created
    }
}

/// The signatures that were taken.
pub struct Nonces {
    terms: SignatureTerms,
    /// Seconds: signatures made before are not remembered, and so refused.
    floor: AtomicU64,
    /// Is what is not remembered here remembered nowhere?
    sole: bool,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    agencies: HashMap<AgencyName, Spent>,
    /// When those of all agencies were last looked through, in seconds.
    swept: u64,
}

/// An agency's, by digest and in order of the moment at which they were made.
#[derive(Default)]
struct Spent {
    digests: HashSet<u128>,
    by_moment: BTreeSet<(u64, u128)>,
}

/// Why a signature is not taken because of when it was made. All in whole seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MomentRefusal {
    /// It is too old.
    TooOld,
    /// It says that it was made in the future.
    Ahead,
    /// The signer let it expire.
    Expired,
    /// It may have been taken before this process began; from this moment on signatures are remembered.
    BeforeMemory {
        /// The first second whose signatures are.
        from: u64,
    },
}

/// Why a nonce cannot be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceRefusal {
    /// It was spent before.
    Replayed,
    /// The agency has as many signatures remembered as it may; the oldest is forgotten then.
    NoRoom {
        /// When there is room.
        retry_at: Timestamp,
    },
}

impl Nonces {
    /// The memory of a node whose store remembers too: nothing has to be refused because it is young.
    #[must_use]
    pub fn beside_others(terms: SignatureTerms) -> Self {
        Self { terms, floor: AtomicU64::new(0), sole: false, memory: Mutex::default() }
    }

    /// The memory of the only node, which begins at `began`.
    #[must_use]
    pub fn sole(terms: SignatureTerms, began: Timestamp) -> Self {
        let nonces = Self { sole: true, ..Self::beside_others(terms) };
        let floor = AtomicU64::new(nonces.first_floor(began));
        Self { floor, ..nonces }
    }

    /// The floor of a memory that begins at `began`.
    fn first_floor(&self, began: Timestamp) -> u64 {
        if self.sole { began.plus(self.terms.ahead_max).as_secs() + 1 } else { 0 }
    }

    /// The floor as it holds at `now`; one that is too far ahead is set anew.
    fn floor_at(&self, now: Timestamp) -> u64 {
        let floor = self.floor.load(Ordering::Relaxed);
        if floor <= now.as_secs().saturating_add(FLOOR_AHEAD_MAX) {
            return floor;
        }
        let anew = self.first_floor(now);
        // Whoever was faster has set it for the same moment, or a clock that is ahead still runs somewhere.
        match self.floor.compare_exchange(floor, anew, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => anew,
            Err(other) => other,
        }
    }

    /// The terms.
    #[must_use]
    pub fn terms(&self) -> SignatureTerms {
        self.terms
    }

    /// May a signature made at `created` be taken at `now`, by its moments alone?
    ///
    /// # Errors
    /// When not, with which of them is wrong.
    pub fn check_moment(
        &self,
        created: u64,
        expires: Option<u64>,
        now: Timestamp,
    ) -> Result<(), MomentRefusal> {
        let created_at = moment(created);
        if created_at > now.plus(self.terms.ahead_max) {
            return Err(MomentRefusal::Ahead);
        }
        if created_at.plus(self.terms.age_max) < now {
            return Err(MomentRefusal::TooOld);
        }
        if expires.is_some_and(|expires| moment(expires) <= now) {
            return Err(MomentRefusal::Expired);
        }
        let from = self.floor_at(now);
        if created < from { Err(MomentRefusal::BeforeMemory { from }) } else { Ok(()) }
    }

    /// Was it spent here?
    #[must_use]
    pub fn is_spent(&self, agency: &AgencyName, nonce: &Nonce) -> bool {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.agencies.get(agency).is_some_and(|spent| spent.digests.contains(&nonce.digest))
    }

    /// Spends it at `now`.
    ///
    /// # Errors
    /// When it was spent before, or there is no room to remember it.
    pub fn spend(&self, agency: &AgencyName, nonce: &Nonce, now: Timestamp) -> Result<(), NonceRefusal> {
        let age_max = self.terms.age_max.as_secs() + 1;
        let forget_before = now.as_secs().saturating_sub(age_max);
        // Nothing below panics between two changes.
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.sweep(forget_before, age_max);
        self.floor.fetch_max(forget_before, Ordering::Relaxed);
        // The clock may have gone on since the moment was checked; below the floor nothing is known.
        if nonce.created < self.floor_at(now) {
            return Err(NonceRefusal::Replayed);
        }
        let spent = memory.agencies.entry(agency.clone()).or_default();
        spent.forget(forget_before);
        if spent.digests.contains(&nonce.digest) {
            return Err(NonceRefusal::Replayed);
        }
        if spent.digests.len() >= self.terms.remembered_max {
            let oldest = spent.by_moment.first().map_or(0, |(created, _)| *created);
            return Err(NonceRefusal::NoRoom { retry_at: moment(oldest + age_max + 1) });
        }
        spent.digests.insert(nonce.digest);
        spent.by_moment.insert((nonce.created, nonce.digest));
        Ok(())
    }
}

impl Memory {
    /// Once in a window, or when the clock was set back by as much: agencies that sign no more leave nothing behind.
    fn sweep(&mut self, forget_before: u64, age_max: u64) {
        if forget_before.abs_diff(self.swept) < age_max {
            return;
        }
        self.swept = forget_before;
        self.agencies.retain(|_, spent| {
            spent.forget(forget_before);
            !spent.digests.is_empty()
        });
    }
}

impl Spent {
    fn forget(&mut self, before: u64) {
        while let Some((created, digest)) = self.by_moment.first().copied()
            && created < before
        {
            self.by_moment.pop_first();
            self.digests.remove(&digest);
        }
    }
}

fn moment(seconds: u64) -> Timestamp {
    Timestamp::from_nanos(seconds.saturating_mul(1_000_000_000))
}
