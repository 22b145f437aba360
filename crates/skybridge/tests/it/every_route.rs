//! Every route against every kind of caller: one table, whose routes come from the document that is served, so that a
//! new one cannot be forgotten.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::kit::bodies::example;
use crate::kit::{ADMIN_TOKEN, Answer, App};

/// What a caller presents, as a header; the mistyped ones are texts that no key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    Nobody,
    Mistyped,
    WithAStrangeKey,
    Expired,
    Revoked,
    WithoutTheScope,
    FromElsewhere,
    Suspended,
    WithoutTheSignature,
    WithoutTheCertificate,
    InTheSandbox,
    OfAnotherAgency,
    WithTheAdminToken,
    WithTheAdminTokenAsBearer,
    Itself,
}

impl Caller {
    const ALL: [Self; 15] = [
        Self::Nobody,
        Self::Mistyped,
        Self::WithAStrangeKey,
        Self::Expired,
        Self::Revoked,
        Self::WithoutTheScope,
        Self::FromElsewhere,
        Self::Suspended,
        Self::WithoutTheSignature,
        Self::WithoutTheCertificate,
        Self::InTheSandbox,
        Self::OfAnotherAgency,
        Self::WithTheAdminToken,
        Self::WithTheAdminTokenAsBearer,
        Self::Itself,
    ];

    /// The documented answer on a route for agencies; `None` if it depends on whose bookings the route is about.
    fn refusal(self) -> Option<(u16, &'static str)> {
        match self {
            Self::Nobody => Some((401, "key-missing")),
            Self::Mistyped | Self::WithTheAdminToken | Self::WithTheAdminTokenAsBearer => {
                Some((401, "key-malformed"))
            }
            Self::WithAStrangeKey | Self::Expired | Self::Revoked => Some((401, "key-unknown")),
            Self::WithoutTheScope => Some((403, "scope-missing")),
            Self::FromElsewhere => Some((403, "address-not-allowed")),
            Self::Suspended => Some((403, "agency-suspended")),
            Self::WithoutTheSignature => Some((403, "signature-required")),
            Self::WithoutTheCertificate => Some((403, "certificate-required")),
            Self::InTheSandbox | Self::OfAnotherAgency | Self::Itself => None,
        }
    }
}

/// A route as the document describes it.
struct Route {
    method: Method,
    path: String,
    /// The scope it needs; `None` if it is open to all.
    scope: Option<String>,
    creates: bool,
    success: u16,
}

fn routes(document: &Value) -> Vec<Route> {
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let answers = operation["responses"].as_object().unwrap();
            let success = answers.keys().find(|status| status.starts_with('2')).unwrap();
            routes.push(Route {
                method: Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
                path: path.clone(),
                scope: operation["security"][0]["api_key"][0].as_str().map(str::to_owned),
                creates: !operation["requestBody"].is_null(),
                success: success.parse().unwrap(),
            });
        }
    }
    routes
}

/// The house with everybody who may come to its door.
struct Stage {
    app: App,
    own_key: String,
    keys: Vec<(Caller, String)>,
    asked: std::cell::Cell<u32>,
}

impl Stage {
    async fn set() -> Self {
        let app = App::new().await;
        let own_key = app.agency("PartnerCo").await.credential().to_owned();
        let admin = app.admin();
        let issue = async |agency: &str, body: Value| admin.issue_key(agency, &body).await;
        let revoked = issue("PartnerCo", json!({})).await;
        let revoke = format!("/admin/v1/keys/{}/revoke", &revoked[9..21]);
        admin.post(&revoke, &json!(null)).await.expect(200);
        let expired = issue("PartnerCo", json!({ "expires_in_seconds": 1 })).await;
        app.advance(std::time::Duration::from_secs(1));
        let suspended = app.agency("Suspended").await.credential().to_owned();
        admin.post("/admin/v1/agencies/Suspended/suspend", &json!(null)).await.expect(200);
        let must_sign = app.agency("MustSign").await.credential().to_owned();
        let signature = json!({ "requires": "signature" });
        admin.put("/admin/v1/agencies/MustSign/requirement", &signature).await.expect(200);
        let must_show = app.agency("MustShow").await.credential().to_owned();
        let pinned = json!({ "certificate": "5e".repeat(32) });
        admin.post("/admin/v1/agencies/MustShow/certificates", &pinned).await.expect(200);
        let certificate = json!({ "requires": "certificate" });
        admin.put("/admin/v1/agencies/MustShow/requirement", &certificate).await.expect(200);
        let elsewhere = App::new().await;
        for name in ["A", "B", "C", "D", "E", "F", "G", "H"] {
            elsewhere.agency(name).await;
        }
        let keys = vec![
            (Caller::Mistyped, format!("{}x", &own_key[..own_key.len() - 1])),
            (Caller::WithAStrangeKey, elsewhere.agency("Stranger").await.credential().to_owned()),
            (Caller::Expired, expired),
            (Caller::Revoked, revoked),
            (Caller::FromElsewhere, issue("PartnerCo", json!({ "allowed_cidrs": ["203.0.113.0/24"] })).await),
            (Caller::Suspended, suspended),
            (Caller::WithoutTheSignature, must_sign),
            (Caller::WithoutTheCertificate, must_show),
            (Caller::InTheSandbox, issue("PartnerCo", json!({ "mode": "test" })).await),
            (Caller::OfAnotherAgency, app.agency("Other").await.credential().to_owned()),
            (Caller::WithTheAdminToken, ADMIN_TOKEN.to_owned()),
            (Caller::Itself, own_key.clone()),
        ];
        Self { app, own_key, keys, asked: std::cell::Cell::new(0) }
    }

