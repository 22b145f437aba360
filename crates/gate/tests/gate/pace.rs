//! How fast, how much, and how many at once: to the last call and the last nanosecond.

use std::sync::atomic::{AtomicUsize, Ordering};

use skybridge_gate::{Admission, ThrottleRefusal};

use crate::kit::{HOUR, House, NOON, SECOND, at, plain, plan};

/// Far more calls than the plan admits, from eight threads, all at one moment.
fn admitted_of_2000_at_once(terms: &str) -> usize {
    let partner = House::open(plan(terms), NOON);
    let admitted = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| admitted.fetch_add(partner.admitted(250, NOON), Ordering::Relaxed));
        }
    });
    admitted.into_inner()
}

#[test]
fn of_2000_at_once_exactly_the_burst_comes_in() {
    for _ in 0..5 {
        assert_eq!(admitted_of_2000_at_once("0.000001 100 - -"), 100);
    }
}

#[test]
fn of_2000_at_once_exactly_the_quota_comes_in() {
    for _ in 0..5 {
        assert_eq!(admitted_of_2000_at_once("1000000 1000000 137/day -"), 137);
    }
}

#[test]
fn a_quota_is_used_to_the_last_call_and_begins_anew_at_the_boundary() {
    let partner = House::open(plan("1000 1000 250/day -"), NOON);
    assert_eq!(partner.admitted(1_000, NOON), 250);
    let refused = partner.call(NOON + SECOND).unwrap_err();
    let midnight = NOON + 12 * HOUR;
    let ThrottleRefusal::QuotaExceeded { quota, retry_at } = refused.refusal else {
        panic!("{refused:?}");
    };
    assert_eq!((quota.limit(), retry_at), (250, at(midnight)));
    assert_eq!(partner.admitted(1, midnight - 1), 0);
    assert_eq!(partner.admitted(1_000, midnight), 250);
}

#[test]
fn who_waits_until_the_retry_moment_passes_and_a_nanosecond_earlier_does_not() {
    for terms in ["3 1 - -", "3 7 - -", "0.001 2 - -", "999999 5 - -", "1000000 1 3/week -"] {
        let partner = House::open(plan(terms), NOON);
        let mut now = NOON;
        for _ in 0..20 {
            let Err(refused) = partner.call(now) else { continue };
            let retry_at = refused.refusal.retry_at().as_nanos();
            assert!(partner.call(retry_at - 1).is_err(), "{terms}: passed early");
            assert!(partner.call(retry_at).is_ok(), "{terms}: told too early a moment");
            now = retry_at;
        }
        assert!(now > NOON, "{terms}: nothing was refused");
    }
}

#[test]
fn calls_in_flight_hold_their_places_until_they_end() {
    let partner = House::open(plan("1000 1000 - 2"), NOON);
    let first = partner.call(NOON).unwrap();
    let second = partner.call(NOON).unwrap();
    let refused = partner.call(NOON).unwrap_err();
    let expected = ThrottleRefusal::TooManyInFlight { limit: 2, retry_at: at(NOON + SECOND) };
    assert_eq!((refused.refusal, refused.pace.in_flight()), (expected, 2));
    drop(first);
    let third = partner.call(NOON).unwrap();
    assert!(partner.call(NOON).is_err());
    drop((second, third));
    assert_eq!(partner.gate.pace(&partner.caller(), &plain(), at(NOON)).in_flight(), 0);
}

#[test]
fn refused_calls_count_against_nothing() {
    for (terms, why) in [
        ("1 3 9/day 9", "rate-limited"),
        ("1000 9 3/day 9", "quota-exceeded"),
        ("1000 9 9/day 3", "too-many-in-flight"),
    ] {
        let partner = House::open(plan(terms), NOON);
        let _held: Vec<_> = (0..3).map(|_| partner.call(NOON).unwrap()).collect();
        let stand = || {
            let pace = partner.gate.pace(&partner.caller(), &plain(), at(NOON));
            (pace.burst().used(), pace.quota().unwrap().used(), pace.in_flight())
        };
        let before = stand();
        assert_eq!(partner.admitted(50, NOON), 0, "{why}");
        assert_eq!(stand(), before, "{why}");
        partner.settle(NOON);
        let settled = partner.disk.bucket();
        assert_eq!((settled.quota_reserved, settled.shares), (3, vec![]), "{why}");
    }
}

#[test]
fn of_several_limits_the_one_that_holds_longest_is_told() {
    let partner = House::open(plan("0.00001 2 2/day 2"), NOON);
    let held = [partner.call(NOON).unwrap(), partner.call(NOON).unwrap()];
    // A call a day and a bit: later than midnight.
    let refused = partner.call(NOON).unwrap_err().refusal;
    assert!(matches!(refused, ThrottleRefusal::RateLimited { .. }), "{refused:?}");
    assert_eq!(refused.retry_at(), at(NOON + 100_000 * SECOND));
    drop(held);

    let partner = House::open(plan("1 2 2/day 2"), NOON);
    let _held = [partner.call(NOON).unwrap(), partner.call(NOON).unwrap()];
    let refused = partner.call(NOON).unwrap_err().refusal;
    assert!(matches!(refused, ThrottleRefusal::QuotaExceeded { .. }), "{refused:?}");
}

#[test]
fn a_refused_call_never_asks_for_a_lease() {
    let partner = House::open(plan("0.000001 1 - -"), NOON);
    assert_eq!(partner.admitted(1, NOON), 1);
    assert!(matches!(partner.ask(NOON), Admission::Refused(_)));
    assert_eq!(partner.version(), 1, "one call, one record");
}

#[test]
fn a_lease_follows_the_rate_and_what_is_left_of_the_quota() {
    for (terms, size) in [
        ("0.5 100 - -", 1),
        ("50 100 100000/day -", 50),
        ("1000000 1000000 - -", 10_000),
        ("50 100 1000/day -", 10),
        ("50 100 99/day -", 1),
    ] {
        let partner = House::open(plan(terms), NOON);
        let Admission::LeaseNeeded(request) = partner.ask(NOON) else {
            panic!("nothing is leased yet");
        };
        let draft = partner.draft(&request, NOON).unwrap();
        let held: u64 = draft.bucket().shares.iter().map(|share| share.tokens).sum();
        assert_eq!((draft.taken(), held), (size, size), "{terms}");
    }
}

#[test]
fn while_the_clock_is_behind_nothing_is_refilled() {
    let partner = House::open(plan("1 2 - -"), NOON);
    assert_eq!(partner.admitted(9, NOON), 2);
    for back in [1, 30 * SECOND, HOUR] {
        assert_eq!(partner.admitted(9, NOON - back), 0);
    }
    assert_eq!(partner.admitted(9, NOON + SECOND), 1);
}

#[test]
fn a_clock_that_was_far_ahead_does_not_lock_the_agency_out() {
    let partner = House::open(plan("1 2 5/day -"), NOON + 1_000 * HOUR);
    assert_eq!(partner.admitted(9, NOON + 1_000 * HOUR), 2);
    // The clock is put right: time goes on, and what was used stays used.
    assert_eq!(partner.admitted(9, NOON), 0);
    assert_eq!(partner.admitted(9, NOON + SECOND), 1);
    assert_eq!(partner.admitted(9, NOON + 10 * SECOND), 2);
    assert_eq!(partner.admitted(9, NOON + 20 * SECOND), 0, "five of five are used today");
    assert_eq!(partner.admitted(9, NOON + 12 * HOUR), 2);
}
