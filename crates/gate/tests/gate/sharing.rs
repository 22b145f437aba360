//! Random lives of many nodes on one record: whatever happens to them, all that they admit together keeps to the plan.

use skybridge_domain::plan::Plan;
use skybridge_gate::{Admission, Draft, LeaseRequest, Permit};

use crate::cluster::{Chance, Cluster, Ledger};
use crate::kit::{HOUR, NOON, SECOND, at, plan};

/// Who waits for a draft to be written.
enum Waiting {
    /// A call, since the moment at which it asked.
    Call(LeaseRequest, u64),
    Nobody,
}

/// How far a node is with a draft. While it has one, it takes no other.
enum Stage {
    Drafted(Waiting, Draft),
    Written(Waiting, Draft),
}

/// A life of some nodes.
struct Life {
    cluster: Cluster,
    stages: Vec<Option<Stage>>,
    /// Drafts that their nodes gave up, and that may be written yet.
    limbo: Vec<Draft>,
    chance: Chance,
    true_time: u64,
    /// By how much each node's clock is ahead.
    ahead: Vec<u64>,
    ledger: Ledger,
}

impl Life {
    fn new(terms: &str, nodes: usize, apart: u64, seed: u64) -> Self {
        let mut chance = Chance(seed);
        let ahead = (0..nodes).map(|node| if node == 0 { 0 } else { chance.below(apart + 1) }).collect();
        let cluster = if seed.is_multiple_of(2) {
            Cluster::of_functions(nodes, plan(terms), NOON)
        } else {
            Cluster::of_servers(nodes, plan(terms), NOON)
        };
        let stages = (0..nodes).map(|_| None).collect();
        Self { cluster, stages, limbo: vec![], chance, true_time: NOON, ahead, ledger: Ledger::default() }
    }

    fn clock(&self, node: usize) -> u64 {
        self.true_time + self.ahead[node]
    }

    fn step(&mut self) {
        let node = self.chance.index(self.ahead.len());
        match self.chance.below(100) {
            0..40 => {
                for _ in 0..=self.chance.below(30) {
                    self.call(node);
                }
            }
            40..60 => self.proceed(node),
            60..80 => self.pass(),
            80..84 => self.draft_renewal(node),
            84..88 => self.draft_settlement(node),
            88..91 => self.cluster.return_idle(self.true_time),
            91..94 => self.land(),
            94..97 => {
                self.stages[node] = None;
                self.cluster.crash(node, self.clock(node));
            }
            _ => {
                self.stages[node] = None;
                self.cluster.houses[node].settle(self.clock(node));
            }
        }
    }

    fn pass(&mut self) {
        self.true_time += match self.chance.below(20) {
            0..6 => self.chance.below(SECOND / 100),
            6..14 => self.chance.below(SECOND),
            14..18 => self.chance.below(8 * SECOND),
            18 => self.chance.below(40 * SECOND),
            _ => {
                // To the end of the day, or just before it.
                let day = 24 * HOUR;
                (day - self.true_time % day).saturating_sub(self.chance.below(2) * self.chance.below(SECOND))
            }
        };
    }

    fn call(&mut self, node: usize) {
        let now = self.clock(node);
        let house = &self.cluster.houses[node];
        if self.stages[node].is_none() && self.chance.below(3) > 0 {
            let permit = house.call(now).ok();
            self.enter(self.true_time, permit.as_ref());
            return;
        }
        match house.gate.admit(&house.caller(), at(now)) {
            Admission::Admitted(permit) => self.enter(self.true_time, Some(&permit)),
            Admission::LeaseNeeded(request) if self.stages[node].is_none() => {
                let asked_at = self.true_time;
                if let Some(draft) = house.draft(&request, now) {
                    self.stages[node] = Some(Stage::Drafted(Waiting::Call(request, asked_at), draft));
                }
            }
            Admission::LeaseNeeded(_) | Admission::Refused(_) => {}
        }
    }

    fn enter(&mut self, moment: u64, permit: Option<&Permit>) {
        if let Some(permit) = permit {
            self.ledger.enter(moment, permit);
        }
    }

    fn draft_renewal(&mut self, node: usize) {
        let (now, house) = (self.clock(node), &self.cluster.houses[node]);
        if self.stages[node].is_none() {
            house.read_if_needed(now);
            let draft = house.account().renewal(at(now));
            self.stages[node] = draft.map(|draft| Stage::Drafted(Waiting::Nobody, draft));
        }
    }

    fn draft_settlement(&mut self, node: usize) {
        let (now, house) = (self.clock(node), &self.cluster.houses[node]);
        if self.stages[node].is_none() {
            house.read_if_needed(now);
            let draft = house.account().settlement(at(now));
            self.stages[node] = draft.map(|draft| Stage::Drafted(Waiting::Nobody, draft));
        }
    }

