//! The counter in this process.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Method, Request, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use skybridge_api::problem::ErrorStyle;
use skybridge_api::screening::{Screening, Terms};
use skybridge_api::{Draining, admin, public};
use skybridge_desk::{Desk, Node};
use skybridge_domain::id::Randomness;
use skybridge_domain::key::PepperId;
use skybridge_domain::time::{Clock, Timestamp};
use skybridge_gate::{AddressTerms, Lockout, Peppers};
use skybridge_screen::{Profile, Screen};
use skybridge_store::{MemoryStore, Store};
use tower::ServiceExt;

use super::Answer;

/// The admin token of every test.
pub(crate) const ADMIN_TOKEN: &str = "token-of-a-test-that-nobody-guesses";

/// The moment at which every test begins: 2027-01-01T12:00:00Z.
pub(crate) const BEGIN: Timestamp = Timestamp::from_millis(1_798_804_800_000);

/// A clock that stands still until a test moves it.
pub(crate) struct TestClock(AtomicU64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanos(self.0.load(Ordering::SeqCst))
    }
}

/// SplitMix64: the same numbers in every run.
struct Seeded(Mutex<u64>);

impl Randomness for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().unwrap();
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = *state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(mixed ^ (mixed >> 31)).to_be_bytes()[..chunk.len()]);
        }
    }
}

/// Screening by the built-in rules that lets no clock decide.
pub(crate) fn patient(terms: Terms) -> Screening {
    let mut profile = Profile::default();
    profile.budget.time = Duration::from_secs(3600);
    Screening::new(Screen::new(profile, None), terms)
}

/// What a plan allows, with room to say only what a test is about.
pub(crate) struct PlanTerms {
    pub(crate) rate: &'static str,
    pub(crate) burst: u32,
    pub(crate) quota: Option<&'static str>,
    pub(crate) in_flight: Option<u32>,
}

impl PlanTerms {
    /// More than any test uses.
    pub(crate) const AMPLE: Self = Self { rate: "1000000", burst: 1_000_000, quota: None, in_flight: None };
}

/// The counter, over a store.
pub(crate) struct App {
    pub(crate) public: Router,
    admin: Router,
    pub(crate) desk: Arc<Desk>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) draining: Draining,
}

impl App {
    /// A counter over an empty store in memory.
    pub(crate) async fn new() -> Self {
        Self::over(Arc::new(MemoryStore::default()), BEGIN).await
    }

    /// A counter over an empty store in memory that refuses in this style.
    pub(crate) async fn in_style(errors: ErrorStyle) -> Self {
        Self::opened(Arc::new(MemoryStore::default()), BEGIN, Node::sole(), errors, AddressTerms::default())
            .await
    }

    /// A counter over an empty store in memory with these terms for addresses, which refuses in this style.
    pub(crate) async fn watching(addresses: AddressTerms, errors: ErrorStyle) -> Self {
        Self::opened(Arc::new(MemoryStore::default()), BEGIN, Node::sole(), errors, addresses).await
    }

    /// A counter over `store`, opened at `now`.
    pub(crate) async fn over(store: Arc<dyn Store>, now: Timestamp) -> Self {
        Self::of_node(store, now, Node::sole()).await
    }

    /// A counter over `store`, opened at `now` as `node`.
    pub(crate) async fn of_node(store: Arc<dyn Store>, now: Timestamp, node: Node) -> Self {
        Self::opened(store, now, node, ErrorStyle::default(), AddressTerms::default()).await
    }

    /// A counter over `store`, opened at `now`, that screens texts in this way.
    pub(crate) async fn screening(store: Arc<dyn Store>, now: Timestamp, screening: Screening) -> Self {
        let (style, addresses) = (ErrorStyle::default(), AddressTerms::default());
        Self::built(store, now, Node::sole(), style, addresses, screening).await
    }

    async fn opened(
        store: Arc<dyn Store>,
        now: Timestamp,
        node: Node,
        errors: ErrorStyle,
        addresses: AddressTerms,
    ) -> Self {
        Self::built(store, now, node, errors, addresses, patient(Terms::default())).await
    }

    async fn built(
        store: Arc<dyn Store>,
        now: Timestamp,
        node: Node,
        errors: ErrorStyle,
        addresses: AddressTerms,
        screening: Screening,
    ) -> Self {
        let clock = Arc::new(TestClock(AtomicU64::new(now.as_nanos())));
        let peppers = Peppers::new(PepperId::parse("test").unwrap(), [7; 32]);
        // Another run draws other numbers, as it would with real chance.
        let seed = Arc::new(Seeded(Mutex::new(now.as_nanos())));
        let desk = Desk::open(Arc::clone(&store), peppers, Arc::clone(&clock) as _, seed, node);
        let desk = Arc::new(desk.await.unwrap().with_address_terms(addresses));
        let draining = Draining::default();
        let screening = Arc::new(screening);
        let lockout = Arc::<Lockout>::default();
        let options = public::Options {
            draining: draining.clone(),
            lockout: Arc::clone(&lockout),
            errors,
            screening: Arc::clone(&screening),
            ..public::Options::default()
        };
        let settings = admin::Settings {
            token: admin::AdminToken::new(ADMIN_TOKEN).unwrap(),
            store: "memory",
            started_at: now,
            draining: draining.clone(),
            metrics: Box::new(String::new),
            screening,
            lockout,
            maintenance: Router::new(),
        };
        Self {
            public: public::router(Arc::clone(&desk), options),
            admin: admin::router(Arc::clone(&desk), settings),
            desk,
            store,
            clock,
            draining,
        }
    }

