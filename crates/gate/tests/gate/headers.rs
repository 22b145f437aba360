//! What the caller is told, to the letter.

use skybridge_gate::{PaceSnapshot, ThrottleRefusal, pace_headers};

use crate::kit::{HOUR, House, NOON, SECOND, at, plain, plan};

fn told(pace: &PaceSnapshot, refusal: Option<&ThrottleRefusal>) -> (String, String, Option<String>) {
    let headers = pace_headers(pace, refusal);
    let text = |value: skybridge_gate::HeaderText| value.as_str().to_owned();
    (headers.policy.to_owned(), text(headers.limit), headers.retry_after.map(text))
}

#[test]
fn an_admitted_call_learns_the_limit_that_is_nearest() {
    let partner = House::open(plan("50 100 100000/day 50"), NOON);
    let permit = partner.call(NOON).unwrap();
    let policy = r#""burst";q=100;w=2, "day";q=100000;w=86400"#.to_owned();
    assert_eq!(told(permit.pace(), None), (policy.clone(), r#""burst";r=99;t=1"#.to_owned(), None));
    // Two seconds later the burst is full, and the day is nearer to its end.
    let pace = partner.gate.pace(&partner.caller(), &plain(), at(NOON + 2 * SECOND));
    assert_eq!(told(&pace, None), (policy, r#""day";r=99999;t=43198"#.to_owned(), None));
}

#[test]
fn of_two_limits_equally_near_the_longer_is_told() {
    let partner = House::open(plan("1 10 10/day -"), NOON);
    let pace = partner.gate.pace(&partner.caller(), &plain(), at(NOON));
    assert_eq!(told(&pace, None).1, r#""day";r=10;t=43200"#);
    assert_eq!(told(partner.call(NOON).unwrap().pace(), None).1, r#""day";r=9;t=43200"#);
    // A bucket that takes longer than a day to fill is the longer one.
    let partner = House::open(plan("0.0001 10 10/day -"), NOON);
    assert_eq!(told(partner.call(NOON).unwrap().pace(), None).1, r#""burst";r=9;t=10000"#);
}

#[test]
fn a_refused_call_learns_when_to_come_back() {
    let partner = House::open(plan("0.4 1 - -"), NOON);
    assert_eq!(partner.admitted(1, NOON), 1);
    for (later, retry_after) in
        [(0, "3"), (SECOND / 2, "2"), (SECOND / 2 + 1, "2"), (5 * SECOND / 2 - 1, "1")]
    {
        let refused = partner.call(NOON + later).unwrap_err();
        let (policy, limit, retry) = told(&refused.pace, Some(&refused.refusal));
        assert_eq!(policy, r#""burst";q=1;w=3"#);
        assert_eq!(retry.as_deref(), Some(retry_after), "{later} ns later");
        assert!(limit.starts_with(r#""burst";r=0;t="#), "{limit}");
    }
}

#[test]
fn a_used_up_quota_says_when_the_next_begins() {
    let partner = House::open(plan("10 10 1/week -"), NOON + 1);
    assert_eq!(partner.admitted(2, NOON + 1), 1);
    let refused = partner.call(NOON + 1).unwrap_err();
    let (policy, limit, retry) = told(&refused.pace, Some(&refused.refusal));
    assert_eq!(policy, r#""burst";q=10;w=1, "week";q=1;w=604800"#);
    assert_eq!((limit.as_str(), retry.as_deref()), (r#""week";r=0;t=43200"#, Some("43200")));
}

#[test]
fn months_have_their_own_lengths() {
    for (days_later, seconds) in [(0, 31 * 86_400), (31, 30 * 86_400), (340, 29 * 86_400), (706, 28 * 86_400)]
    {
        let now = NOON + days_later * 24 * HOUR;
        let partner = House::open(plan("10 10 1000/month+01:00 -"), now);
        let pace = partner.gate.pace(&partner.caller(), &plain(), at(now));
        assert_eq!(told(&pace, None).0, format!(r#""burst";q=10;w=1, "month";q=1000;w={seconds}"#));
    }
}

#[test]
fn too_many_in_flight_may_try_again_in_a_second() {
    let partner = House::open(plan("10 10 - 1"), NOON);
    let _held = partner.call(NOON).unwrap();
    let refused = partner.call(NOON).unwrap_err();
    assert_eq!(told(&refused.pace, Some(&refused.refusal)).2.as_deref(), Some("1"));
}

#[test]
fn the_longest_values_fit() {
    let partner = House::open(plan("0.000001 3155 999999999999999/month 1"), NOON);
    for _ in 0..3_155 {
        drop(partner.call(NOON).unwrap());
    }
    let refused = partner.call(NOON).unwrap_err();
    let (_, limit, retry) = told(&refused.pace, Some(&refused.refusal));
    assert_eq!(limit, r#""burst";r=0;t=3155000000"#);
    assert_eq!(retry.as_deref(), Some("1000000"));
}
