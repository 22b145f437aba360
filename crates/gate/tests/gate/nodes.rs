//! What nodes on one record see of each other.

use skybridge_gate::ThrottleRefusal;

use crate::cluster::Cluster;
use crate::kit::{House, NOON, SECOND, at, plan};

/// Longer than a lease lasts, with the margin for clocks.
const LEASE_OVER: u64 = 17 * SECOND;

/// A call every tenth of a second until `end`, so that the node comes to hold some more.
fn warm_up(cluster: &Cluster, node: usize, begin: u64, calls: u64) -> u64 {
    let last = begin + calls * SECOND / 10;
    for call in 1..=calls {
        assert_eq!(cluster.admitted(node, 1, begin + call * SECOND / 10), 1);
    }
    last
}

fn held(cluster: &Cluster, node: usize) -> u64 {
    cluster.houses[node].account().held()
}

#[test]
fn a_node_stops_at_the_end_of_its_lease_and_others_wait_a_little_longer() {
    let cluster = Cluster::of_functions(2, plan("0.000001 100 - -"), NOON);
    let now = warm_up(&cluster, 0, NOON, 10);
    let (held, until) = (held(&cluster, 0), cluster.disk.bucket().shares[0].until.as_nanos());
    assert!(held >= 5, "{held}");
    assert_eq!(cluster.admitted(1, 1, now), 1);
    let writes = cluster.disk.writes_tried();
    assert_eq!(cluster.admitted(0, 1, until - 1), 1);
    assert_eq!(cluster.disk.writes_tried(), writes, "a nanosecond before its end the lease is good");
    assert_eq!(cluster.admitted(0, 1, until), 1);
    assert!(cluster.disk.writes_tried() > writes, "then it is not");
    // The other node counted the lease as held until a second after its end: by its clock that may be the same moment.
    let tat = cluster.disk.bucket().tat.as_nanos();
    assert!(tat >= until + 100 * SECOND);
}

#[test]
fn what_lapsed_is_spent_of_the_rate_but_given_back_of_the_quota_once() {
    let cluster = Cluster::of_functions(2, plan("10 1000 100000/day -"), NOON);
    let now = warm_up(&cluster, 0, NOON, 20);
    let held = held(&cluster, 0);
    assert!(held >= 8, "{held}");
    let later = now + LEASE_OVER;
    // The other node drops the share. It cannot know what was not spent.
    assert_eq!(cluster.admitted(1, 1, later), 1);
    assert_eq!(cluster.disk.bucket().quota_reserved, 21 + held);
    // The node itself does, and says so with its next write, but not with those after it.
    assert_eq!(cluster.admitted(0, 1, later), 1);
    for node in [0, 1, 0, 1] {
        cluster.houses[node].settle(later);
        assert_eq!(cluster.admitted(node, 1, later), 1);
    }
    cluster.houses[0].settle(later);
    cluster.houses[1].settle(later);
    assert_eq!(cluster.disk.bucket().quota_reserved, 26, "the calls that were admitted, and nothing else");
}

/// A node that held some of a quota gives it back, and is not told that it has; the write lands before or after the
/// node has looked.
#[test]
fn what_was_given_back_without_an_answer_is_not_given_back_again() {
    for lands_late in [false, true] {
        let cluster = Cluster::of_functions(2, plan("10 1000 100000/day -"), NOON);
        let now = warm_up(&cluster, 0, NOON, 20);
        assert!(held(&cluster, 0) >= 8);
        // From now on node 0 knows that it is not alone, and reads the record before it writes.
        assert_eq!(cluster.admitted(1, 1, now), 1);
        let house = &cluster.houses[0];
        house.account().learn(cluster.disk.read(), at(now));
        let unanswered = house.account().settlement(at(now)).unwrap();
        if lands_late {
            house.account().learn(cluster.disk.read(), at(now));
        }
        assert!(cluster.disk.write(&unanswered));
        drop(unanswered);
        assert_eq!(cluster.admitted(0, 1, now), 1);
        house.settle(now);
        assert_eq!(cluster.disk.bucket().quota_reserved, 22, "late: {lands_late}");
    }
}

#[test]
fn what_a_sole_node_left_behind_is_spent_when_others_take_its_store_over() {
    let alone = House::open(plan("50 100 - -"), NOON);
    assert_eq!(alone.admitted(1, NOON), 1);
    let cluster = Cluster::over(alone.disk, 2, plan("50 100 - -"), NOON);
    assert_eq!(cluster.admitted(0, 200, NOON), 50, "fifty were leased");
    assert_eq!(cluster.admitted(0, 200, NOON + 2 * SECOND), 100);
}

#[test]
fn whoever_always_asks_last_has_a_share_too() {
    for terms in ["1000 2000 - -", "100 100 - -", "20 40 - -"] {
        let cluster = Cluster::of_functions(3, plan(terms), NOON);
        let mut admitted = [0; 3];
        for millis in 0..60_000 {
            for (node, admitted) in admitted.iter_mut().enumerate() {
                *admitted += cluster.admitted(node, 1, NOON + millis * SECOND / 1_000);
            }
        }
        let all: usize = admitted.iter().sum();
        assert!(admitted.iter().all(|share| share * 8 >= all), "{terms}: {admitted:?}");
    }
}

