//! What was admitted stays admitted, whenever the process dies.

use skybridge_gate::{Admission, Draft, LeaseRequest};

use crate::kit::{HOUR, House, NOON, SECOND, at, plain, plan};

/// A call that needs a lease, and what is to be written for it.
fn needed(partner: &House, now: u64) -> (LeaseRequest, Draft) {
    match partner.ask(now) {
        Admission::LeaseNeeded(request) => {
            let draft = partner.draft(&request, now).unwrap();
            (request, draft)
        }
        other => panic!("a lease was to be needed: {other:?}"),
    }
}

fn needs_a_lease(partner: &House, now: u64) -> bool {
    matches!(partner.ask(now), Admission::LeaseNeeded(_))
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
    let pace = partner.gate.pace(&partner.caller(), &plain(), at(NOON));
    assert_eq!((pace.burst().used(), pace.quota().unwrap().used()), (50, 50));
    // The burst is back after a second, and the quota goes on behind the lease.
    assert_eq!(partner.admitted(200, NOON + SECOND), 100);
    assert_eq!(
        partner.gate.pace(&partner.caller(), &plain(), at(NOON + SECOND)).quota().unwrap().used(),
        150
    );
}

#[test]
fn a_graceful_stop_wastes_nothing() {
    let mut partner = House::open(plan("50 100 100000/day -"), NOON);
    assert_eq!(partner.admitted(30, NOON), 30);
    partner.restart(NOON);
    let pace = partner.gate.pace(&partner.caller(), &plain(), at(NOON));
    assert_eq!((pace.burst().used(), pace.quota().unwrap().used()), (30, 30));
    assert_eq!(partner.admitted(200, NOON), 70);
    // Nothing came since: there is nothing to write.
    partner.restart(NOON);
    assert!(!partner.account().is_unsettled());
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
fn nor_when_the_first_call_after_the_restart_comes() {
    let mut partner = House::open(plan("50 100 - -"), NOON);
    assert_eq!(partner.admitted(1, NOON), 1);
    partner.crash_and_wait(NOON);
    assert_eq!(partner.admitted(200, NOON + SECOND), 100, "the fifty of the lease are refilled by then");
}

#[test]
fn a_lease_for_yesterday_is_not_good_today() {
    let midnight = NOON + 12 * HOUR;
    let mut partner = House::open(plan("1000 1000 1000/day -"), NOON);
    let (request, late) = needed(&partner, midnight - 1);
    assert!(partner.disk.write(&late));
    assert!(request.granted(late, at(midnight)).is_none());
    assert!(needs_a_lease(&partner, midnight));
    // Granted before midnight, and not good after it either.
    let (request, today) = needed(&partner, midnight);
    assert!(partner.disk.write(&today));
    assert!(request.granted(today, at(midnight)).is_some());
    assert!(!needs_a_lease(&partner, midnight));
    let next_midnight = midnight + 24 * HOUR;
    assert!(needs_a_lease(&partner, next_midnight));
    partner.crash(next_midnight);
    // The quota is whole; of the bucket, yesterday's lease counts as spent at the restart, as any lease does.
    let pace = partner.gate.pace(&partner.caller(), &plain(), at(next_midnight));
    assert_eq!((pace.quota().unwrap().used(), pace.burst().used()), (0, 10));
}

#[test]
fn a_lease_from_before_another_plan_is_given_back() {
    let mut partner = House::open(plan("50 100 1000/day -"), NOON);
    assert_eq!(partner.admitted(1, NOON), 1);
    partner.settle(NOON);
    let (request, before_the_change) = needed(&partner, NOON);
    partner.change_plan(plan("5 100 1000/day -"), NOON);
    assert!(partner.disk.write(&before_the_change));
    assert!(request.granted(before_the_change, at(NOON)).is_none());
    let (_, after) = needed(&partner, NOON);
    assert_eq!(after.taken(), 5);
    // One call, and what is leased now.
    assert_eq!((after.bucket().quota_reserved, after.bucket().shares[0].tokens), (6, 5));
}

#[test]
fn what_was_not_written_down_is_asked_for_again() {
    let partner = House::open(plan("50 100 - -"), NOON);
    assert_eq!(partner.admitted(1, NOON), 1);
    drop(partner.account().settlement(at(NOON)).unwrap());
    assert!(partner.account().is_unsettled());
    assert!(needs_a_lease(&partner, NOON), "what may be written as given back is not spent");
    partner.settle(NOON);
    assert!(!partner.account().is_unsettled());
    assert!(partner.account().settlement(at(NOON)).is_none());
    assert_eq!(partner.disk.bucket().shares, []);
}

#[test]
fn what_is_written_without_an_answer_is_found_in_the_record() {
    let mut partner = House::open(plan("50 100 100000/day -"), NOON);
    assert_eq!(partner.admitted(1, NOON), 1);
    partner.settle(NOON);
    // Written, and nobody says so; the call that it was for is gone.
    let (_, unanswered) = needed(&partner, NOON);
    assert!(partner.disk.write(&unanswered));
    drop(unanswered);
    let writes = partner.disk.writes_tried();
    assert_eq!(partner.admitted(50, NOON), 50, "what is held by the record is held");
    assert_eq!(partner.disk.writes_tried(), writes);
    // Not written, and nobody says so either.
    let (_, lost) = needed(&partner, NOON);
    drop(lost);
    assert_eq!(partner.admitted(200, NOON), 49);
    partner.crash(NOON);
    assert_eq!(partner.admitted(200, NOON), 0);
}

#[test]
fn an_agency_that_lost_its_clock_in_the_crash_waits_for_it() {
    let mut partner = House::open(plan("1 2 - -"), NOON);
    assert_eq!(partner.admitted(9, NOON), 2);
    partner.crash(NOON - 60 * SECOND);
    assert_eq!(partner.admitted(9, NOON - 30 * SECOND), 0);
    assert!(partner.admitted(9, NOON + SECOND) <= 1);
}
