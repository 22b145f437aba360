//! What the gate costs: nanoseconds per key check and per decision.
//!
//! ```sh
//! cargo run --release -p skybridge-gate --example gate_cost
//! ```

#![expect(clippy::print_stdout, reason = "its output is what it is for")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use skybridge_domain::agency::{Agency, AgencyName, Standing};
use skybridge_domain::id::Randomness;
use skybridge_domain::key::{ApiKey, Key, Mode, PepperId, Proof, Scopes};
use skybridge_domain::operation::Operation;
use skybridge_domain::plan::{Plan, PlanName, Quota, Rate};
use skybridge_domain::time::Timestamp;
use skybridge_gate::{
    Admission, Caller, Gate, LeaseRequest, Node, Partners, Peppers, Permit, Recorded, pace_headers,
};

const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const NOW: u64 = 1_805_025_600_000_000_000;
const ROUNDS: u64 = 1_000_000;

/// Bytes that look random and follow from a number (splitmix64).
struct Seeded(u64);

impl Randomness for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let salt = bytes.len() as u64;
        for (at, chunk) in (1_u64..).zip(bytes.chunks_mut(8)) {
            let mut word = (self.0 * 1_000 + salt * 10 + at).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(word ^ word >> 31).to_le_bytes()[..chunk.len()]);
        }
    }
}

fn main() {
    for agencies in [1, 1_000, 100_000] {
        let (gate, keys) = open(agencies);
        let unknown = ApiKey::generate(Mode::Live, &Seeded(u64::MAX / 2_000));
        let malformed = keys[0].reveal().replace("sbk_live", "sbk_test");
        let now = Timestamp::from_nanos(NOW);
        // A stride that visits all agencies in an order that no cache foresees.
        let pick = |round: u64| usize::try_from(round * 7_919 % agencies).expect("an index of a list");
        let plain = Operation::new("GET /v1/bookings").expect("a name");
        println!("{agencies} agencies:");
        let check = |text: &str| black_box(gate.authenticate(black_box(text), SOURCE, now)).is_ok();
        measure("key check, known", |round| check(keys[pick(round)].reveal()));
        measure("key check, unknown", |_| !check(unknown.reveal()));
        measure("key check, malformed", |_| !check(&malformed));

        let callers: Vec<Caller> = keys
            .iter()
            .map(|key| gate.authenticate(key.reveal(), SOURCE, now).expect("the key is known"))
            .collect();
        measure("decision, permit taken and dropped", |round| {
            admit(&gate, &callers[pick(round)], &plain, NOW + round * 1_000)
        });
        let pace = gate.pace(&callers[0], &plain, now);
        measure("headers", |_| !black_box(pace_headers(black_box(&pace), None)).policy.is_empty());
    }
}

fn admit(gate: &Gate, caller: &Caller, operation: &Operation, nanos: u64) -> bool {
    let now = Timestamp::from_nanos(nanos);
    let permit = match gate.admit(caller, operation, now) {
        Admission::Admitted(permit) => permit,
        Admission::Refused(refused) => panic!("the plan is wide enough: {refused:?}"),
        Admission::LeaseNeeded(request) => take_lease(&request, now),
    };
    black_box(permit).pace().in_flight() == 1
}

/// Nothing is durable here; what is measured is the decision.
fn take_lease(request: &LeaseRequest, now: Timestamp) -> Permit {
    if request.account().must_read() {
        request.account().learn(Recorded { version: 0, bucket: None }, now);
    }
    let draft = request.draft(now).expect("the plan is wide enough");
    request.granted(draft, now).expect("nobody else takes leases")
}

fn measure(what: &str, mut step: impl FnMut(u64) -> bool) {
    assert!((0..ROUNDS / 10).all(&mut step), "{what}: not the answer that was to be measured");
    let begun = Instant::now();
    let as_expected = (ROUNDS / 10..ROUNDS).all(&mut step);
    let nanos = begun.elapsed().as_nanos() / u128::from(ROUNDS - ROUNDS / 10);
    assert!(as_expected, "{what}: not the answer that was to be measured");
    println!("  {what:<36} {nanos:>5} ns");
}

fn open(agencies: u64) -> (Gate, Vec<ApiKey>) {
    let peppers = Peppers::new(PepperId::parse("1").expect("an id"), [7; 32]);
    let plan_name = PlanName::new("wide").expect("a name");
    let rate = Rate::parse("1000000").expect("a rate");
    let quota = Quota::parse("999999999999/day").expect("a quota");
    let plan = Plan::new(plan_name.clone(), rate, 1_000_000, Some(quota), Some(100)).expect("a plan");
    let mut partners = Partners { plans: vec![plan], ..Partners::default() };
    let mut keys = Vec::new();
    for number in 0..agencies {
        let name = AgencyName::new(&format!("agency-{number}")).expect("a name");
        let key = ApiKey::generate(Mode::Live, &Seeded(number));
        partners.keys.push(record(&key, &name, &peppers));
        let created_at = Timestamp::from_nanos(NOW);
        partners.agencies.push(Agency {
            name,
            plan: plan_name.clone(),
            standing: Standing::Active,
            created_at,
            demands: skybridge_domain::agency::Demands::default(),
            exceptions: Vec::new(),
        });
        keys.push(key);
    }
    let gate = Gate::new(peppers, partners, Node::sole(), Timestamp::from_nanos(NOW))
        .expect("partners fit together");
    (gate, keys)
}

fn record(key: &ApiKey, agency: &AgencyName, peppers: &Peppers) -> Key {
    let hashed = peppers.hash(key.present());
    Key {
        id: key.id(),
        agency: agency.clone(),
        mode: Mode::Live,
        name: None,
        scopes: Scopes::ALL,
        allowed_cidrs: vec![],
        proof: Proof::Secret { hash: hashed.hash, pepper_id: hashed.pepper_id },
        created_at: Timestamp::from_nanos(NOW),
        expires_at: None,
        revoked_at: None,
        replaced_by: None,
        rotated_at: None,
        rotated_from: None,
    }
}
