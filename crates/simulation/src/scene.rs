//! What a story begins with: agencies on small plans, callers, and how rough it gets.

use skybridge_domain::agency::AgencyName;
use skybridge_domain::booking::{BookingRequest, Document};
use skybridge_domain::id::BookingId;
use skybridge_domain::idempotency::IdempotencyKey;
use skybridge_domain::key::Mode;
use skybridge_domain::plan::{Plan, PlanName};
use skybridge_domain::time::Timestamp;

use crate::call::Ask;
use crate::chance::Chance;

/// 2027-01-01T12:00:00Z.
const NOON: Timestamp = Timestamp::from_millis(1_798_804_800_000);

/// Two seconds before the day ends, and its quota with it.
const LATE: Timestamp = Timestamp::from_millis(1_798_847_998_000);

/// How far the clocks of processes that share a store may be apart: what the others wait longer than a node itself
/// until its lease lapses, less a bit.
const SET_BACK_SHARED_MAX: u64 = 900_000_000;

/// A step of more than an hour counts as a correction of the clock; a story's stay below it all together.
const SET_BACK_SOLE_MAX: u64 = 600_000_000_000;

/// How many keys the callers of one agency and mode share.
pub(crate) const KEYS: u8 = 3;

/// What may be booked.
const BODIES: [&str; 2] = ["{}", r#"{"remarks":"wheelchair at gate"}"#];

/// Where a story begins.
pub(crate) struct Scene {
    pub(crate) begin: Timestamp,
    /// Processes over the one store; 1: it is that one's alone.
    pub(crate) processes: usize,
    pub(crate) agencies: Vec<(AgencyName, Plan)>,
    pub(crate) callers: Vec<Caller>,
    /// What may still go wrong.
    pub(crate) roughness: Roughness,
    /// Nothing goes wrong.
    pub(crate) is_calm: bool,
}

/// Somebody who asks one thing after the other.
pub(crate) struct Caller {
    pub(crate) agency: usize,
    pub(crate) mode: Mode,
    /// What it will ask, the last first.
    pub(crate) script: Vec<Ask>,
    /// How often it will still ask again what was not answered.
    pub(crate) patience: u8,
}

/// What may go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Roughness {
    pub(crate) crashes: usize,
    /// Of a thousand commits, so many fail or lose their answer.
    pub(crate) failures: u64,
    /// How far the clock may be set back in all, in nanoseconds.
    pub(crate) set_back_max: u64,
    /// Of the moves of the clock, so many in ten are not made: it stands.
    pub(crate) stands: u64,
}

impl Scene {
    pub(crate) fn of(chance: &mut Chance) -> Self {
        let processes = if chance.happens(1, 2) { 1 } else { chance.below(2) + 2 };
        let begin = if chance.happens(1, 4) { LATE } else { NOON };
        let agencies: Vec<_> = (0..chance.below(2) + 1).map(|n| agency(chance, n)).collect();
        let callers = (0..chance.below(4) + 2).map(|_| caller(chance, agencies.len())).collect();
        let set_back = if processes == 1 { SET_BACK_SOLE_MAX } else { SET_BACK_SHARED_MAX };
        let is_calm = chance.happens(1, 3);
        let roughness = if is_calm {
            Roughness { crashes: 0, failures: 0, set_back_max: 0, stands: 3 }
        } else {
            Roughness {
                crashes: chance.below(4),
                failures: chance.between(0, 200),
                // Which day a call counts in is told by the clock; one that is set back over midnight tells it twice.
                set_back_max: if begin == LATE { 0 } else { chance.between(0, 1) * set_back },
                stands: chance.between(0, 10),
            }
        };
        Self { begin, processes, agencies, callers, roughness, is_calm }
    }
}

fn agency(chance: &mut Chance, number: usize) -> (AgencyName, Plan) {
    let name = format!("Agency{number}");
    let rate = chance.one_of(&["0.5", "2", "10", "100"]).parse().expect("it is a rate");
    // Half of the agencies come upon their limits all the time, the others now and then.
    let most = if chance.happens(1, 2) { 8 } else { 40 };
    let burst = u32::try_from(chance.between(1, most)).expect("it is small");
    let quota = chance.happens(1, 3).then(|| format!("{}/day", chance.between(1, 14)));
    let quota = quota.map(|quota| quota.parse().expect("it is a quota"));
    let in_flight = chance.happens(1, 3).then(|| u32::try_from(chance.between(1, 3)).expect("it is small"));
    let plan_name = PlanName::new(&format!("plan {number}")).expect("it is a name");
    let plan = Plan::new(plan_name, rate, burst, quota, in_flight).expect("it is a plan");
    (AgencyName::new(&name).expect("it is a name"), plan)
}

fn caller(chance: &mut Chance, agencies: usize) -> Caller {
    let agency = chance.below(agencies);
    let mode = if chance.happens(1, 4) { Mode::Test } else { Mode::Live };
    let script = (0..chance.between(3, 9)).map(|_| ask(chance, agencies)).collect();
    Caller { agency, mode, script, patience: 4 }
}

fn ask(chance: &mut Chance, agencies: usize) -> Ask {
    let key = u8::try_from(chance.below(usize::from(KEYS))).expect("there are few keys");
    match chance.below(12) {
        0..4 => Ask::Create { key, body: chance.below(BODIES.len()) },
        4 => Ask::CreateWithoutKey,
        5 | 6 => Ask::Confirm { key },
        7 | 8 => Ask::Cancel { key },
        9 => Ask::Read { key },
        10 => Ask::List,
        _ => Ask::ReadAnothers { agency: chance.below(agencies), key },
    }
}

/// The text of a key.
pub(crate) fn idempotency_key(key: u8) -> IdempotencyKey {
    IdempotencyKey::new(format!("key {key}")).expect("it is a key")
}

/// The booking that a key names.
pub(crate) fn booking_id(agency: &AgencyName, mode: Mode, key: u8) -> BookingId {
    BookingId::named_by(agency, mode, &idempotency_key(key))
}

/// What is booked.
pub(crate) fn document(body: usize) -> Document {
    BookingRequest::read(BODIES[body].as_bytes()).expect("it is a booking").details.document()
}
