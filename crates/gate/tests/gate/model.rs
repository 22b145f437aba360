//! Random lives of an agency, compared with a plan kept by hand.

use proptest::prelude::*;
use skybridge_domain::plan::Plan;
use skybridge_gate::{Admission, Draft, LeaseRequest, Permit, ThrottleRefusal};

use crate::kit::{HOUR, House, NOON, SECOND, at, plan};

/// One thing that happens to an agency.
#[derive(Debug, Clone)]
enum Happening {
    Calls(usize),
    /// Time passes.
    Pass(u64),
    /// Time passes until this many nanoseconds before (or, at 0, exactly to) the next midnight.
    PassUntilMidnight(u64),
    ClockStepsBack(u64),
    Crash,
    GracefulRestart,
    ChangePlan(usize),
    ChangePlanAndCrash(usize, u64),
    /// A draft is taken and kept; what becomes of it happens later, or never.
    AskForLease,
    /// The oldest draft that was kept is written, if its record may still be replaced.
    WriteLease,
    /// The oldest draft that was written is granted.
    GrantLease,
}

const PLANS: [&str; 5] =
    ["7 3 20/day -", "0.01 5 20/day -", "300 40 600/day -", "1000 1000 2000/day -", "3 2 9/day -"];

fn passing() -> impl Strategy<Value = u64> {
    prop_oneof![0..5_u64, 0..SECOND / 50, 0..3 * SECOND, 0..400 * SECOND, 0..9 * HOUR]
}

fn happening() -> impl Strategy<Value = Happening> {
    use Happening::*;
    prop_oneof![
        8 => (1..60_usize).prop_map(Calls),
        6 => passing().prop_map(Pass),
        1 => (0..3_u64).prop_map(PassUntilMidnight),
        1 => (0..120 * SECOND).prop_map(ClockStepsBack),
        2 => Just(Crash),
        1 => Just(GracefulRestart),
        2 => (0..PLANS.len()).prop_map(ChangePlan),
        1 => (0..PLANS.len(), passing()).prop_map(|(which, later)| ChangePlanAndCrash(which, later)),
        2 => Just(AskForLease),
        2 => Just(WriteLease),
        2 => Just(GrantLease),
    ]
}

/// What the plan allows at most, kept by hand: a bucket in calls, emptied by true time, and a count per day.
///
/// Another plan is in the record before the first call under it is admitted. So a crash can forget that a plan was in
/// force under which nobody called: the bucket then emptied at the fastest of the rates since the last call.
struct Ledger {
    plan: Plan,
    /// The fastest rate since the last call, in millionths of a call per second.
    fastest: u64,
    /// Calls in the bucket.
    level: f64,
    /// True time of the last look at the bucket, which no clock can step back.
    looked_at: u64,
    day_ends: u64,
    used: u64,
}

impl Ledger {
    fn pass_until(&mut self, true_time: u64) {
        let seconds = (true_time - self.looked_at) as f64 / 1e9;
        self.level = (self.level - seconds * self.fastest as f64 / 1e6).max(0.0);
        self.looked_at = true_time;
    }

    fn change(&mut self, plan: Plan, true_time: u64) {
        self.pass_until(true_time);
        self.level = self.level.min(f64::from(plan.burst()));
        self.fastest = self.fastest.max(plan.rate().millionths());
        self.plan = plan;
    }

    fn enter(&mut self, true_time: u64, day_ends: u64) {
        self.pass_until(true_time);
        self.fastest = self.plan.rate().millionths();
        self.level += 1.0;
        assert!(
            self.level <= f64::from(self.plan.burst()) + 1e-6,
            "rate exceeded: {} calls in the bucket",
            self.level
        );
        assert!(day_ends >= self.day_ends, "a day that was over is used again");
        if day_ends > self.day_ends {
            (self.day_ends, self.used) = (day_ends, 0);
        }
        self.used += 1;
        let limit = self.plan.quota().unwrap().limit();
        assert!(self.used <= limit, "quota exceeded: {} of {limit}", self.used);
    }
}

/// An agency's life: the house, the true time and how far the clock is behind it.
struct Life {
    house: House,
    ledger: Ledger,
    true_time: u64,
    behind: u64,
    asked: Vec<(LeaseRequest, Draft)>,
    written: Vec<(LeaseRequest, Draft)>,
}

impl Life {
    fn new(first: &str) -> Self {
        let fastest = plan(first).rate().millionths();
        let ledger = Ledger { plan: plan(first), fastest, level: 0.0, looked_at: NOON, day_ends: 0, used: 0 };
        let house = House::open(plan(first), NOON);
        Self { house, ledger, true_time: NOON, behind: 0, asked: vec![], written: vec![] }
    }

    fn clock(&self) -> u64 {
        self.true_time - self.behind
    }

