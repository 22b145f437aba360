//! Signatures are good once, and only within their window.

use std::time::Duration;

use proptest::prelude::*;
use skybridge_domain::key::KeyId;
use skybridge_gate::{MomentRefusal, Nonce, NonceRefusal, Nonces, SignatureTerms};

use crate::kit::{NOON, SECOND, at, partner_co};

const TERMS: SignatureTerms = SignatureTerms {
    age_max: Duration::from_secs(300),
    ahead_max: Duration::from_secs(5),
    remembered_max: 3,
};

/// Seconds since 1970 at noon.
const NOW: u64 = NOON / SECOND;

fn nonce(text: &str, created: u64) -> Nonce {
    Nonce::new(KeyId::from_random([1; 16]), text, created)
}

#[test]
fn the_window_holds_to_the_nanosecond() {
    let nonces = Nonces::beside_others(TERMS);
    let check = |created, now| nonces.check_moment(created, None, at(now));
    assert_eq!(check(NOW - 300, NOON), Ok(()));
    assert_eq!(check(NOW - 300, NOON + 1), Err(MomentRefusal::TooOld));
    assert_eq!(check(NOW + 5, NOON), Ok(()));
    assert_eq!(check(NOW + 5, NOON - 1), Err(MomentRefusal::Ahead));
    assert_eq!(nonces.check_moment(NOW, Some(NOW + 1), at(NOON)), Ok(()));
    assert_eq!(nonces.check_moment(NOW, Some(NOW), at(NOON)), Err(MomentRefusal::Expired));
}

#[test]
fn a_sole_node_takes_nothing_that_a_run_before_may_have_taken() {
    let began = NOON + SECOND / 2;
    let nonces = Nonces::sole(TERMS, at(began));
    // A signer ahead by as much as may be could have been served a moment before the start.
    let from = NOW + 6;
    for created in [NOW - 1, NOW, NOW + 5] {
        let refused = nonces.check_moment(created, None, at(began + SECOND)).unwrap_err();
        assert_eq!(refused, MomentRefusal::BeforeMemory { from });
    }
    assert_eq!(nonces.check_moment(from, None, at(began + SECOND)), Ok(()));
    assert_eq!(Nonces::beside_others(TERMS).check_moment(NOW, None, at(began)), Ok(()));
}

#[test]
fn a_key_and_a_nonce_are_spent_together_and_per_agency() {
    let nonces = Nonces::beside_others(TERMS);
    let (agency, one) = (partner_co(), nonce("n", NOW));
    assert!(!nonces.is_spent(&agency, &one));
    assert_eq!(nonces.spend(&agency, &one, at(NOON)), Ok(()));
    assert!(nonces.is_spent(&agency, &one));
    assert_eq!(nonces.spend(&agency, &one, at(NOON)), Err(NonceRefusal::Replayed));
    // Another moment does not make it another nonce; another key does.
    assert_eq!(nonces.spend(&agency, &nonce("n", NOW + 1), at(NOON)), Err(NonceRefusal::Replayed));
    let of_another_key = Nonce::new(KeyId::from_random([2; 16]), "n", NOW);
    assert_eq!(nonces.spend(&agency, &of_another_key, at(NOON)), Ok(()));
}

#[test]
fn who_needs_more_room_is_refused_and_nothing_is_forgotten() {
    let nonces = Nonces::beside_others(TERMS);
    let agency = partner_co();
    for (number, created) in [("1", NOW), ("2", NOW - 10), ("3", NOW)] {
        assert_eq!(nonces.spend(&agency, &nonce(number, created), at(NOON)), Ok(()));
    }
    let refused = nonces.spend(&agency, &nonce("4", NOW), at(NOON)).unwrap_err();
    let NonceRefusal::NoRoom { retry_at } = refused else { panic!("{refused:?}") };
    assert!(nonces.is_spent(&agency, &nonce("2", NOW - 10)));
    let other = skybridge_domain::agency::AgencyName::new("Other").unwrap();
    assert_eq!(nonces.spend(&other, &nonce("4", NOW), at(NOON)), Ok(()), "another agency has its own room");
    // Just when it says there is room, and not a second earlier.
    let retry = retry_at.as_nanos();
    let late = nonce("4", retry / SECOND);
    assert_eq!(nonces.spend(&agency, &late, at(retry - SECOND)), Err(refused));
    assert_eq!(nonces.spend(&agency, &late, at(retry)), Ok(()));
}

