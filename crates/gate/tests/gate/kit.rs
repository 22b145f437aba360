//! A house for the tests: a gate, an agency that comes to it, and the agency's record, which survives a crash and
//! which several houses can share.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use skybridge_domain::agency::{Agency, AgencyName, Standing};
use skybridge_domain::id::Randomness;
use skybridge_domain::key::{ApiKey, Key, Mode, PepperId, Proof, Scopes};
use skybridge_domain::operation::Operation;
use skybridge_domain::plan::{Plan, PlanName};
use skybridge_domain::time::Timestamp;
use skybridge_gate::{
    Account, Admission, Bucket, Caller, Draft, Gate, LeaseRequest, Node, Partners, Peppers, Permit, Recorded,
    Refused,
};

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

/// The same, with rules for routes: `POST /v1/bookings cost=5`.
pub(crate) fn plan_with(terms: &str, rules: &[&str]) -> Plan {
    plan(terms).with_routes(rules.iter().map(|rule| rule.parse().unwrap()).collect()).unwrap()
}

pub(crate) fn operation(text: &str) -> Operation {
    Operation::new(text).unwrap()
}

/// An operation that no plan has a rule for.
pub(crate) fn plain() -> Operation {
    operation("GET /plain")
}

pub(crate) fn agency(name: &str) -> Agency {
    Agency {
        name: AgencyName::new(name).unwrap(),
        plan: PlanName::new("plan").unwrap(),
        standing: Standing::Active,
        created_at: at(0),
        demands: skybridge_domain::agency::Demands::default(),
        exceptions: Vec::new(),
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
        proof: Proof::Secret { hash: hashed.hash, pepper_id: hashed.pepper_id },
        created_at: at(0),
        expires_at: None,
        revoked_at: None,
        replaced_by: None,
        rotated_at: None,
        rotated_from: None,
    }
}

/// What is durable of the agency's limits: its own record, and those of its routes. Clones are of the same records.
#[derive(Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<BTreeMap<Option<Operation>, Contents>>>);

#[derive(Default)]
struct Contents {
    version: u64,
    bucket: Option<Bucket>,
    /// How many writes were tried.
    tried: u64,
    /// How many reads came.
    read: u64,
}

impl Disk {
    fn records(&self) -> MutexGuard<'_, BTreeMap<Option<Operation>, Contents>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Of the agency's own record; so below.
    pub(crate) fn read(&self) -> Recorded {
        self.read_of(None)
    }

    pub(crate) fn read_of(&self, route: Option<&Operation>) -> Recorded {
        let mut records = self.records();
        let contents = records.entry(route.cloned()).or_default();
        contents.read += 1;
        Recorded { version: contents.version, bucket: contents.bucket.clone() }
    }

    /// Writes the draft, unless another record stands there than the one that it replaces.
    pub(crate) fn write(&self, draft: &Draft) -> bool {
        let mut records = self.records();
        let contents = records.entry(draft.route().cloned()).or_default();
        contents.tried += 1;
        let fits = contents.version == draft.replaces();
        if fits {
            contents.version += 1;
            contents.bucket = Some(draft.bucket().clone());
        }
        fits
    }

    pub(crate) fn bucket(&self) -> Bucket {
        self.bucket_of(None)
    }

    pub(crate) fn bucket_of(&self, route: Option<&Operation>) -> Bucket {
        self.records()[&route.cloned()].bucket.clone().unwrap()
    }

    pub(crate) fn version(&self) -> u64 {
        self.records().get(&None).map_or(0, |contents| contents.version)
    }

    pub(crate) fn writes_tried(&self) -> u64 {
        self.records().values().map(|contents| contents.tried).sum()
    }

    pub(crate) fn reads(&self) -> u64 {
        self.records().values().map(|contents| contents.read).sum()
    }
}

/// A gate before which one agency, PartnerCo, calls with one key; and what is durable of its limits.
pub(crate) struct House {
    pub(crate) gate: Gate,
    pub(crate) key: ApiKey,
    pub(crate) disk: Disk,
    node: Node,
    plan: Plan,
    /// As the present gate knows it.
    caller: Caller,
    /// Whoever has it may take and write drafts.
    turn: Mutex<()>,
}

impl House {
    /// The only house of its record.
    pub(crate) fn open(plan: Plan, now: u64) -> Self {
        Self::over(Disk::default(), Node::sole(), plan, now)
    }

    /// A house, one of several over `disk`.
    pub(crate) fn over(disk: Disk, node: Node, plan: Plan, now: u64) -> Self {
        let key = ApiKey::generate(Mode::Live, &Seeded(1));
        let gate = Gate::new(peppers(), partners(&plan, &key), node.clone(), at(now)).unwrap();
        let caller = known(&gate, &key);
        Self { gate, key, disk, node, plan, caller, turn: Mutex::default() }
    }

    pub(crate) fn caller(&self) -> Caller {
        self.caller.clone()
    }

    pub(crate) fn account(&self) -> Account {
        self.gate.account(&partner_co()).unwrap()
    }

    /// Asks the gate for a call of an operation that has no rule.
    pub(crate) fn ask(&self, now: u64) -> Admission {
        self.ask_for(&plain(), now)
    }