    fn happen(&mut self, happening: &Happening) {
        match *happening {
            Happening::Calls(calls) => (0..calls).for_each(|_| self.call()),
            Happening::Pass(nanos) => self.true_time += nanos,
            Happening::PassUntilMidnight(before) => {
                let day = 24 * HOUR;
                self.true_time += (day - self.clock() % day).saturating_sub(before);
            }
            Happening::ClockStepsBack(nanos) => self.behind += nanos,
            Happening::Crash => {
                self.forget_leases();
                self.house.crash(self.clock());
            }
            Happening::GracefulRestart => {
                self.forget_leases();
                self.house.restart(self.clock());
            }
            Happening::ChangePlan(which) => {
                self.house.change_plan(plan(PLANS[which]), self.clock());
                self.ledger.change(plan(PLANS[which]), self.true_time);
            }
            Happening::ChangePlanAndCrash(which, nanos) => {
                self.house.change_plan(plan(PLANS[which]), self.clock());
                self.ledger.change(plan(PLANS[which]), self.true_time);
                self.true_time += nanos;
                self.forget_leases();
                self.house.crash(self.clock());
            }
            Happening::AskForLease => {
                if let Admission::LeaseNeeded(request) = self.admit_by_hand()
                    && let Some(draft) = self.house.draft(&request, self.clock())
                {
                    self.asked.push((request, draft));
                }
            }
            Happening::WriteLease => {
                if !self.asked.is_empty() {
                    let (request, draft) = self.asked.remove(0);
                    if self.house.disk.write(&draft) {
                        self.written.push((request, draft));
                    }
                }
            }
            Happening::GrantLease => {
                if !self.written.is_empty() {
                    let (request, draft) = self.written.remove(0);
                    let permit = request.granted(draft, at(self.clock()));
                    self.count(permit.as_ref());
                }
            }
        }
    }

    /// A call without anybody who writes leases for it; if it comes in, it counts.
    fn admit_by_hand(&mut self) -> Admission {
        let admission = self.house.ask(self.clock());
        if let Admission::Admitted(permit) = &admission {
            self.count(Some(permit));
        }
        admission
    }

    fn call(&mut self) {
        let permit = self.house.call(self.clock());
        self.count(permit.as_ref().ok());
    }

    /// Counts a call that came in, if it did.
    fn count(&mut self, permit: Option<&Permit>) {
        let Some(permit) = permit else { return };
        let day_ends = permit.pace().quota().unwrap().resets_at.as_nanos();
        assert!(day_ends > self.clock(), "counted on a day that is over");
        self.ledger.enter(self.true_time, day_ends);
    }

    fn forget_leases(&mut self) {
        self.asked.clear();
        self.written.clear();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Crashes at any point, graceful stops, other plans, clocks that step back, days that end, leases that come
    /// late or never: the plan is never exceeded.
    #[test]
    fn whatever_happens_the_plan_is_never_exceeded(
        first in 0..PLANS.len(),
        happenings in prop::collection::vec(happening(), 1..80),
    ) {
        let mut life = Life::new(PLANS[first]);
        for happening in &happenings {
            life.happen(happening);
        }
    }

    /// Undisturbed, the gate admits exactly what a bucket filled nanosecond by nanosecond admits, and no less; and
    /// what it says of when to retry is exact.
    #[test]
    fn undisturbed_the_plan_is_granted_to_the_nanosecond(
        terms in prop::sample::select(PLANS.to_vec()),
        steps in prop::collection::vec((passing(), 1..30_usize), 1..60),
    ) {
        let house = House::open(plan(terms), NOON);
        let (interval, burst, quota) = {
            let plan = plan(terms);
            (plan.rate().interval_nanos(), u64::from(plan.burst()), plan.quota().unwrap())
        };
        let (mut now, mut looked_at, mut tokens) = (NOON, NOON, burst * interval);
        let (mut day, mut used) = (quota.window(at(NOON)), 0);
        for (nanos, calls) in steps {
            now += nanos;
            for _ in 0..calls {
                tokens = (tokens + (now - looked_at)).min(burst * interval);
                looked_at = now;
                if quota.window(at(now)) != day {
                    (day, used) = (quota.window(at(now)), 0);
                }
                let fits = tokens >= interval && used < quota.limit();
                match house.call(now) {
                    Ok(_) => {
                        prop_assert!(fits, "admitted too much");
                        (tokens, used) = (tokens - interval, used + 1);
                    }
                    Err(refused) => {
                        prop_assert!(!fits, "refused what the plan admits: {refused:?}");
                        let bucket = now + interval.saturating_sub(tokens);
                        let expected = match refused.refusal {
                            ThrottleRefusal::QuotaExceeded { .. } => day.end.as_nanos(),
                            _ => bucket,
                        };
                        prop_assert_eq!(refused.refusal.retry_at(), at(expected));
                        prop_assert!(expected >= bucket);
                    }
                }
            }
        }
    }
}
