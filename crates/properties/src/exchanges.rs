//! Whole requests, through the public router.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use skybridge_api::public::{self, Options};
use skybridge_desk::audit::Operator;
use skybridge_desk::partners::KeyRequest;
use skybridge_desk::{Desk, Node};
use skybridge_domain::agency::AgencyName;
use skybridge_domain::id::Randomness;
use skybridge_domain::key::{Mode, PepperId, Scopes};
use skybridge_domain::plan::{Plan, PlanName};
use skybridge_domain::time::{Clock, Timestamp};
use skybridge_gate::Peppers;
use skybridge_store::MemoryStore;
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// The headers whose values are chosen, in this order; a missing line leaves its header out.
const CHOSEN: [&str; 9] = [
    "idempotency-key",
    "signature-input",
    "signature",
    "content-digest",
    "content-type",
    "accept",
    "if-match",
    "x-request-id",
    "content-encoding",
];

/// Requests of a caller with a key, or of one who signs.
const ROUTES: [(Method, &str); 5] = [
    (Method::POST, "/v1/bookings"),
    (Method::POST, "/booking"),
    (Method::POST, "/v1/bookings/00000000-0000-4000-8000-000000000000/confirm"),
    (Method::GET, "/v1/bookings/00000000-0000-4000-8000-000000000000"),
    (Method::GET, "/v1/idempotency/k"),
];

/// 2027-01-01T12:00:00Z.
const NOON: Timestamp = Timestamp::from_millis(1_798_804_800_000);

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOON
    }
}

/// Other bytes with every draw, the same in every run.
#[derive(Default)]
struct Counted(AtomicU64);

impl Randomness for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        for (byte, digit) in bytes.iter_mut().zip(number.iter().rev().cycle()) {
            *byte = *digit;
        }
    }
}

struct House {
    runtime: Runtime,
    router: Router,
    key: HeaderValue,
}

thread_local! {
    static HOUSE: LazyLock<House> = LazyLock::new(House::open);
}

impl House {
    fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("it starts");
        let (desk, key) = runtime.block_on(async {
            let peppers = Peppers::new(PepperId::parse("1").expect("it is an id"), [7; 32]);
            let store = Arc::new(MemoryStore::new());
            let desk =
                Desk::open(store, peppers, Arc::new(Still), Arc::new(Counted::default()), Node::sole());
            let desk = desk.await.expect("the store is empty");
            let (operator, agency) = (Operator::program(), AgencyName::new("A").expect("it is a name"));
            let name = PlanName::new("plan").expect("it is a name");
            let rate = "1000000".parse().expect("it is a rate");
            let plan = Plan::new(name.clone(), rate, 1_000_000, None, None).expect("it is a plan");
            desk.set_plan(&operator, plan).await.expect("a plan is set");
            desk.create_agency(&operator, agency.clone(), name).await.expect("an agency is made");
            let (mode, scopes, allowed_cidrs) = (Mode::Live, Scopes::ALL, vec![]);
            let request = KeyRequest { mode, name: None, scopes, allowed_cidrs, expires_in: None };
            let issued = desk.issue_key(&operator, &agency, request).await.expect("a key is made");
            (desk, HeaderValue::from_str(issued.text.reveal()).expect("a key is a header's value"))
        });
        Self { runtime, router: public::router(Arc::new(desk), Options::default()), key }
    }

    fn answer(&self, request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
        self.runtime.block_on(async {
            let answer = self.router.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
            let (parts, body) = answer.into_parts();
            let body = body.collect().await.expect("an answer is whole").to_bytes();
            (parts.status, parts.headers, body.to_vec())
        })
    }
}

/// Whatever a request says in its headers and its body, it is answered, in JSON, and never as a defect of ours; a
/// refusal is a problem document with a code; and the same creation again is the very same answer.
///
/// The first byte chooses the route and whether a key comes with it; then come lines with the values of headers, and
/// after an empty line the body.
pub(crate) fn exchange(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let (head, body) = rest
        .windows(2)
        .position(|pair| pair == b"\n\n")
        .map_or((rest, &[][..]), |at| (&rest[..at], &rest[at + 2..]));
    HOUSE.with(|house| {
        let Some(request) = request(house, *choice, head, body) else { return };
        let is_creation = request.method() == Method::POST && request.uri().path() == "/v1/bookings";
        let (status, headers, answer) = house.answer(request);
        assert!(!status.is_server_error(), "{status} {}", String::from_utf8_lossy(&answer));
        assert!(headers.contains_key("x-request-id"));
        let told: Value = serde_json::from_slice(&answer).expect("answers are JSON");
        if status.is_success() {
            assert!(told.is_object());
        } else {
            assert_eq!(
                headers.get(CONTENT_TYPE),
                Some(&HeaderValue::from_static("application/problem+json"))
            );
            assert!(told["code"].is_string() && told["status"] == status.as_u16(), "{told}");
        }
        if is_creation && status == StatusCode::CREATED {
            let again = self::request(house, *choice, head, body).expect("it was one before");
            let (status, headers, second) = house.answer(again);
            assert_eq!((status, second), (StatusCode::CREATED, answer));
            assert_eq!(headers.get("idempotent-replayed"), Some(&HeaderValue::from_static("true")));
        }
    });
}

/// The request; `None` if a value could not stand in one.
fn request(house: &House, choice: u8, head: &[u8], body: &[u8]) -> Option<Request<Body>> {
    let (method, path) = &ROUTES[usize::from(choice & 0x7f) % ROUTES.len()];
    let mut request = Request::new(Body::from(body.to_vec()));
    *request.method_mut() = method.clone();
    *request.uri_mut() = path.parse().expect("it is a path");
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 40_000))));
    if choice & 0x80 == 0 {
        request.headers_mut().insert("x-api-key", house.key.clone());
    }
    for (name, value) in CHOSEN.iter().zip(head.split(|byte| *byte == b'\n')) {
        if !value.is_empty() {
            request.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_bytes(value).ok()?);
        }
    }
    Some(request)
}
