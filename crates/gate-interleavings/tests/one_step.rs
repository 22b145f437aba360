//! The decision on a call is one step, whatever order threads run in: shuttle runs each story in thousands of them.
//!
//! Each story is some threads that call, some that change the plan or give leases back, and a count of what came in.
//! Whatever the order, the count is never above the plan, a call counts against all of its limits or against none,
//! and in the end everything that was in flight has landed.

#![expect(clippy::unwrap_used, reason = "in a test it is the assertion that there is a value")]

use std::net::{IpAddr, Ipv4Addr};

use shuttle::sync::atomic::{AtomicU64, Ordering};
use shuttle::sync::{Arc, Mutex};
use shuttle::thread;
use skybridge_domain::agency::{Agency, AgencyName, Standing};
use skybridge_domain::id::Randomness;
use skybridge_domain::key::{ApiKey, Key, Mode, PepperId, Proof, Scopes};
use skybridge_domain::operation::Operation;
use skybridge_domain::plan::{Plan, PlanName};
use skybridge_domain::time::Timestamp;
use skybridge_gate_interleavings::{
    Account, Admission, Caller, Draft, Gate, Node, Partners, Peppers, Permit, Recorded,
};

/// 2027-03-14T12:00:00Z.
const NOON: Timestamp = Timestamp::from_nanos(1_805_025_600_000_000_000);
const SCHEDULES: usize = 400;

struct Counted;

impl Randomness for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        for (at, byte) in (1_u8..).zip(bytes) {
            *byte = at;
        }
    }
}

/// `rate burst quota in-flight`, each of the latter two `-` for none; and rules for routes.
fn plan(terms: &str, rules: &[&str]) -> Plan {
    let [rate, burst, quota, in_flight] = terms.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let optional = |text| (text != "-").then_some(text);
    let name = PlanName::new("plan").unwrap();
    let quota = optional(quota).map(|text| text.parse().unwrap());
    let in_flight = optional(in_flight).map(|text| text.parse().unwrap());
    let plan = Plan::new(name, rate.parse().unwrap(), burst.parse().unwrap(), quota, in_flight).unwrap();
    plan.with_routes(rules.iter().map(|rule| rule.parse().unwrap()).collect()).unwrap()
}

/// What stands behind the gate: records, and whose turn it is to write them.
struct House {
    gate: Gate,
    key: Key,
    caller: Caller,
    /// Of the agency, and of its routes.
    records: Mutex<Vec<(Option<Operation>, Recorded)>>,
    turn: Mutex<()>,
}

impl House {
    fn open(node: Node, plan: Plan) -> Arc<Self> {
        let peppers = Peppers::new(PepperId::parse("1").unwrap(), [7; 32]);
        let key = ApiKey::generate(Mode::Live, &Counted);
        let hashed = peppers.hash(key.present());
        let record = Key {
            id: key.id(),
            agency: AgencyName::new("PartnerCo").unwrap(),
            mode: Mode::Live,
            name: None,
            scopes: Scopes::ALL,
            allowed_cidrs: vec![],
            proof: Proof::Secret { hash: hashed.hash, pepper_id: hashed.pepper_id },
            created_at: NOON,
            expires_at: None,
            revoked_at: None,
            rotated_at: None,
            replaced_by: None,
            rotated_from: None,
        };
        let gate = Gate::new(peppers, partners(plan, &record), node, NOON).unwrap();
        let home = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let caller = gate.authenticate(key.reveal(), home, NOON).unwrap();
        Arc::new(Self { gate, key: record, caller, records: Mutex::default(), turn: Mutex::default() })
    }

    fn change_plan(&self, plan: Plan) {
        self.gate.replace(partners(plan, &self.key), NOON).unwrap();
    }

