//! Rules for routes: what a call costs, and buckets of a route's own, beside the plan's.

use skybridge_domain::operation::Operation;
use skybridge_gate::{Admission, Node, ThrottleRefusal, pace_headers};

use crate::kit::{Disk, House, NOON, SECOND, Seeded, at, operation, plain, plan_with};

fn dear() -> Operation {
    operation("POST /dear")
}

/// What is used of the plan's bucket, its quota, and the route's bucket.
fn used(partner: &House, now: u64) -> (u64, u64, u64) {
    let pace = partner.gate.pace(&partner.caller(), &dear(), at(now));
    let route = pace.route().map_or(0, |route| route.used());
    (pace.burst().used(), pace.quota().map_or(0, |quota| quota.used()), route)
}

#[test]
fn a_call_counts_as_many_as_it_costs() {
    let partner = House::open(plan_with("1 20 100/day -", &["POST /dear cost=5"]), NOON);
    assert_eq!(partner.admitted_of(&dear(), 9, NOON), 4);
    assert_eq!(used(&partner, NOON), (20, 20, 0));
    let refused = partner.call_of(&dear(), NOON).unwrap_err();
    assert_eq!(refused.refusal.retry_at(), at(NOON + 5 * SECOND), "when five fit, not one");
    assert_eq!(partner.admitted_of(&dear(), 9, NOON + 5 * SECOND - 1), 0);
    assert_eq!(partner.admitted(9, NOON + 5 * SECOND - 1), 4, "others cost one");
    assert_eq!(partner.admitted_of(&dear(), 9, NOON + 9 * SECOND), 1);
    assert_eq!(used(&partner, NOON + 9 * SECOND).1, 29);
}

#[test]
fn a_quota_that_is_too_small_for_one_more_has_room_for_cheaper_calls() {
    let partner = House::open(plan_with("1000 1000 12/day -", &["POST /dear cost=5"]), NOON);
    assert_eq!(partner.admitted_of(&dear(), 9, NOON), 2);
    let refused = partner.call_of(&dear(), NOON).unwrap_err();
    assert!(matches!(refused.refusal, ThrottleRefusal::QuotaExceeded { .. }), "{refused:?}");
    assert_eq!(partner.admitted(9, NOON), 2);
    assert_eq!(used(&partner, NOON).1, 12);
}

#[test]
fn a_route_is_paced_by_its_own_bucket_and_the_plans() {
    let partner = House::open(plan_with("1 10 - -", &["POST /dear cost=2 rate=0.5 burst=4"]), NOON);
    assert_eq!(partner.admitted_of(&dear(), 9, NOON), 2);
    let refused = partner.call_of(&dear(), NOON).unwrap_err();
    assert_eq!((refused.route().cloned(), refused.refusal.retry_at()), (Some(dear()), at(NOON + 4 * SECOND)));
    assert_eq!(used(&partner, NOON), (4, 0, 4));
    assert_eq!(partner.admitted(9, NOON), 6, "the route's limit is the route's alone");
    // Now the plan refuses; the route has room for one, and keeps it.
    let later = NOON + 4 * SECOND;
    assert_eq!(partner.admitted(9, later), 4);
    let refused = partner.call_of(&dear(), later).unwrap_err();
    assert_eq!((refused.route().cloned(), refused.refusal.retry_at()), (None, at(later + 2 * SECOND)));
    assert_eq!(used(&partner, later), (10, 0, 2));
    assert_eq!(partner.admitted_of(&dear(), 9, later + 2 * SECOND), 1);
}

#[test]
fn of_the_plans_and_the_routes_limit_the_one_that_holds_longest_is_told() {
    for (rate, own, expected) in [("1", "0.1", 20), ("0.1", "1", 20)] {
        let rule = format!("POST /dear cost=2 rate={own} burst=2");
        let partner = House::open(plan_with(&format!("{rate} 2 - -"), &[&rule]), NOON);
        assert_eq!(partner.admitted_of(&dear(), 2, NOON), 1);
        let refused = partner.call_of(&dear(), NOON).unwrap_err();
        assert_eq!(refused.refusal.retry_at(), at(NOON + expected * SECOND));
        assert_eq!(refused.route().is_some(), own == "0.1");
    }
}

