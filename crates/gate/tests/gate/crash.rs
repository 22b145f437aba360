//! What was admitted stays admitted, whenever the process dies.

use skybridge_gate::{Admission, Grant, LeaseRequest};

use crate::kit::{HOUR, House, NOON, SECOND, at, partner_co, plan};

fn lease_of(partner: &House, now: u64) -> LeaseRequest {
    match partner.gate.admit(&partner.caller(), at(now)) {
        Admission::LeaseNeeded(lease) => lease,
        other => panic!("a lease was to be needed: {other:?}"),
    }
}

#[test]
fn a_burst_is_not_had_twice_by_a_crash() {
    let mut partner = House::open(plan("0.000001 100 - -"), NOON);
    assert_eq!(partner.admitted(60, NOON), 60);
    partner.crash(NOON + 1);
    assert_eq!(partner.admitted(2_000, NOON + 1), 40);
    partner.crash(NOON + 2);
    assert_eq!(partner.admitted(2_000, NOON + 2), 0);
}

#[test]
fn a_small_quota_is_exact_to_the_last_call_across_crashes() {
    let mut partner = House::open(plan("1000 1000 99/day -"), NOON);
    let mut admitted = 0;
    for crash in 0..120 {
        admitted += partner.admitted(1, NOON + crash * SECOND);
        partner.crash(NOON + crash * SECOND + 1);
    }
    assert_eq!(admitted, 99);
}

#[test]
fn a_crash_wastes_at_most_the_lease() {
    let mut partner = House::open(plan("50 100 100000/day -"), NOON);
    assert_eq!(partner.admitted(1, NOON), 1);
    partner.crash(NOON);
    let pace = partner.gate.pace(&partner.caller(), at(NOON));
    assert_eq!((pace.burst().used(), pace.quota().unwrap().used()), (50, 50));
    // The burst is back after a second, and the quota goes on behind the lease.
    assert_eq!(partner.admitted(200, NOON + SECOND), 100);
    assert_eq!(partner.gate.pace(&partner.caller(), at(NOON + SECOND)).quota().unwrap().used(), 150);
}

#[test]
fn a_graceful_stop_wastes_nothing() {
    let mut partner = House::open(plan("50 100 100000/day -"), NOON);
    assert_eq!(partner.admitted(30, NOON), 30);
    partner.restart(NOON);
    let pace = partner.gate.pace(&partner.caller(), at(NOON));
    assert_eq!((pace.burst().used(), pace.quota().unwrap().used()), (30, 30));
    assert_eq!(partner.admitted(200, NOON), 70);
    // Nothing came since: there is nothing to write.
    partner.restart(NOON);
    assert_eq!(partner.gate.unsettled(), []);
}

#[test]
fn a_lease_is_spent_at_the_restart_not_when_it_was_written() {
    // Fifty are leased at noon and may be spent a minute later, just before the crash.
    let mut partner = House::open(plan("50 100 - -"), NOON);
    assert_eq!(partner.admitted(1, NOON), 1);
    let later = NOON + 60 * SECOND;
    let admitted = partner.admitted(49, later);
    partner.crash(later);
    assert_eq!(
        admitted + partner.admitted(200, later),
        99,
        "a hundred, and the one of a minute ago is wasted"
    );
}

#[test]
fn a_lease_for_yesterday_is_not_good_today() {
    let midnight = NOON + 12 * HOUR;
    let mut partner = House::open(plan("1000 1000 1000/day -"), NOON);
    let late = lease_of(&partner, midnight - 1);
    assert!(partner.write(&late, 0));
    let today = lease_of(&partner, midnight);
    assert_eq!(partner.gate.grant(late), Grant::Outdated);
    assert!(matches!(partner.gate.admit(&partner.caller(), at(midnight)), Admission::LeaseNeeded(_)));
    drop(today);
    // Granted just before midnight, and not good after it either.
    let late = lease_of(&partner, midnight);
    assert!(partner.write(&late, 1));
    assert_eq!(partner.gate.grant(late), Grant::Taken);
    let next_midnight = midnight + 24 * HOUR;
    assert!(matches!(partner.gate.admit(&partner.caller(), at(next_midnight)), Admission::LeaseNeeded(_)));
    partner.crash(next_midnight);
    // The quota is whole; of the bucket, yesterday's lease counts as spent at the restart, as any lease does.
    let pace = partner.gate.pace(&partner.caller(), at(next_midnight));
    assert_eq!((pace.quota().unwrap().used(), pace.burst().used()), (0, 10));
}