    /// One call, as the desk sees to it.
    fn call(&self, operation: &Operation) -> Option<Permit> {
        match self.gate.admit(&self.caller, operation, NOON) {
            Admission::Admitted(permit) => return Some(permit),
            Admission::Refused(_) => return None,
            Admission::LeaseNeeded(_) => {}
        }
        let _turn = self.turn.lock().unwrap();
        for _ in 0..100 {
            match self.gate.admit(&self.caller, operation, NOON) {
                Admission::Admitted(permit) => return Some(permit),
                Admission::Refused(_) => return None,
                Admission::LeaseNeeded(request) => {
                    self.bring_up_to_date(&request.account());
                    let Some(draft) = request.draft(NOON) else { continue };
                    if !self.write(&draft) {
                        self.learn(&request.account());
                    } else if let Some(permit) = request.granted(draft, NOON) {
                        return Some(permit);
                    }
                }
            }
        }
        panic!("a call goes for leases for ever");
    }

    fn settle(&self) {
        let _turn = self.turn.lock().unwrap();
        for account in self.gate.accounts(&self.key.agency) {
            self.bring_up_to_date(&account);
            let Some(draft) = account.settlement(NOON) else { continue };
            if self.write(&draft) {
                draft.written();
            }
        }
    }

    fn bring_up_to_date(&self, account: &Account) {
        if account.must_read() {
            self.learn(account);
        }
    }

    fn learn(&self, account: &Account) {
        let recorded = {
            let records = self.records.lock().unwrap();
            let found = records.iter().find(|(route, _)| route.as_ref() == account.route());
            found.map_or(Recorded { version: 0, bucket: None }, |(_, recorded)| recorded.clone())
        };
        account.learn(recorded, NOON);
    }

    fn write(&self, draft: &Draft) -> bool {
        let mut records = self.records.lock().unwrap();
        let written = Recorded { version: draft.replaces() + 1, bucket: Some(draft.bucket().clone()) };
        match records.iter_mut().find(|(route, _)| route.as_ref() == draft.route()) {
            Some((_, recorded)) if recorded.version == draft.replaces() => *recorded = written,
            None if draft.replaces() == 0 => records.push((draft.route().cloned(), written)),
            Some(_) | None => return false,
        }
        true
    }
}

fn partners(plan: Plan, key: &Key) -> Partners {
    let agency = Agency {
        name: key.agency.clone(),
        plan: plan.name().clone(),
        standing: Standing::Active,
        created_at: NOON,
        demands: skybridge_domain::agency::Demands::default(),
        exceptions: Vec::new(),
    };
    Partners { plans: vec![plan], agencies: vec![agency], keys: vec![key.clone()] }
}

fn operation(text: &str) -> Operation {
    Operation::new(text).unwrap()
}

const DEAR: &str = "POST /dear";
const PLAIN: &str = "GET /plain";

/// Three threads that make `calls` calls each, some of the dear route and some of another, and drop them; beside them
/// one that gives leases back. Gives how many of either came in.
fn run(house: &Arc<House>, dear_callers: usize, plain_callers: usize, calls: usize) -> (u64, u64) {
    let counts = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
    let mut threads = Vec::new();
    for number in 0..dear_callers + plain_callers {
        let (house, counts) = (Arc::clone(house), Arc::clone(&counts));
        threads.push(thread::spawn(move || {
            let dear = number < dear_callers;
            let operation = operation(if dear { DEAR } else { PLAIN });
            for _ in 0..calls {
                if let Some(permit) = house.call(&operation) {
                    let count = if dear { &counts.0 } else { &counts.1 };
                    count.fetch_add(1, Ordering::SeqCst);
                    drop(permit);
                }
            }
        }));
    }
    let settler = Arc::clone(house);
    threads.push(thread::spawn(move || settler.settle()));
    for thread in threads {
        thread.join().unwrap();
    }
    (counts.0.load(Ordering::SeqCst), counts.1.load(Ordering::SeqCst))
}

/// What is used of the plan's bucket, its quota, and the route's bucket; and what is in flight.
fn used(house: &House) -> (u64, u64, u64, u32) {
    let pace = house.gate.pace(&house.caller, &operation(DEAR), NOON);
    let route = pace.route().map_or(0, |route| route.used());
    (pace.burst().used(), pace.quota().map_or(0, |quota| quota.used()), route, pace.in_flight())
}

fn nodes() -> [Node; 2] {
    [Node::sole(), Node::server(&Counted)]
}

