//! What the gate costs: nanoseconds per key check, per decision, and per address that is looked at; bytes of memory per
//! agency. A line for each: among how many of what, what, and the figure, with tabs between them.
//!
//! ```sh
//! cargo xtask bench gate
//! ```

#![expect(clippy::print_stdout, reason = "its output is what it is for")]

mod addresses;
mod memory;
mod partners;

use std::hint::black_box;

use skybridge_domain::key::{ApiKey, Mode};
use skybridge_domain::operation::Operation;
use skybridge_domain::time::Timestamp;
use skybridge_gate::{Admission, Caller, Gate, LeaseRequest, Permit, Recorded, pace_headers};

use partners::{NOW, SOURCE, Seeded, open};

const ROUNDS: u64 = 1_000_000;

fn main() {
    memory::measure();
    for agencies in [1, 1_000, 100_000] {
        let (gate, keys) = open(agencies);
        let unknown = ApiKey::generate(Mode::Live, &Seeded(u64::MAX / 2_000));
        let malformed = keys[0].reveal().replace("sbk_live", "sbk_test");
        let now = Timestamp::from_nanos(NOW);
        // A stride that visits all agencies in an order that no cache foresees.
        let pick = |round: u64| usize::try_from(round * 7_919 % agencies).expect("an index of a list");
        let plain = Operation::new("GET /v1/bookings").expect("a name");
        let among = ("agencies", agencies);
        let check = |text: &str| black_box(gate.authenticate(black_box(text), SOURCE, now)).is_ok();
        measure(among, "key check, known", |round| check(keys[pick(round)].reveal()));
        measure(among, "key check, unknown", |_| !check(unknown.reveal()));
        measure(among, "key check, malformed", |_| !check(&malformed));

        let callers: Vec<Caller> = keys
            .iter()
            .map(|key| gate.authenticate(key.reveal(), SOURCE, now).expect("the key is known"))
            .collect();
        measure(among, "decision, permit taken and dropped", |round| {
            admit(&gate, &callers[pick(round)], &plain, NOW + round * 1_000)
        });
        let pace = gate.pace(&callers[0], &plain, now);
        measure(among, "headers", |_| !black_box(pace_headers(black_box(&pace), None)).policy.is_empty());
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

fn measure((of_what, count): (&str, u64), what: &str, mut step: impl FnMut(u64) -> bool) {
    assert!((0..ROUNDS / 10).all(&mut step), "{what}: not the answer that was to be measured");
    let begun = cpu_nanos();
    let as_expected = (ROUNDS / 10..ROUNDS).all(&mut step);
    let nanos = (cpu_nanos() - begun) / (ROUNDS - ROUNDS / 10);
    assert!(as_expected, "{what}: not the answer that was to be measured");
    println!("{of_what}\t{count}\t{what}\t{nanos}");
}

/// The processor time of this thread, so that whoever else uses the machine is not in the figures. The kernel brings it
/// up to date when a thread gives way.
fn cpu_nanos() -> u64 {
    std::thread::yield_now();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    let nanos = told.split(' ').next().and_then(|nanos| nanos.parse().ok());
    nanos.expect("the first field is the time on a processor, in nanoseconds")
}
