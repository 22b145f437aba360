//! A counter for the tests: a desk over a rigged store, on a clock that stands still until it is moved.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use skybridge_desk::audit::Operator;
use skybridge_desk::partners::{IssuedKey, KeyRequest, PartnerError, PlanEntry};
use skybridge_desk::{Desk, Node};
use skybridge_domain::agency::AgencyName;
use skybridge_domain::id::Randomness;
use skybridge_domain::key::{ApiKey, Mode, PepperId, Scopes};
use skybridge_domain::operation::Operation;
use skybridge_domain::plan::{Plan, PlanName};
use skybridge_domain::time::{Clock, Timestamp};
use skybridge_gate::{AuthenticationRefusal, Caller, Peppers};

use crate::rigged_store::RiggedStore;

/// 2027-01-01T12:00:00Z.
const BEGIN: Timestamp = Timestamp::from_millis(1_798_804_800_000);

struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.load(Ordering::SeqCst))
    }
}

/// A linear congruence: the same bytes in every run, others with every draw.
struct Seeded(Mutex<u64>);

impl Randomness for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap();
        for byte in bytes {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = state.to_be_bytes()[0];
        }
    }
}

/// A desk, and what it stands on.
pub(crate) struct Counter {
    pub(crate) desk: Arc<Desk>,
    pub(crate) store: Arc<RiggedStore>,
    pub(crate) operator: Operator,
    clock: Arc<TestClock>,
    chance: Arc<Seeded>,
    kind: Kind,
}

/// What a process is among those that use the store.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Sole,
    Server,
    Function,
}

impl Counter {
    /// A counter over an empty store, with one plan of `rate` and `burst`.
    pub(crate) async fn open(rate: &str, burst: u32) -> Self {
        Self::open_as(Kind::Sole, rate, burst).await
    }

    /// As [`open`](Self::open), for a process of this kind; so are those [`beside`](Self::beside) it.
    pub(crate) async fn open_as(kind: Kind, rate: &str, burst: u32) -> Self {
        let store = Arc::new(RiggedStore::default());
        let clock = Arc::new(TestClock(AtomicU64::new(BEGIN.as_nanos())));
        let chance = Arc::new(Seeded(Mutex::new(1)));
        let desk = desk(&store, &clock, &chance, kind).await;
        let counter = Self { desk, store, operator: Operator::program(), clock, chance, kind };
        counter.set_plan(rate, burst).await.unwrap();
        counter
    }

    /// The process dies, and another opens the store.
    pub(crate) async fn crash(&mut self) {
        self.desk = desk(&self.store, &self.clock, &self.chance, self.kind).await;
    }

    /// Another process over the same store.
    pub(crate) async fn beside(&self) -> Self {
        let (store, clock, chance) =
            (Arc::clone(&self.store), Arc::clone(&self.clock), Arc::clone(&self.chance));
        let desk = desk(&store, &clock, &chance, self.kind).await;
        Self { desk, store, operator: self.operator.clone(), clock, chance, kind: self.kind }
    }

    pub(crate) fn advance(&self, time: Duration) {
        self.clock.0.fetch_add(u64::try_from(time.as_nanos()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) async fn set_plan(&self, rate: &str, burst: u32) -> Result<PlanEntry, PartnerError> {
        let plan = Plan::new(plan_name(), rate.parse().unwrap(), burst, None, None).unwrap();
        self.desk.set_plan(&self.operator, plan).await
    }

    /// The key of a new agency.
    pub(crate) async fn agency(&self, name: &str) -> IssuedKey {
        self.desk.create_agency(&self.operator, agency(name), plan_name()).await.unwrap();
        self.issue_key(name, None).await.unwrap()
    }

    pub(crate) async fn issue_key(
        &self,
        name: &str,
        expires_in: Option<Duration>,
    ) -> Result<IssuedKey, PartnerError> {
        let request = KeyRequest {
            mode: Mode::Live,
            name: None,
            scopes: Scopes::ALL,
            allowed_cidrs: vec![],
            expires_in,
        };
        self.desk.issue_key(&self.operator, &agency(name), request).await
    }

    pub(crate) fn authenticate(&self, key: &ApiKey) -> Result<Caller, AuthenticationRefusal> {
        let home = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        self.desk.gate().authenticate(key.reveal(), home, self.desk.now())
    }

    /// How many of `calls` calls at this moment come in; each is over at once.
    pub(crate) async fn admitted(&self, key: &ApiKey, calls: usize) -> usize {
        let caller = self.authenticate(key).unwrap();
        let mut admitted = 0;
        for _ in 0..calls {
            admitted += usize::from(self.desk.admit(&caller, &plain()).await.is_ok());
        }
        admitted
    }
}

/// An operation that no plan has a rule for.
pub(crate) fn plain() -> Operation {
    Operation::new("GET /plain").unwrap()
}

async fn desk(
    store: &Arc<RiggedStore>,
    clock: &Arc<TestClock>,
    chance: &Arc<Seeded>,
    kind: Kind,
) -> Arc<Desk> {
    let peppers = Peppers::new(PepperId::parse("1").unwrap(), [7; 32]);
    let node = match kind {
        Kind::Sole => Node::sole(),
        Kind::Server => Node::server(&**chance),
        Kind::Function => Node::function(&**chance),
    };
    let (store, clock, chance) = (Arc::clone(store), Arc::clone(clock), Arc::clone(chance));
    Arc::new(Desk::open(store, peppers, clock, chance, node).await.unwrap())
}

pub(crate) fn agency(name: &str) -> AgencyName {
    AgencyName::new(name).unwrap()
}

pub(crate) fn plan_name() -> PlanName {
    PlanName::new("plan").unwrap()
}
