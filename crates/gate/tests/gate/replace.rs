//! Plans and keys change under way; what was used stays used.

use skybridge_domain::key::{ApiKey, Key, Mode};
use skybridge_gate::Partners;

use crate::kit::{HOME, HOUR, House, NOON, SECOND, Seeded, agency, at, plain, plan, record_of};

#[test]
fn another_rate_keeps_the_calls_that_were_made() {
    let mut partner = House::open(plan("100 10 - -"), NOON);
    assert_eq!(partner.admitted(50, NOON), 10);
    partner.change_plan(plan("1 10 - -"), NOON);
    assert_eq!(partner.admitted(50, NOON), 0, "a slower rate is not a full bucket");
    assert_eq!(partner.admitted(50, NOON + 3 * SECOND), 3);
    partner.change_plan(plan("100 10 - -"), NOON + 3 * SECOND);
    assert_eq!(partner.admitted(50, NOON + 3 * SECOND), 0, "nor is a faster one");
    assert_eq!(partner.admitted(50, NOON + 3 * SECOND + SECOND / 100), 1);
}

#[test]
fn another_burst_holds_at_once_and_refills_as_it_should() {
    let mut partner = House::open(plan("1 10 - -"), NOON);
    assert_eq!(partner.admitted(6, NOON), 6);
    partner.change_plan(plan("1 20 - -"), NOON);
    assert_eq!(partner.admitted(50, NOON), 14);
    partner.change_plan(plan("1 5 - -"), NOON);
    assert_eq!(partner.admitted(50, NOON), 0);
    // The small bucket is empty, not in debt for the big one.
    assert_eq!(partner.admitted(50, NOON + SECOND), 1);
}

#[test]
fn another_quota_holds_at_once_and_counts_what_was_used() {
    let mut partner = House::open(plan("1000 1000 100/day -"), NOON);
    assert_eq!(partner.admitted(60, NOON), 60);
    partner.change_plan(plan("1000 1000 50/day -"), NOON);
    assert_eq!(partner.admitted(9, NOON + SECOND), 0);
    partner.change_plan(plan("1000 1000 70/month -"), NOON + SECOND);
    assert_eq!(partner.admitted(50, NOON + SECOND), 10);
    partner.change_plan(plan("1000 1000 - -"), NOON + SECOND);
    assert_eq!(partner.admitted(50, NOON + SECOND), 50);
    partner.change_plan(plan("1000 1000 71/day -"), NOON + 2 * SECOND);
    assert_eq!(
        partner.admitted(50, NOON + 2 * SECOND),
        1,
        "taking the quota away and back gives none of it back"
    );
    let midnight = NOON + 12 * HOUR;
    assert_eq!(partner.admitted(100, midnight), 71);
}

#[test]
fn a_change_of_plan_that_comes_with_a_crash_keeps_what_was_used() {
    let mut partner = House::open(plan("100 10 100/day -"), NOON);
    assert_eq!(partner.admitted(50, NOON), 10);
    partner.change_plan(plan("1 10 10/day -"), NOON);
    partner.crash(NOON);
    assert_eq!(partner.admitted(50, NOON), 0);
    assert_eq!(partner.admitted(50, NOON + HOUR), 0, "ten of ten are used today");
}

#[test]
fn a_change_to_a_slower_plan_and_back_is_not_forgotten() {
    let mut partner = House::open(plan("100 10 - -"), NOON);
    assert_eq!(partner.admitted(50, NOON), 10);
    partner.restart(NOON);
    partner.change_plan(plan("0.001 10 - -"), NOON);
    // The fast plan would have filled the bucket by now; the slow one was in force.
    let later = NOON + 10 * SECOND;
    partner.change_plan(plan("100 10 - -"), later);
    assert_eq!(partner.admitted(50, later), 0);
}

#[test]
fn the_first_call_under_another_plan_is_admitted_once_the_plan_is_in_the_record() {
    let mut partner = House::open(plan("100 10 - -"), NOON);
    assert_eq!(partner.admitted(1, NOON), 1);
    partner.change_plan(plan("0.001 10 - -"), NOON);
    assert_eq!(partner.admitted(1, NOON), 1);
    partner.crash(NOON);
    partner.change_plan(plan("100 10 - -"), NOON + 10 * SECOND);
    // Under the slow plan ten seconds gave nothing back, and a crash does not change that.
    assert_eq!(partner.admitted(50, NOON + 10 * SECOND), 8);
}

#[test]
fn a_change_of_rate_that_the_crash_left_unwritten_counts_from_the_worse_moment() {
    for (before, after) in [("100 10 - -", "0.001 10 - -"), ("0.001 10 - -", "100 10 - -")] {
        let mut partner = House::open(plan(before), NOON);
        assert_eq!(partner.admitted(50, NOON), 10);
        let changed = NOON + if before.starts_with("100") { 0 } else { 10 * SECOND };
        partner.change_plan(plan(after), changed);
        partner.crash(changed + SECOND / 100);
        let admitted = partner.admitted(50, changed + SECOND / 100);
        assert!(admitted <= 1, "{before} to {after}: {admitted}");
    }
}

#[test]
fn a_smaller_burst_that_the_crash_left_unwritten_is_empty_from_the_change_on() {
    let mut partner = House::open(plan("1000 1000 - -"), NOON);
    assert_eq!(partner.admitted(45, NOON), 45);
    partner.restart(NOON);
    // Forty of the smaller burst of forty are used at the change, five milliseconds after the calls.
    partner.change_plan(plan("300 40 - -"), NOON + SECOND / 200);
    let later = NOON + SECOND / 200 + SECOND / 100;
    partner.crash(later);
    assert!(partner.admitted(50, later) <= 3, "ten milliseconds refill three");
}

#[test]
fn a_rotated_key_and_its_successor_share_the_limits() {
    let partner = House::open(plan("0.000001 10 - -"), NOON);
    assert_eq!(partner.admitted(6, NOON), 6);
    let successor = ApiKey::generate(Mode::Live, &Seeded(2));
    let grace_ends = Some(at(NOON + HOUR));
    let replaced =
        Key { expires_at: grace_ends, replaced_by: Some(successor.id()), ..record_of(&partner.key) };
    let partners = Partners {
        plans: vec![plan("0.000001 10 - -")],
        agencies: vec![agency("PartnerCo")],
        keys: vec![replaced, Key { rotated_from: Some(partner.key.id()), ..record_of(&successor) }],
    };
    let held = partner.call(NOON).unwrap();
    partner.gate.replace(partners, at(NOON)).unwrap();
    let by_the_new_key = partner.gate.authenticate(successor.reveal(), HOME, at(NOON)).unwrap();
    let pace = partner.gate.pace(&by_the_new_key, &plain(), at(NOON));
    assert_eq!((pace.burst().used(), pace.in_flight()), (7, 1));
    drop(held);
    assert_eq!(partner.gate.pace(&by_the_new_key, &plain(), at(NOON)).in_flight(), 0);
    assert_eq!(partner.admitted(50, NOON), 3);
    assert!(partner.gate.authenticate(partner.key.reveal(), HOME, at(NOON + HOUR)).is_err());
}