#[test]
fn every_call_counts_against_all_limits_or_none() {
    for node in nodes() {
        shuttle::check_random(
            move || {
                let plan = plan("0.000001 9 20/day -", &["POST /dear cost=2 rate=0.000001 burst=5"]);
                let house = House::open(node.clone(), plan);
                let (dear, plain) = run(&house, 2, 1, 2);
                assert!(dear <= 2, "{dear} calls of two tokens out of a burst of five");
                let all = 2 * dear + plain;
                assert_eq!(used(&house), (all, all, 2 * dear, 0));
                // Two dear ones and two plain ones fit, whoever came first.
                assert_eq!((dear, plain), (2, 2));
            },
            SCHEDULES,
        );
    }
}

#[test]
fn the_plan_refuses_what_the_route_would_allow_and_takes_nothing_from_it() {
    for node in nodes() {
        shuttle::check_random(
            move || {
                let plan = plan("0.000001 50 3/day -", &["POST /dear cost=2 rate=0.000001 burst=50"]);
                let house = House::open(node.clone(), plan);
                let (dear, plain) = run(&house, 2, 1, 2);
                let all = 2 * dear + plain;
                assert!((2..=3).contains(&all), "{dear} and {plain} of a quota of three");
                assert_eq!(used(&house), (all, all, 2 * dear, 0));
            },
            SCHEDULES,
        );
    }
}

/// The plan's tokens are held, those of the route are fetched call by call; meanwhile others spend the plan's.
#[test]
fn what_others_spend_while_a_lease_is_written_is_not_spent_again() {
    for node in nodes() {
        shuttle::check_random(
            move || {
                let plan = plan("1000 6 - -", &["POST /dear cost=2 rate=0.000001 burst=50"]);
                let house = House::open(node.clone(), plan);
                let (dear, plain) = run(&house, 2, 1, 4);
                let all = 2 * dear + plain;
                assert!(all <= 6, "{dear} and {plain} out of a burst of six");
                assert_eq!(used(&house), (all, 0, 2 * dear, 0));
            },
            SCHEDULES,
        );
    }
}

#[test]
fn places_in_flight_are_never_given_twice() {
    shuttle::check_random(
        || {
            let house =
                House::open(Node::sole(), plan("1000 1000 - 2", &["POST /dear cost=3 rate=9 burst=90"]));
            let (inside, most) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
            let callers: Vec<_> = [DEAR, PLAIN, DEAR]
                .into_iter()
                .map(|name| {
                    let (house, inside, most) = (Arc::clone(&house), Arc::clone(&inside), Arc::clone(&most));
                    thread::spawn(move || {
                        for _ in 0..2 {
                            let Some(permit) = house.call(&operation(name)) else { continue };
                            let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
                            most.fetch_max(now, Ordering::SeqCst);
                            thread::yield_now();
                            inside.fetch_sub(1, Ordering::SeqCst);
                            drop(permit);
                        }
                    })
                })
                .collect();
            callers.into_iter().for_each(|caller| caller.join().unwrap());
            assert!(most.load(Ordering::SeqCst) <= 2);
            assert_eq!(used(&house).3, 0);
        },
        SCHEDULES,
    );
}

#[test]
fn rules_that_come_and_go_under_way_give_nothing_back() {
    for node in nodes() {
        shuttle::check_random(
            move || {
                let rules = &["POST /dear cost=2 rate=0.000001 burst=4"][..];
                let terms = "0.000001 7 - -";
                let house = House::open(node.clone(), plan(terms, rules));
                let other = Arc::clone(&house);
                let operator = thread::spawn(move || {
                    other.change_plan(plan(terms, &[]));
                    other.change_plan(plan(terms, rules));
                });
                // The caller's rules are those that it came in under.
                let (dear, plain) = run(&house, 2, 1, 2);
                operator.join().unwrap();
                assert!(dear <= 2, "{dear} calls of two tokens out of a burst of four");
                let all = 2 * dear + plain;
                assert!(all <= 7);
                assert_eq!(used(&house), (all, 0, 2 * dear, 0));
            },
            SCHEDULES,
        );
    }
}
