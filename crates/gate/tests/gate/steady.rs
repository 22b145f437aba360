//! What sharing costs: what of a plan can be used by many nodes, and how many writes that takes.

use crate::cluster::{Chance, Cluster};
use crate::kit::{NOON, SECOND, plan};

/// What one gate that knows all would have admitted.
struct Ideal {
    interval: u64,
    fill: u64,
    tat: u64,
}

impl Ideal {
    fn of(terms: &str) -> Self {
        let plan = plan(terms);
        let interval = plan.rate().interval_nanos();
        Self { interval, fill: interval * u64::from(plan.burst()), tat: 0 }
    }

    fn admits(&mut self, now: u64) -> bool {
        let tat = self.tat.max(now) + self.interval;
        let fits = tat - now <= self.fill;
        if fits {
            self.tat = tat;
        }
        fits
    }
}

/// How a plan was used.
#[derive(Debug)]
struct Use {
    /// Calls that came in.
    admitted: u64,
    /// Calls that one gate that knows all would have let in.
    ideal: u64,
    writes: u64,
}

/// Drives `cluster` for `seconds` with `demand` percent of the plan's rate, at times that chance spreads evenly; each call
/// goes to the node that `route` says.
fn drive(
    cluster: &Cluster,
    terms: &str,
    demand: u64,
    seconds: u64,
    mut route: impl FnMut(&mut Chance, u64) -> usize,
) -> Use {
    let mut ideal = Ideal::of(terms);
    let mut chance = Chance(7);
    let between = plan(terms).rate().interval_nanos() * 100 / demand;
    let (mut admitted, mut expected, mut now, mut swept) = (0, 0, NOON, NOON);
    while now < NOON + seconds * SECOND {
        now += between / 2 + chance.below(between);
        if now - swept >= SECOND {
            swept = now;
            cluster.return_idle(now);
        }
        let node = route(&mut chance, now);
        admitted += cluster.admitted(node, 1, now) as u64;
        expected += u64::from(ideal.admits(now));
    }
    Use { admitted, ideal: expected, writes: cluster.disk.writes_tried() }
}

const PLANS: [&str; 8] = [
    "1000 2000 - -",
    "1000 100 - -",
    "1000 1 - -",
    "100 200 - -",
    "50 100 - -",
    "10 20 - -",
    "10 2 - -",
    "1 5 - -",
];

#[test]
fn steady_demand_finds_at_least_95_percent_of_what_one_gate_would_admit() {
    for terms in PLANS {
        for nodes in [1, 2, 3, 8] {
            for demand in [50, 100, 300] {
                let seconds = if terms.starts_with("1000") { 8 } else { 60 };
                for cluster in [
                    Cluster::of_functions(nodes, plan(terms), NOON),
                    Cluster::of_servers(nodes, plan(terms), NOON),
                ] {
                    let used = drive(&cluster, terms, demand, seconds, |chance, _| chance.index(nodes));
                    let share = used.admitted as f64 / used.ideal as f64;
                    assert!(
                        share >= 0.95,
                        "{terms}, {nodes} nodes, {demand} % demand: {share:.3} of {used:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn at_high_rates_a_write_serves_at_least_twenty_calls() {
    for (terms, nodes) in [
        ("1000 2000 - -", 1),
        ("1000 2000 - -", 2),
        ("1000 2000 - -", 3),
        ("1000 2000 - -", 8),
        ("1000 500 - -", 3),
        ("10000 10000 - -", 8),
    ] {
        for demand in [30, 100, 300] {
            let cluster = Cluster::of_servers(nodes, plan(terms), NOON);
            let used = drive(&cluster, terms, demand, 20, |chance, _| chance.index(nodes));
            let price = used.writes as f64 / used.admitted as f64;
            assert!(price <= 0.05, "{terms}, {nodes} nodes, {demand} % demand: {price:.3}, {used:?}");
        }
    }
}

#[test]
fn demand_that_moves_between_nodes_loses_little() {
    for terms in ["1000 2000 - -", "100 200 - -", "10 20 - -"] {
        let cluster = Cluster::of_servers(3, plan(terms), NOON);
        // Every ten seconds, all calls come to another node.
        let used =
            drive(&cluster, terms, 120, 120, |_, now| usize::try_from(now / (10 * SECOND) % 3).unwrap());
        let share = used.admitted as f64 / used.ideal as f64;
        assert!(share >= 0.95, "{terms}: {share:.3} of {used:?}");
    }
}

#[test]
fn a_refused_call_asks_the_store_nothing_until_there_can_be_something() {
    let cluster = Cluster::of_functions(3, plan("10 20 - -"), NOON);
    let mut admitted = 0;
    for node in [0, 1, 2] {
        admitted += cluster.admitted(node, 1_000, NOON);
    }
    assert_eq!(admitted, 20, "the whole burst, wherever it is asked for");
    let (writes, reads) = (cluster.disk.writes_tried(), cluster.disk.reads());
    for node in [0, 1, 2] {
        assert_eq!(cluster.admitted(node, 1_000, NOON + 1), 0);
        let told = cluster.houses[node].call(NOON + 1).unwrap_err().refusal.retry_at().as_nanos();
        assert!((NOON + SECOND / 10..=NOON + SECOND).contains(&told), "{}", told - NOON);
    }
    assert_eq!((cluster.disk.writes_tried(), cluster.disk.reads()), (writes, reads));
}
