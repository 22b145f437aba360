//! What becomes of a caller whose key or signature was not taken: the refusal, counted, or a lockout.
//!
//! Asked only after the check has failed, so nobody with a good key ever meets it.

use std::net::IpAddr;

use metrics::{Counter, counter, describe_counter};
use skybridge_domain::key::KeyId;
use skybridge_domain::time::Timestamp;
use skybridge_gate::{LockedOut, LockedOutBy, Lockout, LockoutTerms};

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
    lockout: Lockout,
    failed: Vec<(Code, Counter)>,
    locked_out_by_source: Counter,
    locked_out_by_key: Counter,
}

impl Doorkeeper {
    /// Registers its metrics with the recorder that is installed now.
    pub(crate) fn register(terms: LockoutTerms) -> Self {
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
            lockout: Lockout::new(terms),
            failed: FAILURES.map(failed).into(),
            locked_out_by_source: locked_out("source"),
            locked_out_by_key: locked_out("key"),
        }
    }

    /// The answer to a request from `source` that was not let in.
    pub(super) fn answer(&self, not_let_in: NotLetIn, source: IpAddr, now: Timestamp) -> Refusal {
        let NotLetIn { refusal, claimed, counts } = not_let_in;
        let counter = self.failed.iter().find(|(code, _)| counts && *code == refusal.code);
        let Some((_, counter)) = counter else { return refusal };
        counter.increment(1);
        match self.lockout.charge(source, claimed, now) {
            Ok(()) => refusal,
            Err(locked_out) => {
                match locked_out.by {
                    LockedOutBy::Source => self.locked_out_by_source.increment(1),
                    LockedOutBy::Key => self.locked_out_by_key.increment(1),
                }
                too_many(locked_out, now)
            }
        }
    }
}

/// The same words whatever was counted and whatever was wrong: a lockout tells nothing of the key.
fn too_many(locked_out: LockedOut, now: Timestamp) -> Refusal {
    let wait = locked_out.retry_at.since(now);
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    Refusal::new(
        Code::TooManyFailedAttempts,
        "Too many requests from this address, or for this key, came with a key or a signature that is not taken. A \
         request with a good one is served at once; otherwise wait as long as Retry-After says.",
    )
    .retry_after(seconds.max(1))
}