#[test]
fn of_several_leases_that_were_asked_for_together_one_takes_effect() {
    let partner = House::open(plan("5 100 - -"), NOON);
    let leases = [(); 3].map(|()| lease_of(&partner, NOON));
    let [first, second, third] = leases;
    assert_eq!((first.state(), first.size()), (second.state(), 5));
    assert_eq!(partner.gate.grant(second), Grant::Taken);
    assert_eq!(partner.gate.grant(first), Grant::Outdated);
    let admit = || partner.gate.admit(&partner.caller(), at(NOON));
    for _ in 0..5 {
        assert!(matches!(admit(), Admission::Admitted(_)));
    }
    assert!(matches!(admit(), Admission::LeaseNeeded(_)));
    assert_eq!(partner.gate.grant(third), Grant::Outdated);
    assert!(matches!(admit(), Admission::LeaseNeeded(_)));
}

#[test]
fn a_lease_from_before_settling_or_another_plan_is_void() {
    let mut partner = House::open(plan("50 100 - -"), NOON);
    assert_eq!(partner.admitted(1, NOON), 1);
    assert!(partner.gate.settle_agency(&partner_co()).is_some());
    let before_settling = lease_of(&partner, NOON);
    let _ = partner.gate.settle_agency(&partner_co());
    assert_eq!(partner.gate.grant(before_settling), Grant::Outdated);
    let before_the_change = lease_of(&partner, NOON);
    partner.change_plan(plan("5 100 - -"), NOON);
    assert_eq!(partner.gate.grant(before_the_change), Grant::Outdated);
    assert_eq!(lease_of(&partner, NOON).size(), 5);
}

#[test]
fn what_was_not_written_down_is_asked_for_again() {
    let mut partner = House::open(plan("50 100 - -"), NOON);
    assert_eq!(partner.admitted(1, NOON), 1);
    drop(partner.gate.settle_agency(&partner_co()).unwrap());
    assert_eq!(partner.gate.unsettled(), [partner_co()]);
    partner.change_plan_and_write_nothing(plan("5 100 - -"), NOON);
    drop(partner.gate.settle_agency(&partner_co()).unwrap());
    assert_eq!(partner.gate.lagging(), [partner_co()]);
    let settlement = partner.gate.settle_agency(&partner_co()).unwrap();
    partner.gate.settled(settlement);
    assert_eq!((partner.gate.unsettled(), partner.gate.lagging()), (vec![], vec![]));
    assert!(partner.gate.settle_agency(&partner_co()).is_none());
}

#[test]
fn what_came_while_the_exact_state_was_written_down_is_not_taken_for_written() {
    let mut partner = House::open(plan("50 100 - -"), NOON);
    assert_eq!(partner.admitted(1, NOON), 1);
    let overtaken = partner.gate.settle_agency(&partner_co()).unwrap();
    assert_eq!(partner.admitted(1, NOON), 1);
    partner.gate.settled(overtaken);
    assert_eq!(partner.gate.unsettled(), [partner_co()], "a lease was granted");

    let overtaken = partner.gate.settle_agency(&partner_co()).unwrap();
    partner.change_plan_and_write_nothing(plan("5 100 - -"), NOON);
    partner.gate.settled(overtaken);
    assert_eq!(partner.gate.lagging(), [partner_co()], "the rate changed");
}

#[test]
fn an_agency_that_lost_its_clock_in_the_crash_waits_for_it() {
    let mut partner = House::open(plan("1 2 - -"), NOON);
    assert_eq!(partner.admitted(9, NOON), 2);
    partner.crash(NOON - 60 * SECOND);
    assert_eq!(partner.admitted(9, NOON - 30 * SECOND), 0);
    assert!(partner.admitted(9, NOON + SECOND) <= 1);
}