/// After a restart the plan's record is read for some other call. What the route has used is not known then.
#[test]
fn a_refusal_by_the_plan_knows_the_routes_limit_too() {
    let mut partner = House::open(plan_with("0.5 2 - -", &["POST /dear cost=2 rate=0.1 burst=2"]), NOON);
    assert_eq!(partner.admitted_of(&dear(), 9, NOON), 1);
    partner.settle(NOON);
    partner.crash_and_wait(NOON + SECOND);
    assert_eq!(partner.admitted(1, NOON + SECOND), 0);
    let refused = partner.call_of(&dear(), NOON + SECOND).unwrap_err();
    assert_eq!(refused.refusal.retry_at(), at(NOON + 20 * SECOND));
}

#[test]
fn what_a_route_used_survives_restarts_and_crashes() {
    let mut partner = House::open(plan_with("1 1000 - -", &["POST /dear cost=1 rate=0.001 burst=9"]), NOON);
    assert_eq!(partner.admitted_of(&dear(), 4, NOON), 4);
    partner.restart(NOON);
    assert_eq!(partner.admitted_of(&dear(), 3, NOON), 3);
    partner.crash(NOON);
    assert_eq!(partner.admitted_of(&dear(), 9, NOON), 2);
}

#[test]
fn rules_that_change_hold_at_once_and_give_nothing_back() {
    let rule = "POST /dear cost=1 rate=0.001 burst=4";
    let mut partner = House::open(plan_with("0.001 100 200/day -", &[rule]), NOON);
    assert_eq!(partner.admitted_of(&dear(), 3, NOON), 3);
    // Without the rule the route has the plan's limits alone; with it again, what was used is used.
    partner.change_plan(plan_with("0.001 100 200/day -", &[]), NOON);
    assert_eq!(partner.admitted_of(&dear(), 10, NOON), 10);
    partner.change_plan(plan_with("0.001 100 200/day -", &[rule]), NOON);
    assert_eq!(partner.admitted_of(&dear(), 9, NOON), 1);
    // Another cost is for the calls to come.
    partner.change_plan(plan_with("0.001 100 200/day -", &["POST /dear cost=20"]), NOON);
    assert_eq!(used(&partner, NOON), (14, 14, 0));
    assert_eq!(partner.admitted_of(&dear(), 9, NOON), 4);
    assert_eq!(used(&partner, NOON), (94, 94, 0));
    // Another rate converts what is used of the route's bucket, calls for calls.
    partner.change_plan(plan_with("0.001 100 200/day -", &["POST /dear rate=1 burst=6"]), NOON);
    assert_eq!(used(&partner, NOON).2, 4);
    assert_eq!(partner.admitted_of(&dear(), 9, NOON), 2);
    assert_eq!(partner.admitted_of(&dear(), 9, NOON + SECOND), 1);
}

#[test]
fn a_change_of_rules_leaves_the_plans_lease_as_it_is() {
    let mut partner = House::open(plan_with("50 100 - -", &[]), NOON);
    assert_eq!(partner.admitted(1, NOON), 1);
    let (held, version) = (partner.account().held(), partner.version());
    partner.change_plan(plan_with("50 100 - -", &["POST /dear cost=5"]), NOON);
    assert_eq!(partner.admitted_of(&dear(), 1, NOON), 1);
    assert_eq!((partner.account().held(), partner.version()), (held - 5, version));
}