#[test]
fn places_in_flight_are_shared_out() {
    let cluster = Cluster::of_functions(3, plan("1000 1000 - 7"), NOON);
    let alone: Vec<_> = (0..7).map(|_| cluster.houses[0].call(NOON).unwrap()).collect();
    assert!(cluster.houses[0].call(NOON).is_err(), "a node that is alone has all of them");
    drop(alone);
    for node in [1, 2, 0, 1, 2, 0] {
        // Each comes to know of the others with a lease.
        cluster.houses[node].settle(NOON);
        assert_eq!(cluster.admitted(node, 1, NOON), 1);
    }
    let mut permits = vec![];
    for house in &cluster.houses {
        house.settle(NOON);
        permits.extend([house.call(NOON).unwrap(), house.call(NOON).unwrap()]);
    }
    for house in &cluster.houses {
        let refused = house.call(NOON).unwrap_err().refusal;
        assert!(matches!(refused, ThrottleRefusal::TooManyInFlight { limit: 7, .. }), "{refused:?}");
    }
}

#[test]
fn beyond_64_nodes_calls_are_admitted_one_by_one_and_the_burst_holds() {
    let cluster = Cluster::of_functions(70, plan("0.000001 200 - -"), NOON);
    let mut admitted = 0;
    for node in 0..70 {
        admitted += cluster.admitted(node, 1, NOON);
    }
    assert_eq!(admitted, 70);
    assert_eq!(cluster.disk.bucket().shares.len(), 64);
    let writes = cluster.disk.writes_tried();
    assert_eq!(cluster.admitted(69, 10, NOON), 10);
    assert_eq!(cluster.disk.writes_tried(), writes + 10, "a node that is not on the list holds nothing");
    for node in 0..70 {
        admitted += cluster.admitted(node, 50, NOON);
    }
    assert!(admitted + 10 <= 200, "{admitted}");
    assert!(admitted + 10 >= 136, "{admitted}: all but what nodes hold that were not asked again");
    // Whoever writes after their time drops them all.
    assert_eq!(cluster.admitted(69, 1, NOON + LEASE_OVER), 0);
    cluster.houses[69].settle(NOON + LEASE_OVER);
    assert!(cluster.disk.bucket().shares.len() <= 64);
}

#[test]
fn a_node_that_took_ahead_leaves_room_for_one_that_comes() {
    let cluster = Cluster::of_functions(2, plan("100 40 - -"), NOON);
    let mut now = NOON;
    let mut alone = 0;
    for _ in 0..200 {
        now += SECOND / 100;
        alone += cluster.admitted(0, 1, now);
    }
    assert_eq!(alone, 200, "the whole rate");
    assert!(cluster.disk.writes_tried() <= 20, "{}", cluster.disk.writes_tried());
    let (mut first, mut second) = (0, 0);
    for round in 0..400 {
        now += SECOND / 100;
        // Whoever asks first has the one token that there is.
        for node in [round % 2, (round + 1) % 2] {
            let came_in = cluster.admitted(node, 1, now);
            *(if node == 0 { &mut first } else { &mut second }) += came_in;
        }
    }
    assert!(first + second <= 440, "{first} and {second}: the burst, and four seconds of the rate");
    assert!(first + second >= 370, "{first} and {second}");
    assert!(second >= 30, "{second} of 400 for the one that came");
}

/// What a frozen node holds does not drain until it lapses, 16 seconds later. That must not be the whole bucket.
#[test]
fn a_node_that_is_frozen_leaves_half_of_the_bucket_to_the_others() {
    for terms in ["100 20 - -", "50 10 - -", "10 5 - -"] {
        let cluster = Cluster::of_functions(2, plan(terms), NOON);
        let mut now = NOON;
        for _ in 0..2_000 {
            now += SECOND / 100;
            cluster.admitted(0, 1, now);
        }
        // Node 0 is asked no more. A second later the rate is node 1's, call for call.
        now += SECOND;
        let rate: usize = terms.split(' ').next().unwrap().parse().unwrap();
        let begun = now;
        let mut admitted = 0;
        while now < begun + SECOND * 10 {
            admitted += cluster.admitted(1, 1, now);
            now += SECOND / 200;
        }
        assert!(admitted >= rate * 9, "{terms}: {admitted} in ten seconds");
    }
}

#[test]
fn a_node_that_comes_to_one_that_uses_all_of_the_plan_gets_its_part() {
    let cluster = Cluster::of_functions(2, plan("100 40 - -"), NOON);
    let (mut now, mut admitted) = (NOON, 0);
    for round in 0..2_400 {
        now += SECOND / 200;
        cluster.admitted(0, 3, now);
        if round >= 400 {
            admitted += cluster.admitted(1, 3, now);
        }
    }
    assert!(admitted >= 250, "{admitted} of a thousand in ten seconds");
}

#[test]
fn the_last_calls_of_a_quota_are_had_one_by_one_by_whoever_asks() {
    let cluster = Cluster::of_functions(3, plan("1000 1000 250/day -"), NOON);
    let mut admitted = 0;
    for round in 0..200 {
        for node in 0..3 {
            admitted += cluster.admitted(node, 1, NOON + round * SECOND / 10);
        }
    }
    assert_eq!(admitted, 250);
}
