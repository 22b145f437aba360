//! Random lives of many nodes on one record: whatever happens to them, all that they admit together keeps to the plan.

use skybridge_domain::operation::Operation;
use skybridge_domain::plan::{Plan, RoutePace};
use skybridge_gate::{Account, Admission, Draft, LeaseRequest, Permit};

use crate::cluster::{Chance, Cluster, Ledger};
use crate::kit::{HOUR, NOON, SECOND, at, plain, plan, plan_with};

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
    /// Half of the calls are of this route, if there is one with a rule; and what they took from its own bucket.
    route: Option<Operation>,
    of_route: Ledger,
}

impl Life {
    fn new(plan: Plan, nodes: usize, apart: u64, seed: u64) -> Self {
        let route = plan.routes().first().map(|rule| rule.operation.clone());
        let mut chance = Chance(seed);
        let ahead = (0..nodes).map(|node| if node == 0 { 0 } else { chance.below(apart + 1) }).collect();
        let cluster = if seed.is_multiple_of(2) {
            Cluster::of_functions(nodes, plan, NOON)
        } else {
            Cluster::of_servers(nodes, plan, NOON)
        };
        let stages = (0..nodes).map(|_| None).collect();
        let (ledger, of_route) = (Ledger::default(), Ledger::default());
        Self { cluster, stages, limbo: vec![], chance, true_time: NOON, ahead, ledger, route, of_route }
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
        let operation = self.route.clone().filter(|_| self.chance.below(2) == 0).unwrap_or_else(plain);
        let house = &self.cluster.houses[node];
        if self.stages[node].is_none() && self.chance.below(3) > 0 {
            let permit = house.call_of(&operation, now).ok();
            self.enter([self.true_time; 2], permit.as_ref());
            return;
        }
        match house.ask_for(&operation, now) {
            Admission::Admitted(permit) => self.enter([self.true_time; 2], Some(&permit)),
            Admission::LeaseNeeded(request) if self.stages[node].is_none() => {
                let asked_at = self.true_time;
                if let Some(draft) = house.draft(&request, now) {
                    self.stages[node] = Some(Stage::Drafted(Waiting::Call(request, asked_at), draft));
                }
            }
            Admission::LeaseNeeded(_) | Admission::Refused(_) => {}
        }
    }

    /// A call counts from one moment for the plan, and from another for its route, if it waited for one of them.
    fn enter(&mut self, [of_plan, of_route]: [u64; 2], permit: Option<&Permit>) {
        let Some(permit) = permit else { return };
        self.ledger.enter(of_plan, permit);
        if permit.pace().route().is_some() {
            self.of_route.enter(of_route, permit);
        }
    }

    fn any_account(&mut self, node: usize) -> Account {
        let mut accounts = self.cluster.houses[node].accounts();
        accounts.swap_remove(self.chance.index(accounts.len()))
    }

    fn draft_renewal(&mut self, node: usize) {
        let (now, account) = (self.clock(node), self.any_account(node));
        if self.stages[node].is_none() {
            self.cluster.houses[node].bring_up_to_date(&account, now);
            let draft = account.renewal(at(now));
            self.stages[node] = draft.map(|draft| Stage::Drafted(Waiting::Nobody, draft));
        }
    }

    fn draft_settlement(&mut self, node: usize) {
        let (now, account) = (self.clock(node), self.any_account(node));
        if self.stages[node].is_none() {
            self.cluster.houses[node].bring_up_to_date(&account, now);
            let draft = account.settlement(at(now));
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
                    let accounts = self.cluster.houses[node].accounts();
                    let account = accounts.iter().find(|account| account.route() == draft.route()).unwrap();
                    account.learn(self.cluster.disk.read_of(draft.route()), at(now));
                } else if self.chance.below(6) > 0 {
                    self.stages[node] = Some(Stage::Written(waiting, draft));
                } // Else it is written, and the answer is lost.
            }
            Some(Stage::Written(Waiting::Call(request, asked_at), draft)) => {
                let permit = request.granted(draft, at(now));
                let of_route = request.account().route().is_some();
                let moments = if of_route { [self.true_time, asked_at] } else { [asked_at, self.true_time] };
                self.enter(moments, permit.as_ref());
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

/// Plans with a rule for a route: calls that cost much of a fast plan, a slow route in it, a route that is faster than
/// the plan, and one that takes nearly all of the plan's burst or quota.
const RULES: [(&str, &str); 6] = [
    ("1000 2000 100000/day -", "POST /dear cost=20 rate=2000 burst=900"),
    ("100 20 5000/day -", "POST /dear cost=2 rate=0.5 burst=6"),
    ("7 30 200/day -", "POST /dear cost=3 rate=50 burst=40"),
    ("20 10 - -", "POST /dear cost=9 rate=15 burst=9"),
    ("50 100 60/day -", "POST /dear cost=50 rate=10 burst=60"),
    ("0.01 30 - -", "POST /dear cost=5"),
];

fn live(plan: &Plan, nodes: usize, apart: u64, seed: u64, steps: usize) -> usize {
    let mut life = Life::new(plan.clone(), nodes, apart, seed);
    for _ in 0..steps {
        life.step();
    }
    let what = format!("{plan:?}, {nodes} nodes, seed {seed}");
    life.ledger.check(plan, apart, &what);
    if let Some(RoutePace { rate, burst }) = plan.routes().first().and_then(|rule| rule.pace) {
        life.of_route.check_bucket(rate, burst, apart, &what);
    }
    life.ledger.len()
}

#[test]
fn costs_and_routes_keep_to_their_limits_over_all_nodes() {
    for (terms, rule) in RULES {
        for nodes in [1, 2, 3, 8] {
            let plan = plan_with(terms, &[rule]);
            let admitted: usize = (0..5).map(|seed| live(&plan, nodes, 0, seed, 1_000)).sum();
            assert!(admitted > 20, "{terms}, {nodes} nodes: only {admitted} calls came in at all");
        }
        for seed in 0..4 {
            live(&plan_with(terms, &[rule]), 3, SECOND / 2, seed, 1_000);
        }
    }
}

/// Crashes, freezes longer than a lease, answers that are lost, writes that land long after they were given up,
/// graceful stops, days that end.
#[test]
fn whatever_happens_to_nodes_their_calls_together_keep_to_the_plan() {
    for terms in PLANS {
        for nodes in [1, 2, 3, 8] {
            let admitted: usize = (0..5).map(|seed| live(&plan(terms), nodes, 0, seed, 1_000)).sum();
            assert!(admitted > 100, "{terms}, {nodes} nodes: only {admitted} calls came in at all");
        }
    }
}

#[test]
fn clocks_that_are_apart_cost_what_is_refilled_in_between_and_no_more() {
    for terms in PLANS {
        for apart in [SECOND / 100, SECOND / 2, 5 * SECOND] {
            for seed in 0..4 {
                live(&plan(terms), 3, apart, seed, 1_000);
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
        let mut life = Life::new(plan(PLANS[0]), 3, 0, seed);
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
