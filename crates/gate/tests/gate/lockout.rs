//! Who has failed too often.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use proptest::prelude::*;
use skybridge_domain::key::KeyId;
use skybridge_gate::{LockedOutBy, Lockout, LockoutTerms};

use crate::kit::{HOME, NOON, SECOND, at};

const TERMS: LockoutTerms = LockoutTerms { failures: 3, refill: Duration::from_secs(10) };

fn source(number: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(number))
}

fn id(number: u8) -> KeyId {
    KeyId::from_random([number; 16])
}

#[test]
fn failures_beyond_the_burst_wait_to_the_nanosecond() {
    let lockout = Lockout::new(TERMS);
    for _ in 0..3 {
        assert_eq!(lockout.charge(HOME, None, at(NOON)), Ok(()));
    }
    let refused = lockout.charge(HOME, None, at(NOON)).unwrap_err();
    assert_eq!((refused.retry_at, refused.by), (at(NOON + 10 * SECOND), LockedOutBy::Source));
    assert_eq!(lockout.charge(HOME, None, at(NOON + 10 * SECOND - 1)).unwrap_err(), refused);
    assert_eq!(lockout.charge(HOME, None, at(NOON + 10 * SECOND)), Ok(()));
    assert!(lockout.charge(HOME, None, at(NOON + 10 * SECOND)).is_err());
    assert_eq!(lockout.charge(source(1), None, at(NOON)), Ok(()), "another source is another account");
}

#[test]
fn a_failure_counts_for_its_source_and_its_key_or_for_neither() {
    let lockout = Lockout::new(TERMS);
    for number in 0..3 {
        assert_eq!(lockout.charge(source(number), Some(id(1)), at(NOON)), Ok(()));
    }
    let refused = lockout.charge(source(9), Some(id(1)), at(NOON)).unwrap_err();
    assert_eq!(refused.by, LockedOutBy::Key);
    // The source was not charged for it: it still has all of its failures.
    for key in 2..5 {
        assert_eq!(lockout.charge(source(9), Some(id(key)), at(NOON)), Ok(()));
    }
    assert!(lockout.charge(source(9), Some(id(9)), at(NOON)).is_err());
    // Nor was the key that came last: it still has all of its own.
    for number in 20..23 {
        assert_eq!(lockout.charge(source(number), Some(id(9)), at(NOON)), Ok(()));
    }
}

#[test]
fn a_clock_that_steps_back_does_not_lock_anybody_for_long() {
    let lockout = Lockout::new(TERMS);
    let later = NOON + 3_600 * SECOND;
    for _ in 0..3 {
        assert_eq!(lockout.charge(HOME, None, at(later)), Ok(()));
    }
    let refused = lockout.charge(HOME, None, at(NOON)).unwrap_err();
    assert_eq!(refused.retry_at, at(NOON + 10 * SECOND));
}

#[test]
fn memory_is_bounded_and_who_is_locked_out_is_not_forgotten() {
    let lockout = Lockout::tracking(TERMS, 4);
    for _ in 0..3 {
        assert_eq!(lockout.charge(source(0), None, at(NOON)), Ok(()));
    }
    // A thousand others come and go through three places; the one that is locked out stays so.
    for number in 1..1_000 {
        assert_eq!(lockout.charge(source(number), None, at(NOON)), Ok(()), "{number}");
    }
    assert!(lockout.charge(source(0), None, at(NOON)).is_err());

    // When all places are taken by those that are locked out, newcomers share one account.
    let crowded = Lockout::tracking(TERMS, 4);
    for number in [1, 2, 3, 4].repeat(3) {
        assert_eq!(crowded.charge(source(number), None, at(NOON)), Ok(()));
    }
    for number in 5..8 {
        assert_eq!(crowded.charge(source(number), None, at(NOON)), Ok(()));
    }
    assert!(crowded.charge(source(8), None, at(NOON)).is_err());
    for number in 1..5 {
        assert!(crowded.charge(source(number), None, at(NOON)).is_err());
    }
    // With time there is room again.
    assert_eq!(crowded.charge(source(8), None, at(NOON + 30 * SECOND)), Ok(()));
}

/// The plain reference: a number of failures left, and the moment as of which that is right.
#[derive(Clone, Copy)]
struct Budget {
    /// In nanoseconds of refilling; one failure costs the interval.
    left: u128,
    as_of: u64,
}

impl Budget {
    const INTERVAL: u128 = 10 * SECOND as u128;

    fn at(mut self, now: u64) -> Self {
        let passed = u128::from(now.saturating_sub(self.as_of));
        self.left = (self.left + passed).min(3 * Self::INTERVAL);
        self.as_of = self.as_of.max(now);
        self
    }
}

proptest! {
    /// Any failures in any order of sources, keys and growing times are answered as by plain budgets.
    #[test]
    fn lockouts_are_those_of_plain_budgets(
        failures in prop::collection::vec((0_u32..3, prop::option::of(0_u8..3), 0_u64..12 * SECOND), 1..200),
    ) {
        let lockout = Lockout::new(TERMS);
        let full = Budget { left: 3 * Budget::INTERVAL, as_of: 0 };
        let mut sources: HashMap<u32, Budget> = HashMap::new();
        let mut keys: HashMap<u8, Budget> = HashMap::new();
        let mut now = NOON;
        for (from, key, pause) in failures {
            now += pause;
            let of_source = sources.entry(from).or_insert(full).at(now);
            let of_key = key.map(|key| keys.entry(key).or_insert(full).at(now));
            let waits = [Some(of_source), of_key].into_iter().flatten();
            let wait = waits.map(|budget| Budget::INTERVAL.saturating_sub(budget.left)).max().unwrap_or(0);
            let answer = lockout.charge(source(from), key.map(id), at(now));
            prop_assert_eq!(answer.is_ok(), wait == 0);
            let retry_at = answer.err().map_or(now, |refused| refused.retry_at.as_nanos());
            prop_assert_eq!(u128::from(retry_at - now), wait);
            if wait == 0 {
                sources.insert(from, Budget { left: of_source.left - Budget::INTERVAL, ..of_source });
                if let (Some(key), Some(budget)) = (key, of_key) {
                    keys.insert(key, Budget { left: budget.left - Budget::INTERVAL, ..budget });
                }
            }
        }
    }
}