    /// A draft is written, or its answer comes; each may fail.
    fn proceed(&mut self, node: usize) {
        let now = self.clock(node);
        match self.stages[node].take() {
            None => {}
            // Given up, for want of an answer. It may be written later.
            Some(Stage::Drafted(_, draft)) if self.chance.below(6) == 0 => self.limbo.push(draft),
            Some(Stage::Drafted(waiting, draft)) => {
                if !self.cluster.disk.write(&draft) {
                    self.cluster.houses[node].account().learn(self.cluster.disk.read(), at(now));
                } else if self.chance.below(6) > 0 {
                    self.stages[node] = Some(Stage::Written(waiting, draft));
                } // Else it is written, and the answer is lost.
            }
            Some(Stage::Written(Waiting::Call(request, asked_at), draft)) => {
                let permit = request.granted(draft, at(now));
                self.enter(asked_at, permit.as_ref());
            }
            Some(Stage::Written(Waiting::Nobody, draft)) => {
                draft.written();
            }
        }
    }

    /// A draft that was given up is written after all, if it still can be.
    fn land(&mut self) {
        if !self.limbo.is_empty() {
            let draft = self.limbo.swap_remove(self.chance.index(self.limbo.len()));
            self.cluster.disk.write(&draft);
        }
    }
}

const PLANS: [&str; 8] = [
    "1000 2000 100000/day -",
    "100 20 5000/day -",
    "20 200 1000/day -",
    "7 3 200/day -",
    "1 1 90/day -",
    "0.01 30 60/day -",
    "300 1 - -",
    "0.001 100 - -",
];

fn live(terms: &str, nodes: usize, apart: u64, seed: u64, steps: usize) -> usize {
    let mut life = Life::new(terms, nodes, apart, seed);
    for _ in 0..steps {
        life.step();
    }
    life.ledger.check(&plan(terms), apart, &format!("{terms}, {nodes} nodes, seed {seed}"));
    life.ledger.len()
}

/// Crashes, freezes longer than a lease, answers that are lost, writes that land long after they were given up,
/// graceful stops, days that end.
#[test]
fn whatever_happens_to_nodes_their_calls_together_keep_to_the_plan() {
    for terms in PLANS {
        for nodes in [1, 2, 3, 8] {
            let admitted: usize = (0..5).map(|seed| live(terms, nodes, 0, seed, 1_000)).sum();
            assert!(admitted > 100, "{terms}, {nodes} nodes: only {admitted} calls came in at all");
        }
    }
}

#[test]
fn clocks_that_are_apart_cost_what_is_refilled_in_between_and_no_more() {
    for terms in PLANS {
        for apart in [SECOND / 100, SECOND / 2, 5 * SECOND] {
            for seed in 0..4 {
                live(terms, 3, apart, seed, 1_000);
            }
        }
    }
}

/// A bucket in calls and by true time, under one plan after another.
struct Bucket {
    plan: Plan,
    level: f64,
    looked_at: u64,
    /// The fastest rate since the last call, in calls per nanosecond: a change under which nobody called may never
    /// have reached the record.
    fastest: f64,
}

fn per_nano(plan: &Plan) -> f64 {
    plan.rate().millionths() as f64 / 1e15
}

impl Bucket {
    fn pass_until(&mut self, moment: u64) {
        self.level = (self.level - (moment - self.looked_at) as f64 * self.fastest).max(0.0);
        self.looked_at = moment;
    }

    fn enter(&mut self, moment: u64, what: &str) {
        self.pass_until(moment);
        self.level += 1.0;
        self.fastest = per_nano(&self.plan);
        assert!(
            self.level <= f64::from(self.plan.burst()) + 1e-3,
            "{what}: {} calls in the bucket",
            self.level
        );
    }

    fn change(&mut self, plan: Plan, moment: u64) {
        self.pass_until(moment);
        self.level = self.level.min(f64::from(plan.burst()));
        self.fastest = self.fastest.max(per_nano(&plan));
        self.plan = plan;
    }
}

#[test]
fn plans_that_change_hold_from_then_on_over_all_nodes() {
    for seed in 0..25 {
        let what = format!("seed {seed}");
        let mut life = Life::new(PLANS[0], 3, 0, seed);
        let first = plan(PLANS[0]);
        let fastest = per_nano(&first);
        let mut bucket = Bucket { plan: first, level: 0.0, looked_at: NOON, fastest };
        for _ in 0..60 {
            for _ in 0..20 {
                life.step();
            }
            let which = life.chance.index(PLANS.len());
            if life.cluster.plan == plan(PLANS[which]) {
                continue;
            }
            // A call that waits for a draft is not admitted once the plan is another one, so none comes in later that
            // counts from before.
            let mut calls = std::mem::take(&mut life.ledger).moments();
            calls.sort_unstable();
            for moment in calls {
                bucket.enter(moment, &what);
            }
            life.cluster.change_plan(plan(PLANS[which]), life.true_time);
            bucket.change(plan(PLANS[which]), life.true_time);
        }
    }
}