#[test]
fn a_clock_that_steps_back_opens_nothing_again() {
    let nonces = Nonces::beside_others(TERMS);
    let agency = partner_co();
    let old = nonce("old", NOW);
    assert_eq!(nonces.spend(&agency, &old, at(NOON)), Ok(()));
    // An hour later it is forgotten ...
    let later = NOON + 3_600 * SECOND;
    assert_eq!(nonces.spend(&agency, &nonce("new", NOW + 3_600), at(later)), Ok(()));
    assert!(!nonces.is_spent(&agency, &old));
    // ... and if the clock is then set back, it is refused all the same.
    assert!(matches!(nonces.check_moment(NOW, None, at(NOON)), Err(MomentRefusal::BeforeMemory { .. })));
    assert_eq!(nonces.spend(&agency, &old, at(NOON)), Err(NonceRefusal::Replayed));
}

/// Otherwise one wrong second would keep all that sign out until the wrong date has come.
#[test]
fn a_clock_that_was_far_ahead_is_forgiven_as_by_a_restart() {
    let day = 86_400 * SECOND;
    for (nonces, anew) in [(Nonces::sole(TERMS, at(NOON)), NOW + 100 + 6), (Nonces::beside_others(TERMS), 0)]
    {
        let (agency, before) = (partner_co(), nonce("before", NOW + 10));
        assert_eq!(nonces.spend(&agency, &before, at(NOON + 10 * SECOND)), Ok(()));
        let wrong = nonce("wrong", NOW + 86_400);
        assert_eq!(nonces.spend(&agency, &wrong, at(NOON + day)), Ok(()));
        assert!(!nonces.is_spent(&agency, &before), "it is forgotten with the jump");

        // Set right again, the memory is complete from where that of a start would be.
        let right = at(NOON + 100 * SECOND);
        let check = |created| nonces.check_moment(created, None, right);
        if anew > 0 {
            assert_eq!(check(NOW + 10), Err(MomentRefusal::BeforeMemory { from: anew }));
            assert_eq!(check(NOW + 105), Err(MomentRefusal::BeforeMemory { from: anew }));
            assert_eq!(nonces.spend(&agency, &before, right), Err(NonceRefusal::Replayed));
        } else {
            assert_eq!(check(NOW + 10), Ok(()), "the store knows");
        }
        let good = NOW + 106;
        assert_eq!(nonces.check_moment(good, None, at(NOON + 106 * SECOND)), Ok(()));
        assert_eq!(nonces.spend(&agency, &nonce("n", good), at(NOON + 106 * SECOND)), Ok(()));
        // What the wrong clock took, and the memory still holds, stays spent when its day comes.
        assert_eq!(nonces.spend(&agency, &wrong, at(NOON + day)), Err(NonceRefusal::Replayed));
    }
}

#[test]
fn a_floor_that_is_up_to_an_hour_ahead_is_waited_for() {
    let nonces = Nonces::sole(TERMS, at(NOON));
    let later = NOON + 3_901 * SECOND;
    assert_eq!(nonces.spend(&partner_co(), &nonce("n", NOW + 3_901), at(later)), Ok(()));
    let refused = Err(MomentRefusal::BeforeMemory { from: NOW + 3_600 });
    assert_eq!(nonces.check_moment(NOW, None, at(NOON)), refused);
    assert_eq!(
        nonces.check_moment(NOW - 1, None, at(NOON - SECOND)),
        Err(MomentRefusal::BeforeMemory { from: NOW + 5 })
    );
}

proptest! {
    /// Whatever the clock does, forward and backward: no signature is ever taken twice.
    #[test]
    fn nothing_is_taken_twice(
        calls in prop::collection::vec((0_u8..8, 0_u64..20, -400_i64..400), 1..200),
    ) {
        let terms = SignatureTerms {
            age_max: Duration::from_secs(10),
            ahead_max: Duration::from_secs(2),
            remembered_max: 1_000,
        };
        let nonces = Nonces::sole(terms, at(NOON));
        let mut taken = std::collections::HashSet::new();
        let mut now = NOON;
        for (text, ago, step) in calls {
            now = now.saturating_add_signed(step * 100_000_000);
            let created = (now / SECOND + 3).saturating_sub(ago);
            let one = nonce(&text.to_string(), created);
            if nonces.check_moment(created, None, at(now)).is_ok()
                && nonces.spend(&partner_co(), &one, at(now)).is_ok()
            {
                prop_assert!(taken.insert((text, created)), "{} of {} was taken twice", text, created);
            }
        }
    }
}
