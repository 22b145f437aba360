//! What the gate costs: nanoseconds per key check, per decision, and per address that is looked at.
//!
//! ```sh
//! cargo run --release -p skybridge-gate --example gate_cost
//! ```

#![expect(clippy::print_stdout, reason = "its output is what it is for")]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod addresses;
mod partners;

use std::hint::black_box;
use std::time::Instant;

use skybridge_domain::key::{ApiKey, Mode};
use skybridge_domain::operation::Operation;
use skybridge_domain::time::Timestamp;
use skybridge_gate::{Admission, Caller, Gate, LeaseRequest, Permit, Recorded, pace_headers};

use partners::{NOW, SOURCE, Seeded, open};

const ROUNDS: u64 = 1_000_000;

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
    addresses::measure_all();
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