    /// The same store, opened again after this counter ended without a word.
    pub(crate) async fn after_a_crash(self) -> Self {
        let now = self.clock.now();
        Self::over(self.store, now.plus(Duration::from_nanos(1))).await
    }

    /// The same store, opened again after this counter was shut down in order.
    pub(crate) async fn after_a_restart(self) -> Self {
        self.desk.settle_limits().await.unwrap();
        self.after_a_crash().await
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap();
        self.clock.0.fetch_add(nanos, Ordering::SeqCst);
    }

    /// Sets the clock back.
    pub(crate) fn set_back(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap();
        self.clock.0.fetch_sub(nanos, Ordering::SeqCst);
    }

    /// A caller with a new key of the agency `name`, which is created on an ample plan.
    pub(crate) async fn agency(&self, name: &str) -> Client<'_> {
        self.agency_on(name, PlanTerms::AMPLE).await
    }

    /// A caller with a new key of the agency `name`, which is created on a plan of its own.
    pub(crate) async fn agency_on(&self, name: &str, terms: PlanTerms) -> Client<'_> {
        let admin = self.admin();
        admin.set_plan(&format!("plan of {name}"), &terms).await;
        let agency = json!({ "name": name, "plan": format!("plan of {name}") });
        admin.post("/admin/v1/agencies", &agency).await.expect(201);
        let key = admin.issue_key(name, &json!({})).await;
        self.with_key(&key)
    }

    /// A caller with a new key of the agency `name`, which is created on the plan of this document.
    pub(crate) async fn agency_on_plan(&self, name: &str, plan: &Value) -> Client<'_> {
        let admin = self.admin();
        let answer = admin.put_plan(&format!("plan of {name}"), plan).await;
        assert!(answer.status.is_success(), "{answer:?}");
        let agency = json!({ "name": name, "plan": format!("plan of {name}") });
        admin.post("/admin/v1/agencies", &agency).await.expect(201);
        let key = admin.issue_key(name, &json!({})).await;
        self.with_key(&key)
    }

    /// A caller with the text of a key.
    pub(crate) fn with_key(&self, key: &str) -> Client<'_> {
        Client { router: &self.public, header: Some(("x-api-key", key.to_owned())) }
    }

    /// A caller with no key at all.
    pub(crate) fn anonymous(&self) -> Client<'_> {
        Client { router: &self.public, header: None }
    }

    /// The operator.
    pub(crate) fn admin(&self) -> Client<'_> {
        Client { router: &self.admin, header: Some(("authorization", format!("Bearer {ADMIN_TOKEN}"))) }
    }

    /// Somebody at the admin listener without the token.
    pub(crate) fn intruder(&self, token: Option<&str>) -> Client<'_> {
        let header = token.map(|token| ("authorization", format!("Bearer {token}")));
        Client { router: &self.admin, header }
    }

    /// How many bookings the store holds, whoever's they are.
    pub(crate) async fn stored_bookings(&self) -> usize {
        let page = self.admin().get("/admin/v1/bookings?limit=100").await.expect(200).json();
        assert_eq!(page["next_cursor"], Value::Null, "more bookings than one page");
        page["bookings"].as_array().unwrap().len()
    }
}

/// Somebody who calls one of the listeners.
#[derive(Clone)]
pub(crate) struct Client<'a> {
    router: &'a Router,
    header: Option<(&'static str, String)>,
}

impl Client<'_> {
    /// The key or token that it sends.
    pub(crate) fn credential(&self) -> &str {
        self.header.as_ref().map_or("", |(_, value)| value)
    }

    /// A request of this caller, ready to be completed.
    pub(crate) fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .extension(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 40_000))));
        match &self.header {
            Some((name, value)) => request.header(*name, value),
            None => request,
        }
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send_json(Method::POST, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send_json(Method::PUT, path, body).await
    }

    async fn send_json(&self, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }

    /// `POST /v1/bookings` under `key` with `body` as it is.
    pub(crate) async fn book_bytes(&self, key: &str, body: impl Into<Body>) -> Answer {
        let request = self
            .request(Method::POST, "/v1/bookings")
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key);
        self.send(request.body(body.into()).unwrap()).await
    }

    /// `POST /v1/bookings` under `key`.
    pub(crate) async fn book(&self, key: &str, body: &Value) -> Answer {
        self.book_bytes(key, body.to_string()).await
    }

    /// As an operator: sets a plan.
    pub(crate) async fn set_plan(&self, name: &str, terms: &PlanTerms) -> Answer {
        let PlanTerms { rate, burst, quota, in_flight } = terms;
        let body = json!({ "rate": rate, "burst": burst, "quota": quota, "in_flight": in_flight });
        let answer = self.put(&format!("/admin/v1/plans/{}", name.replace(' ', "%20")), &body).await;
        assert!(answer.status.is_success(), "{answer:?}");
        answer
    }

    /// As an operator: sets a plan by its document.
    pub(crate) async fn put_plan(&self, name: &str, plan: &Value) -> Answer {
        self.put(&format!("/admin/v1/plans/{}", name.replace(' ', "%20")), plan).await
    }

    /// As an operator: makes a key for `agency` and gives its text.
    pub(crate) async fn issue_key(&self, agency: &str, body: &Value) -> String {
        let issued = self.post(&format!("/admin/v1/agencies/{agency}/keys"), body).await.expect(201).json();
        issued["key"].as_str().unwrap().to_owned()
    }
}
