//! A house for the tests: a gate, partners who come to it, and a record of leases that survives a crash.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};

use skybridge_domain::agency::{Agency, AgencyName, Standing};
use skybridge_domain::id::Randomness;
use skybridge_domain::key::{ApiKey, Key, Mode, PepperId, Scopes};
use skybridge_domain::plan::{Plan, PlanName};
use skybridge_domain::time::Timestamp;
use skybridge_gate::{Admission, Caller, Gate, LeaseRequest, LeaseState, Partners, Peppers, Permit, Refused};

/// 2027-03-14T12:00:00Z, a Sunday noon.
pub(crate) const NOON: u64 = 1_805_025_600 * SECOND;
pub(crate) const SECOND: u64 = 1_000_000_000;
pub(crate) const HOUR: u64 = 3_600 * SECOND;

pub(crate) const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

pub(crate) fn at(nanos: u64) -> Timestamp {
    Timestamp::from_nanos(nanos)
}

/// Random bytes that follow from a number.
pub(crate) struct Seeded(pub(crate) u8);

impl Randomness for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for (at, byte) in (1_u8..).zip(bytes) {
            *byte = at.wrapping_mul(167).wrapping_add(self.0.wrapping_mul(41));
        }
    }
}

pub(crate) fn peppers() -> Peppers {
    Peppers::new(PepperId::parse("1").unwrap(), [7; 32])
}

/// `rate burst quota in-flight`, each of the latter two `-` for none.
pub(crate) fn plan(terms: &str) -> Plan {
    let [rate, burst, quota, in_flight] = terms.split(' ').collect::<Vec<_>>().try_into().unwrap();
    let optional = |text| (text != "-").then_some(text);
    Plan::new(
        PlanName::new("plan").unwrap(),
        rate.parse().unwrap(),
        burst.parse().unwrap(),
        optional(quota).map(|text| text.parse().unwrap()),
        optional(in_flight).map(|text| text.parse().unwrap()),
    )
    .unwrap()
}

pub(crate) fn agency(name: &str) -> Agency {
    Agency {
        name: AgencyName::new(name).unwrap(),
        plan: PlanName::new("plan").unwrap(),
        standing: Standing::Active,
        created_at: at(0),
    }
}

/// The agency before the gate.
pub(crate) fn partner_co() -> AgencyName {
    AgencyName::new("PartnerCo").unwrap()
}

/// The record of `key`, made for PartnerCo.
pub(crate) fn record_of(key: &ApiKey) -> Key {
    let hashed = peppers().hash(key.present());
    Key {
        id: key.id(),
        agency: partner_co(),
        mode: key.present().mode,
        name: None,
        scopes: Scopes::ALL,
        allowed_cidrs: vec![],
        secret_hash: hashed.hash,
        pepper_id: hashed.pepper_id,
        created_at: at(0),
        expires_at: None,
        revoked_at: None,
        replaced_by: None,
        rotated_from: None,
    }
}

/// A gate before which one agency, PartnerCo, calls with one key; and what is durable of its leases.
pub(crate) struct House {
    pub(crate) gate: Gate,
    pub(crate) key: ApiKey,
    plan: Plan,
    /// As the present gate knows it.
    caller: Caller,
    disk: Mutex<Disk>,
}

/// The durable records, each with its version.
#[derive(Default)]
struct Disk(HashMap<AgencyName, (u64, LeaseState)>);

impl House {
    pub(crate) fn open(plan: Plan, now: u64) -> Self {
        let key = ApiKey::generate(Mode::Live, &Seeded(1));
        let gate = Gate::new(peppers(), partners(&plan, &key), [], at(now)).unwrap();
        let caller = known(&gate, &key);
        Self { gate, key, plan, caller, disk: Mutex::default() }
    }

    pub(crate) fn caller(&self) -> Caller {
        self.caller.clone()
    }

    /// One call, with leases made durable and granted as the desk does it.
    pub(crate) fn call(&self, now: u64) -> Result<Permit, Refused> {
        loop {
            match self.gate.admit(&self.caller, at(now)) {
                Admission::Admitted(permit) => return Ok(permit),
                Admission::Refused(refused) => return Err(refused),
                Admission::LeaseNeeded(lease) => {
                    let version = self.version();
                    self.write(&lease, version);
                    self.gate.grant(lease);
                }
            }
        }
    }

    /// How many of `calls` calls at `now` come in; each is over at once.
    pub(crate) fn admitted(&self, calls: usize, now: u64) -> usize {
        (0..calls).filter(|_| self.call(now).is_ok()).count()
    }

    pub(crate) fn version(&self) -> u64 {
        let disk = self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        disk.0.values().next().map_or(0, |(version, _)| *version)
    }

    /// Puts the lease's record in place of the one at `version`; false if another stands there meanwhile.
    pub(crate) fn write(&self, lease: &LeaseRequest, version: u64) -> bool {
        if self.version() != version {
            return false;
        }
        self.put(lease.state().clone());
        true
    }

    fn put(&self, state: LeaseState) {
        let mut disk = self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        let version = disk.0.get(&state.agency).map_or(0, |(version, _)| *version);
        disk.0.insert(state.agency.clone(), (version + 1, state));
    }

    /// The process dies, and another one starts at `now`.
    pub(crate) fn crash(&mut self, now: u64) {
        let leases: Vec<_> =
            self.disk.get_mut().unwrap().0.values().map(|(_, lease)| lease.clone()).collect();
        self.gate = Gate::new(peppers(), partners(&self.plan, &self.key), leases, at(now)).unwrap();
        self.caller = known(&self.gate, &self.key);
        self.write_lagging();
    }

    /// The process drains and stops, and another one starts at `now`.
    pub(crate) fn restart(&mut self, now: u64) {
        self.write_exact(self.gate.unsettled());
        assert_eq!(self.gate.unsettled(), []);
        self.crash(now);
    }

    pub(crate) fn change_plan(&mut self, plan: Plan, now: u64) {
        self.change_plan_and_write_nothing(plan, now);
        self.write_lagging();
    }

    /// For a crash that comes before anything is written down.
    pub(crate) fn change_plan_and_write_nothing(&mut self, plan: Plan, now: u64) {
        self.gate.replace(partners(&plan, &self.key), at(now)).unwrap();
        self.plan = plan;
        self.caller = known(&self.gate, &self.key);
    }

    fn write_lagging(&self) {
        self.write_exact(self.gate.lagging());
        assert_eq!(self.gate.lagging(), []);
    }

    fn write_exact(&self, agencies: Vec<AgencyName>) {
        for agency in agencies {
            let settlement = self.gate.settle_agency(&agency).unwrap();
            self.put(settlement.state().clone());
            self.gate.settled(settlement);
        }
    }
}

fn known(gate: &Gate, key: &ApiKey) -> Caller {
    gate.authenticate(key.reveal(), HOME, at(0)).unwrap()
}

fn partners(plan: &Plan, key: &ApiKey) -> Partners {
    Partners { plans: vec![plan.clone()], agencies: vec![agency("PartnerCo")], keys: vec![record_of(key)] }
}