    async fn key_of(&self, caller: Caller, scope: Option<&str>) -> Option<(&'static str, String)> {
        let key = |wanted| self.keys.iter().find(|(one, _)| *one == wanted).unwrap().1.clone();
        match caller {
            Caller::Nobody => None,
            Caller::WithTheAdminTokenAsBearer => Some(("authorization", format!("Bearer {ADMIN_TOKEN}"))),
            Caller::WithoutTheScope => {
                let all = ["bookings:write", "bookings:read", "webhooks:manage", "usage:read"];
                let others: Vec<_> = all.into_iter().filter(|one| Some(*one) != scope).collect();
                let key = self.app.admin().issue_key("PartnerCo", &json!({ "scopes": others })).await;
                Some(("x-api-key", key))
            }
            caller => Some(("x-api-key", key(caller))),
        }
    }

    /// Asks as `caller`, about a booking of PartnerCo's that was made for this; from an address of its own, so that
    /// failures do not add up to a lockout.
    async fn ask(&self, caller: Caller, route: &Route) -> (Answer, String) {
        let asked = self.asked.get() + 1;
        self.asked.set(asked);
        self.app.advance(std::time::Duration::from_millis(1));
        let made = self.app.with_key(&self.own_key).book(&format!("of {asked}"), &example()).await;
        let booking = made.expect(201).booking_id();
        let path = route.path.replace("{booking_id}", &booking).replace("{code}", "not-found");
        let path = path.replace("{key}", &format!("of%20{asked}"));
        let source = SocketAddr::from((std::net::Ipv4Addr::from_bits(0xc633_0000 + asked), 40_000));
        let mut request = Request::builder().method(&route.method).uri(path).extension(ConnectInfo(source));
        if let Some((name, value)) = self.key_of(caller, route.scope.as_deref()).await {
            request = request.header(name, value);
        }
        let body = if route.creates {
            request = request.header("idempotency-key", format!("by {asked}"));
            request = request.header("content-type", "application/json");
            Body::from(example().to_string())
        } else {
            Body::empty()
        };
        (self.app.anonymous().send(request.body(body).unwrap()).await, booking)
    }
}

#[tokio::test]
async fn every_route_answers_every_caller_as_documented() {
    let stage = Stage::set().await;
    let document = stage.app.anonymous().get("/openapi.json").await.expect(200).json();
    let routes = routes(&document);
    assert!(
        routes.iter().filter(|route| route.scope.is_some()).count() >= 9,
        "the table has lost its routes"
    );
    for route in &routes {
        for caller in Caller::ALL {
            println!("{caller:?}: {} {}", route.method, route.path);
            let (answer, booking) = stage.ask(caller, route).await;
            if route.scope.is_none() {
                answer.expect(200);
                continue;
            }
            if let Some((status, code)) = caller.refusal() {
                let answer = answer.expect_refusal(status, code);
                assert_eq!(answer.header("www-authenticate").is_empty(), status != 401);
                continue;
            }
            let about_one_booking = route.path.contains('{');
            if caller != Caller::Itself && about_one_booking {
                answer.expect_refusal(404, "not-found");
            } else {
                let answer = answer.expect(route.success);
                let text = String::from_utf8(answer.body).unwrap();
                let is_list = route.method == Method::GET && route.path == "/v1/bookings";
                let may_name_it = caller == Caller::Itself && (about_one_booking || is_list);
                assert_eq!(text.contains(&booking), may_name_it, "{} bytes", text.len());
            }
        }
    }
}

#[tokio::test]
async fn an_agencys_key_opens_nothing_behind_the_counter() {
    let app = App::new().await;
    let key = app.agency("PartnerCo").await.credential().to_owned();
    for path in ["status", "plans", "agencies", "agencies/PartnerCo/keys", "bookings", "audit", "no-such"] {
        let path = format!("/admin/v1/{path}");
        app.intruder(Some(&key)).get(&path).await.expect_refusal(401, "admin-token-invalid");
        app.intruder(None).get(&path).await.expect_refusal(401, "admin-token-missing");
        app.with_key(&key).get(&path).await.expect_refusal(404, "not-found");
    }
}