    pub(crate) fn ask_for(&self, operation: &Operation, now: u64) -> Admission {
        self.gate.admit(&self.caller, operation, at(now))
    }

    /// One call, with leases taken, renewed and written as the desk does it.
    pub(crate) fn call(&self, now: u64) -> Result<Permit, Refused> {
        self.call_of(&plain(), now)
    }

    pub(crate) fn call_of(&self, operation: &Operation, now: u64) -> Result<Permit, Refused> {
        match self.gate.admit(&self.caller, operation, at(now)) {
            Admission::Admitted(permit) => {
                for account in permit.renewals_due() {
                    self.renew_account(&account, now);
                }
                return Ok(permit);
            }
            Admission::Refused(refused) => return Err(refused),
            Admission::LeaseNeeded(_) => {}
        }
        let _turn = self.turn.lock().unwrap();
        for _ in 0..100 {
            match self.gate.admit(&self.caller, operation, at(now)) {
                Admission::Admitted(permit) => return Ok(permit),
                Admission::Refused(refused) => return Err(refused),
                Admission::LeaseNeeded(request) => {
                    if let Some(permit) = self.take_lease(&request, now) {
                        return Ok(permit);
                    }
                }
            }
        }
        panic!("a call goes for leases for ever");
    }

    fn take_lease(&self, request: &LeaseRequest, now: u64) -> Option<Permit> {
        let draft = self.draft(request, now)?;
        if self.disk.write(&draft) {
            return request.granted(draft, at(now));
        }
        self.learn(&request.account(), now);
        None
    }

    fn learn(&self, account: &Account, now: u64) {
        account.learn(self.disk.read_of(account.route()), at(now));
    }

    /// What is to be written for a call; the record is read if it has to be.
    pub(crate) fn draft(&self, request: &LeaseRequest, now: u64) -> Option<Draft> {
        self.bring_up_to_date(&request.account(), now);
        request.draft(at(now))
    }

    pub(crate) fn bring_up_to_date(&self, account: &Account, now: u64) {
        if account.must_read() {
            self.learn(account, now);
        }
    }

    /// How many of `calls` calls at `now` come in; each is over at once.
    pub(crate) fn admitted(&self, calls: usize, now: u64) -> usize {
        (0..calls).filter(|_| self.call(now).is_ok()).count()
    }

    /// The same of calls of `operation`.
    pub(crate) fn admitted_of(&self, operation: &Operation, calls: usize, now: u64) -> usize {
        (0..calls).filter(|_| self.call_of(operation, now).is_ok()).count()
    }

    pub(crate) fn version(&self) -> u64 {
        self.disk.version()
    }

    /// The process dies, and another one starts at `now`, and reads the record.
    pub(crate) fn crash(&mut self, now: u64) {
        self.crash_and_wait(now);
        for account in self.accounts() {
            self.bring_up_to_date(&account, now);
        }
    }

    /// The process dies, and another one starts at `now`. It reads the record when there is a call.
    pub(crate) fn crash_and_wait(&mut self, now: u64) {
        self.gate =
            Gate::new(peppers(), partners(&self.plan, &self.key), self.node.clone(), at(now)).unwrap();
        self.caller = known(&self.gate, &self.key);
    }

    /// The process drains and stops, and another one starts at `now`.
    pub(crate) fn restart(&mut self, now: u64) {
        self.settle(now);
        assert!(self.accounts().iter().all(|account| !account.is_unsettled()));
        self.crash(now);
    }

    /// Gives back all that is held.
    pub(crate) fn settle(&self, now: u64) {
        self.accounts().iter().for_each(|account| self.settle_account(account, now));
    }

    fn settle_account(&self, account: &Account, now: u64) {
        loop {
            self.bring_up_to_date(account, now);
            let Some(draft) = account.settlement(at(now)) else { return };
            if self.disk.write(&draft) {
                draft.written();
            } else {
                self.learn(account, now);
            }
        }
    }

    /// The agency's account, and those of its routes.
    pub(crate) fn accounts(&self) -> Vec<Account> {
        self.gate.accounts(&partner_co())
    }

    pub(crate) fn is_idle(&self, now: u64) -> bool {
        self.accounts().iter().any(|account| account.is_idle(at(now)))
    }

    /// Takes more, ahead of need.
    fn renew_account(&self, account: &Account, now: u64) {
        loop {
            self.bring_up_to_date(account, now);
            let Some(draft) = account.renewal(at(now)) else { return };
            if self.disk.write(&draft) {
                draft.written();
                return;
            }
            self.learn(account, now);
        }
    }

    pub(crate) fn change_plan(&mut self, plan: Plan, now: u64) {
        self.gate.replace(partners(&plan, &self.key), at(now)).unwrap();
        self.plan = plan;
        self.caller = known(&self.gate, &self.key);
    }
}

fn known(gate: &Gate, key: &ApiKey) -> Caller {
    gate.authenticate(key.reveal(), HOME, at(0)).unwrap()
}

fn partners(plan: &Plan, key: &ApiKey) -> Partners {
    Partners { plans: vec![plan.clone()], agencies: vec![agency("PartnerCo")], keys: vec![record_of(key)] }
}
