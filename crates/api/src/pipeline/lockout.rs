//! What becomes of a caller that no key lets in: the refusal, counted, or word of when to come again.
//!
//! Asked only after the check has failed, or where there is nothing to check, so nobody with a good key ever meets it;
//! but for addresses that an operator has blocked, and for rules that count everybody.
//!
//! Every request of a stranger is counted in one place: a key or a signature that is not taken by the lockout, any
//! other by the rules on rates. Both lead to the same penalties (`addresses.rs`).

use std::sync::Arc;

use metrics::{Counter, counter, describe_counter};
use skybridge_domain::key::KeyId;
use skybridge_gate::{LockedOutBy, Lockout};

use super::addresses::{Turnstile, Visit, too_many_failures};
use crate::problem::{Code, Refusal};

/// The codes that count as a failure: something was presented, and it does not hold. A key that holds but may not be
/// used here, or by a suspended agency, is no failure; nor is a request that carries none.
const FAILURES: [Code; 3] = [Code::KeyMalformed, Code::KeyUnknown, Code::SignatureInvalid];

/// Why nobody was let in.
pub(super) struct NotLetIn {
    pub(super) refusal: Refusal,
    /// The key that the caller named, if what it sent names one.
    pub(super) claimed: Option<KeyId>,
    /// May it be the caller's failure? What is refused only because we have just started is none.
    pub(super) counts: bool,
}

impl From<Refusal> for NotLetIn {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, claimed: None, counts: true }
    }
}

/// Counts failures, and answers those that are too many.
pub(crate) struct Doorkeeper {
    lockout: Arc<Lockout>,
    failed: Vec<(Code, Counter)>,
    locked_out_by_source: Counter,
    locked_out_by_key: Counter,
    turnstile: Turnstile,
}

impl Doorkeeper {
    /// Registers its metrics with the recorder that is installed now.
    pub(crate) fn register(lockout: Arc<Lockout>) -> Self {
        describe_counter!(
            "skybridge_authentication_failures_total",
            "Keys and signatures that were not taken, by the code of the refusal, locked out or not"
        );
        describe_counter!(
            "skybridge_lockouts_total",
            "Failures that were answered with a lockout, by what had failed too often: source or key"
        );
        let failed =
            |code: Code| (code, counter!("skybridge_authentication_failures_total", "code" => code.as_str()));
        let locked_out = |by: &'static str| counter!("skybridge_lockouts_total", "by" => by);
        Self {
            lockout,
            failed: FAILURES.map(failed).into(),
            locked_out_by_source: locked_out("source"),
            locked_out_by_key: locked_out("key"),
            turnstile: Turnstile::register(),
        }
    }

    /// Where requests are looked at for where they come from, before anything else is looked at.
    pub(super) fn turnstile(&self) -> &Turnstile {
        &self.turnstile
    }

    /// Lets in who needs no key, unless too much comes from the address.
    pub(super) fn let_stranger_in(&self, visit: &Visit<'_>) -> Result<(), Refusal> {
        self.turnstile.count_stranger(visit)
    }

    /// The answer to a stranger's request that is refused: as it stands, or that too much comes from the address.
    pub(super) fn turn_away(&self, refusal: Refusal, visit: &Visit<'_>) -> Refusal {
        self.turnstile.count_stranger(visit).err().unwrap_or(refusal)
    }

    /// The answer to somebody whose signature was good at first, and whose request is refused over its nonce or its
    /// body. Only a failure counts: who is known is no stranger.
    pub(super) fn answer_signer(&self, refusal: Refusal, visit: &Visit<'_>) -> Refusal {
        if FAILURES.contains(&refusal.code) { self.answer(refusal.into(), visit) } else { refusal }
    }

    /// The answer to a request that was not let in.
    pub(super) fn answer(&self, not_let_in: NotLetIn, visit: &Visit<'_>) -> Refusal {
        let NotLetIn { refusal, claimed, counts } = not_let_in;
        if !counts {
            return refusal;
        }
        let Some((_, counter)) = self.failed.iter().find(|(code, _)| *code == refusal.code) else {
            return self.turn_away(refusal, visit);
        };
        counter.increment(1);
        if let Err(under_penalty) = self.turnstile.heed_penalty(visit) {
            return under_penalty;
        }
        let Err(locked_out) = self.lockout.charge(visit.source, claimed, visit.now) else { return refusal };
        match locked_out.by {
            // Another's guesses at a key are not held against the address that came last.
            LockedOutBy::Key => {
                self.locked_out_by_key.increment(1);
                too_many_failures(locked_out.retry_at, visit.now)
            }
            LockedOutBy::Source => {
                self.locked_out_by_source.increment(1);
                let until = self.turnstile.failed(visit, locked_out.retry_at);
                too_many_failures(until, visit.now)
            }
        }
    }
}
