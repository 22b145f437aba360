//! Many gates over one record, and a ledger of what they admitted together.

use skybridge_domain::id::Randomness;
use skybridge_domain::plan::{Plan, Rate};
use skybridge_gate::{Node, Permit};

use crate::kit::{Disk, House};

/// Gates that share one record.
pub(crate) struct Cluster {
    pub(crate) disk: Disk,
    pub(crate) houses: Vec<House>,
    pub(crate) plan: Plan,
    kind: fn(&dyn Randomness) -> Node,
    /// How many nodes there ever were.
    born: u64,
}

/// Bytes that say which of the nodes it is.
struct Numbered(u64);

impl Randomness for Numbered {
    fn fill(&self, bytes: &mut [u8]) {
        bytes[..8].copy_from_slice(&self.0.to_be_bytes());
    }
}

impl Cluster {
    pub(crate) fn of_functions(nodes: usize, plan: Plan, now: u64) -> Self {
        Self::over(Disk::default(), nodes, plan, now)
    }

    /// Functions, over a record that was used before.
    pub(crate) fn over(disk: Disk, nodes: usize, plan: Plan, now: u64) -> Self {
        Self::open(disk, Node::function, nodes, plan, now)
    }

    pub(crate) fn of_servers(nodes: usize, plan: Plan, now: u64) -> Self {
        Self::open(Disk::default(), Node::server, nodes, plan, now)
    }

    fn open(disk: Disk, kind: fn(&dyn Randomness) -> Node, nodes: usize, plan: Plan, now: u64) -> Self {
        let mut cluster = Self { disk, houses: vec![], plan, kind, born: 0 };
        for _ in 0..nodes {
            cluster.add(now);
        }
        cluster
    }

    /// Another node comes.
    pub(crate) fn add(&mut self, now: u64) {
        let house = self.new_house(now);
        self.houses.push(house);
    }

    fn new_house(&mut self, now: u64) -> House {
        self.born += 1;
        let node = (self.kind)(&Numbered(self.born));
        House::over(self.disk.clone(), node, self.plan.clone(), now)
    }

    /// The node dies, and another one comes in its place.
    pub(crate) fn crash(&mut self, node: usize, now: u64) {
        self.houses[node] = self.new_house(now);
    }

    /// How many of `calls` calls at `node` come in.
    pub(crate) fn admitted(&self, node: usize, calls: usize, now: u64) -> usize {
        self.houses[node].admitted(calls, now)
    }

    /// All nodes hear of another plan.
    pub(crate) fn change_plan(&mut self, plan: Plan, now: u64) {
        for house in &mut self.houses {
            house.change_plan(plan.clone(), now);
        }
        self.plan = plan;
    }

    /// What servers do every second.
    pub(crate) fn return_idle(&self, now: u64) {
        for house in &self.houses {
            if house.is_idle(now) {
                house.settle(now);
            }
        }
    }
}

/// What came in, and when.
#[derive(Default)]
pub(crate) struct Ledger {
    /// The moment of each call, the end of the quota's window that it counts in, and what it costs.
    calls: Vec<(u64, u64, u64)>,
}

impl Ledger {
    /// A call came in at `moment`.
    pub(crate) fn enter(&mut self, moment: u64, permit: &Permit) {
        let window_ends = permit.pace().quota().map_or(0, |quota| quota.resets_at.as_nanos());
        self.calls.push((moment, window_ends, permit.pace().cost()));
    }

    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }

    /// When each call came in.
    pub(crate) fn moments(self) -> Vec<u64> {
        self.calls.into_iter().map(|call| call.0).collect()
    }

    /// Looks at every window between two calls by itself: no arithmetic of the gate's is used. Returns the most that
    /// any window had above the rate, in calls, which is to be at most the burst.
    fn most_above(&mut self, rate: Rate) -> f64 {
        self.calls.sort_unstable();
        let per_nano = rate.millionths() as f64 / 1e15;
        let begin = self.calls.first().map_or(0, |call| call.0);
        // A window from call i to call j holds what they and those between cost. Of all beginnings the best one so far
        // is kept.
        let mut best = f64::MIN;
        let (mut most, mut before) = (0_f64, 0_u64);
        for (moment, _, cost) in &self.calls {
            let refilled = (moment - begin) as f64 * per_nano;
            best = best.max(refilled - before as f64);
            before += cost;
            most = most.max(before as f64 - refilled + best);
        }
        most
    }

    /// The rate and burst hold in every window, but for `apart` nanoseconds by which clocks differ.
    pub(crate) fn check_bucket(&mut self, rate: Rate, burst: u32, apart: u64, what: &str) {
        let most = self.most_above(rate);
        let allowed = f64::from(burst) + apart as f64 * rate.millionths() as f64 / 1e15;
        assert!(most <= allowed + 1e-3, "{what}: {most} calls above the rate, {allowed} are allowed");
    }

    /// The plan holds in every window, but for `apart` nanoseconds by which clocks differ.
    pub(crate) fn check(&mut self, plan: &Plan, apart: u64, what: &str) {
        self.check_bucket(plan.rate(), plan.burst(), apart, what);
        let Some(quota) = plan.quota() else { return };
        self.calls.sort_unstable_by_key(|call| call.1);
        for window in self.calls.chunk_by(|one, other| one.1 == other.1) {
            let (used, limit) = (window.iter().map(|call| call.2).sum::<u64>(), quota.limit());
            assert!(used <= limit, "{what}: {used} calls of a quota of {limit}");
        }
    }
}

/// Chance that follows from a seed (splitmix64).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(crate) fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap()
    }
}