#[test]
fn calls_of_a_route_are_told_its_limit_too() {
    let partner = House::open(
        plan_with("50 100 100000/day -", &["POST /dear cost=2 rate=2 burst=4", "GET /costly cost=60"]),
        NOON,
    );
    let told = |operation: &Operation| {
        let permit = partner.call_of(operation, NOON).unwrap();
        let headers = pace_headers(permit.pace(), None);
        (headers.policy.to_owned(), headers.limit.as_str().to_owned())
    };
    let (plan, day) = (r#""burst";q=100;w=2"#, r#""day";q=100000;w=86400"#);
    assert_eq!(told(&plain()), (format!("{plan}, {day}"), r#""burst";r=99;t=1"#.to_owned()));
    let own = r#""POST /dear";q=4;w=2"#;
    assert_eq!(told(&dear()), (format!("{plan}, {day}, {own}"), r#""POST /dear";r=2;t=1"#.to_owned()));
    // Nothing is left for another such call, so this limit is reached, though there is more left of it than of others.
    assert_eq!(told(&operation("GET /costly")), (format!("{plan}, {day}"), r#""burst";r=37;t=2"#.to_owned()));
    let refused = partner.call_of(&operation("GET /costly"), NOON).unwrap_err();
    let headers = pace_headers(&refused.pace, Some(&refused.refusal));
    assert_eq!((headers.limit.as_str(), headers.retry_after.unwrap().as_str()), (r#""burst";r=37;t=2"#, "1"));
}

#[test]
fn a_routes_longest_name_fits_into_a_header() {
    let name = format!("POST /{}", "a".repeat(58));
    let rule = format!("{name} rate=0.000001 burst=3155");
    let partner = House::open(plan_with("1000000 1000000 - -", &[&rule]), NOON);
    let route = operation(&name);
    assert_eq!(partner.admitted_of(&route, 3_155, NOON), 3_155);
    let refused = partner.call_of(&route, NOON).unwrap_err();
    let headers = pace_headers(&refused.pace, Some(&refused.refusal));
    assert_eq!(headers.limit.as_str(), format!("\"{name}\";r=0;t=3155000000"));
}

#[test]
fn a_call_takes_one_place_in_flight_whatever_it_costs() {
    let partner = House::open(plan_with("1000 1000 - 2", &["POST /dear cost=9 rate=100 burst=100"]), NOON);
    let held = [partner.call_of(&dear(), NOON).unwrap(), partner.call(NOON).unwrap()];
    let refused = partner.call_of(&dear(), NOON).unwrap_err();
    assert!(matches!(refused.refusal, ThrottleRefusal::TooManyInFlight { limit: 2, .. }), "{refused:?}");
    assert_eq!(used(&partner, NOON), (10, 0, 9), "and a refused one counts nowhere");
    drop(held);
    assert!(partner.call_of(&dear(), NOON).is_ok());
}

#[test]
fn a_clock_that_steps_back_shows_a_route_the_time_that_its_plan_has_seen() {
    let partner = House::open(plan_with("1 10 - -", &["POST /dear cost=1 rate=0.1 burst=1"]), NOON);
    assert_eq!(partner.admitted_of(&dear(), 2, NOON), 1);
    assert_eq!(partner.admitted(1, NOON + 10 * SECOND), 1);
    assert_eq!(partner.admitted_of(&dear(), 2, NOON + 5 * SECOND), 1, "ten seconds have been seen to pass");
    assert_eq!(partner.admitted_of(&dear(), 2, NOON + 19 * SECOND), 0);
    assert_eq!(partner.admitted_of(&dear(), 2, NOON + 20 * SECOND), 1);
}

/// The call has its route's tokens written down as spent, and finds the plan's gone when it is to come in.
#[test]
fn a_lease_that_its_call_cannot_use_is_nobodys_to_spend() {
    let terms = plan_with("1 100 - -", &["POST /dear cost=2 rate=1 burst=2"]);
    let disk = Disk::default();
    let [one, other] =
        [3, 4].map(|seed| House::over(disk.clone(), Node::function(&Seeded(seed)), terms.clone(), NOON));
    let lease_needed = || match one.ask_for(&dear(), NOON) {
        Admission::LeaseNeeded(request) => request,
        other => panic!("{other:?}"),
    };
    let of_plan = lease_needed();
    let draft = one.draft(&of_plan, NOON).unwrap();
    assert!(disk.write(&draft) && of_plan.granted(draft, at(NOON)).is_none(), "the route's are lacking");
    let of_route = lease_needed();
    assert_eq!(of_route.account().route(), Some(&dear()));
    let draft = one.draft(&of_route, NOON).unwrap();
    assert_eq!(one.admitted(2, NOON), 2, "others take what the plan's lease had");
    assert!(disk.write(&draft) && of_route.granted(draft, at(NOON)).is_none());
    assert_eq!(used(&one, NOON), (2, 0, 0), "the call counts nowhere");
    // By the record the route's bucket is full again two seconds later. There are no other tokens of it.
    let later = NOON + 2 * SECOND;
    assert_eq!(other.admitted_of(&dear(), 2, later), 1);
    assert_eq!(one.admitted_of(&dear(), 2, later), 0);
}
