//! How many retries all operations together may make: the token bucket of the AWS SDKs.
//!
//! A retry takes [`RETRY`] tokens. An operation that succeeds puts back what its last retry took, or [`FIRST`] token
//! if it needed none. So a retry that helps is free; those that do not help are paid for by operations that need
//! none, five for one. In an outage nothing is put back: the store makes [`FULL`]` / `[`RETRY`]` = 100` retries more
//! than it has operations, and after that none (every operation still makes its one attempt, and so finds out when
//! the outage is over). The load that retries add to a service that is down is thus below ten per cent from the
//! thousandth operation on, and falls towards nothing.

use std::sync::atomic::{AtomicU32, Ordering};

/// What the bucket holds, and begins with.
const FULL: u32 = 500;
/// What a retry takes.
const RETRY: u32 = 5;
/// What a success at the first attempt puts in.
const FIRST: u32 = 1;

/// The bucket of one store.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Written by every operation of the store.
    tokens: AtomicU32,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self { tokens: AtomicU32::new(FULL) }
    }

    /// Takes the tokens of one retry, or says that there are not enough.
    pub(super) fn take(&self) -> bool {
        self.tokens
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| tokens.checked_sub(RETRY))
            .is_ok()
    }

    /// An operation succeeded, after this many retries.
    pub(super) fn succeeded(&self, retries: u32) {
        let back = if retries == 0 { FIRST } else { RETRY };
        let refilled = |tokens: u32| Some(tokens.saturating_add(back).min(FULL));
        // Always `Ok`: `refilled` never declines.
        let _ = self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, refilled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_gets_a_hundred_retries_and_no_more() {
        let budget = Budget::new();
        assert_eq!((0..10_000).filter(|_| budget.take()).count(), 100);
    }

    #[test]
    fn a_retry_that_helps_is_free() {
        let budget = Budget::new();
        for _ in 0..10_000 {
            assert!(budget.take());
            budget.succeeded(1);
        }
        assert_eq!((0..1_000).filter(|_| budget.take()).count(), 100);
    }

    #[test]
    fn five_first_successes_pay_for_a_retry_and_the_bucket_does_not_overflow() {
        let budget = Budget::new();
        budget.succeeded(0);
        assert_eq!((0..1_000).filter(|_| budget.take()).count(), 100);
        for _ in 0..4 {
            budget.succeeded(0);
        }
        assert!(!budget.take());
        budget.succeeded(0);
        assert!(budget.take());
        assert!(!budget.take());
    }
}
