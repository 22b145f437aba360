//! What must not get out does not: keys and secrets pushed through every path, and names of passengers, are looked for in store
//! files, logs, metrics and refusals. And each request has its line in the access log.

use std::path::Path;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};
use skybridge_domain::time::Clock as _;
use skybridge_machine::MachineClock;

use crate::kit::bodies::example;
use crate::kit::program::{Caller, run_json, skybridge};
use crate::kit::signer::{Draft, Signer};
use crate::kit::{Answer, Program};

/// So much of a secret is a find.
const FRAGMENT: usize = 16;

/// A passenger's name and an address that stand nowhere else.
const NAME: &str = "Quicksilverbird";
const EMAIL: &str = "quicksilverbird@partner.example";

/// A card's number, from the card schemes' own pages for tests.
const CARD: &str = "4012888888881881";

/// The program that logs all there is to log, what must not get out of it, and all that it refused.
struct House {
    data: tempfile::TempDir,
    log: tempfile::NamedTempFile,
    server: Program,
    canaries: Vec<Vec<u8>>,
    refusals: Vec<Answer>,
}

impl House {
    fn open() -> Self {
        let (data, log) = (tempfile::tempdir().unwrap(), tempfile::NamedTempFile::new().unwrap());
        let mut program = skybridge(data.path());
        program.env("SKYBRIDGE_LOG_LEVEL", "trace").env("SKYBRIDGE_LOG_FORMAT", "json");
        program.env("SKYBRIDGE_SCREENING_SAMPLES", data.path().join("texts.samples"));
        let server = Program::start_logging(program, &[], Stdio::from(log.reopen().unwrap()));
        run_json(data.path(), &["plan", "set", "ample", "--rate", "1000000", "--burst", "1000000"]);
        run_json(data.path(), &["agency", "create", "PartnerCo", "--plan", "ample"]);
        Self { data, log, server, canaries: vec![], refusals: vec![] }
    }

    /// Makes a key, and gives its text and id.
    fn key(&mut self, more: &[&str]) -> (String, String) {
        let made = run_json(self.data.path(), &[&["key", "create", "PartnerCo"], more].concat());
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        self.canaries.push(secret(&text("key")).into());
        (text("key"), text("key_id"))
    }

    /// Makes a secret to sign with, and gives its text and the one who holds it. It must not get out in any spelling.
    fn signer(&mut self) -> (String, Signer) {
        let create = ["signing-key", "create", "PartnerCo", "--algorithm", "hmac-sha256"];
        let made = run_json(self.data.path(), &create);
        let secret = made["secret"].as_str().unwrap().to_owned();
        let bytes = STANDARD.decode(&secret).unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.canaries.push(secret.as_bytes()[..FRAGMENT].into());
        self.canaries.push(hex.as_bytes()[..FRAGMENT].into());
        self.canaries.push(bytes[..FRAGMENT].into());
        let signer = Signer::with_secret(made["key_id"].as_str().unwrap(), &secret);
        (secret, signer)
    }

    /// Books with a signature, as soon as one is taken after the start; what is refused until then is kept.
    async fn book_signed(&mut self, signer: &Signer, body: &Value) {
        let caller = Caller::with_key("none");
        for attempt in 0_u64.. {
            let now = MachineClock.now();
            let draft = Draft::book("signed", &body.to_string(), now, &attempt.to_string());
            // As far ahead as a signer's clock may be: that has to wait least.
            let draft = Draft { created: now.as_secs() + 5, ..draft };
            let answer = caller.signed(&self.server.public, signer, &draft).await.unwrap();
            if answer.status == 201 {
                return;
            }
            assert!(!answer.header("retry-after").is_empty(), "{answer:?}");
            self.refusals.push(answer);
        }
    }

    /// Sends a request that is to be refused, and keeps what it is told.
    async fn refused(&mut self, key: &str, method: Method, path: &str, more: &[(&str, &str)], body: &Value) {
        let caller = Caller::with_key(key);
        let url = format!("{}{path}", self.server.public);
        let answer = caller.call(method, &url, more, body).await.unwrap();
        assert!(answer.status.is_client_error(), "{path}: {answer:?}");
        self.refusals.push(answer);
    }

    /// Ends the server, and gives all that it wrote about itself.
    async fn told(self) -> (Vec<u8>, Vec<u8>, Vec<u8>, Vec<Vec<u8>>, tempfile::TempDir) {
        let caller = Caller::with_key("none");
        let metrics = caller.get(&format!("{}/metrics", self.server.admin)).await.unwrap().body;
        assert!(self.server.terminate());
        let log = std::fs::read(self.log.path()).unwrap();
        let refusals = self.refusals.iter().map(|answer| format!("{answer:?}")).collect::<String>();
        let bodies: Vec<u8> = self.refusals.into_iter().flat_map(|answer| answer.body).collect();
        (log, metrics, [refusals.into_bytes(), bodies].concat(), self.canaries, self.data)
    }
}

fn has(haystack: &[u8], needle: impl AsRef<[u8]>) -> bool {
    let needle = needle.as_ref();
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// Every file under `directory`.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    std::fs::read_dir(directory)
        .unwrap()
        .flat_map(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path)
            } else {
                vec![(path.display().to_string(), std::fs::read(&path).unwrap())]
            }
        })
        .collect()
}

/// The part of a key's text that proves its holder.
fn secret(key: &str) -> &str {
    &key[22..22 + FRAGMENT]
}

#[tokio::test]
async fn keys_and_names_are_nowhere_that_they_do_not_belong() {
    let mut house = House::open();
    let (good, _) = house.key(&[]);
    let (sandbox, _) = house.key(&["--sandbox"]);
    assert!(sandbox.starts_with("sbk_test_"), "a key of the sandbox");
    let (shared, signer) = house.signer();
    let (elsewhere, _) = house.key(&["--allow-cidr", "203.0.113.0/24"]);
    let (reader, _) = house.key(&["--scope", "bookings:read"]);
    let (revoked, revoked_id) = house.key(&[]);
    run_json(house.data.path(), &["key", "revoke", &revoked_id]);
    let (rotated, rotated_id) = house.key(&[]);
    let successor = run_json(house.data.path(), &["key", "rotate", &rotated_id, "--grace", "24h"]);
    house.canaries.push(secret(successor["key"].as_str().unwrap()).into());

    let mut booking = example();
    booking["passengers"][0]["family_name"] = json!(NAME);
    booking["contact"]["email"] = json!(EMAIL);
    booking["remarks"] = json!(format!("{NAME} at the gate"));
    for key in [&good, &sandbox, &rotated] {
        let caller = Caller::with_key(key);
        caller.book(&house.server.public, &format!("k-{}", &key[9..21]), &booking).await.unwrap().expect(201);
    }

    let none = json!({});
    let another = if good.ends_with('x') { 'y' } else { 'x' };
    let (misspelt, unknown) =
        (format!("{}{another}", &good[..71]), good.replacen(&good[22..32], "0123456789", 1));
    for key in [&misspelt, &unknown, &revoked, &elsewhere, &reader, &shared] {
        house.refused(key, Method::POST, "/booking", &[], &booking).await;
    }
    // Where a key does not belong, and strays all the same.
    for path in [
        "/v1/bookings/KEY",
        "/KEY",
        "/v1/bookings?cursor=KEY",
        "/v1/bookings?limit=KEY",
        "/v1/bookings?KEY=1",
    ] {
        house.refused(&good, Method::GET, &path.replace("KEY", &good), &[], &none).await;
        house.refused(&misspelt, Method::GET, &path.replace("KEY", &good), &[], &none).await;
        house.refused(&good, Method::GET, &path.replace("KEY", &shared), &[], &none).await;
    }
    let stray = Method::from_bytes(good.as_bytes()).unwrap();
    house.refused(&good, stray, "/v1/usage", &[], &none).await;
    for header in ["x-request-id", "cookie", "user-agent", "referer", "accept", "if-match"] {
        house.refused(&reader, Method::POST, "/booking", &[(header, &good)], &booking).await;
        house.refused(&reader, Method::POST, "/booking", &[(header, &shared)], &booking).await;
    }
    house
        .refused(&good, Method::POST, "/booking", &[("authorization", &format!("Bearer {good}"))], &none)
        .await;

    // Bookings that are refused over what stands in them.
    let mut wrong = booking.clone();
    wrong["passengers"][0]["type"] = json!(NAME);
    wrong["passengers"][0]["given_name"] = json!(format!("{NAME}\u{7}"));
    wrong["passengers"][0]["date_of_birth"] = json!(NAME);
    wrong["contact"]["email"] = json!(format!("{EMAIL} {NAME}"));
    wrong["price"] = json!({ "amount": NAME, "currency": NAME });
    wrong["segments"][0]["origin"] = json!(NAME);
    house.refused(&good, Method::POST, "/booking", &[], &wrong).await;
    house.refused(&good, Method::POST, "/booking", &[], &json!({ "agency": NAME })).await;
    house.refused(&good, Method::POST, "/booking", &[], &json!([NAME])).await;

    // Bookings that are screened out, and one that holds a card's number: in the log stand rules, among operators shapes.
    let mut attack = booking.clone();
    attack["remarks"] =
        json!(format!("{NAME} <script>alert('{EMAIL}')</script> union select '{NAME}' -- {good}"));
    house.refused(&good, Method::POST, "/booking", &[], &attack).await;
    let mut card = booking.clone();
    card["remarks"] = json!(format!("{NAME} pays with {CARD}"));
    house.refused(&good, Method::POST, "/booking", &[("x-request-id", CARD)], &card).await;
    house.refused(&good, Method::POST, "/booking", &[("idempotency-key", CARD)], &booking).await;
    let shown = skybridge(house.data.path()).args(["screen", "refusals", "--json"]).output().unwrap().stdout;
    assert!(has(&shown, "/remarks"), "the operator sees where: {}", String::from_utf8_lossy(&shown));

    // Signed with the secret, and once with the secret where the key's id belongs.
    house.book_signed(&signer, &booking).await;
    let confused = Signer { key_id: shared.clone(), ..signer };
    let draft = Draft::book("confused", &booking.to_string(), MachineClock.now(), "n");
    let answer = Caller::with_key("none").signed(&house.server.public, &confused, &draft).await.unwrap();
    assert!(answer.status.is_client_error(), "{answer:?}");
    house.refusals.push(answer);

    let samples = house.data.path().join("texts.samples");
    let (log, metrics, refusals, canaries, data) = house.told().await;
    assert!(has(&log, "skybridge::access"), "nothing was logged");
    for secret in &canaries {
        for (place, text) in [("the log", &log), ("the metrics", &metrics), ("a refusal", &refusals)] {
            assert!(!has(text, secret), "a secret is in {place}");
        }
        for (path, bytes) in
            files(data.path()).into_iter().filter(|(path, _)| !path.ends_with("texts.samples"))
        {
            assert!(!has(&bytes, secret), "a secret is in {path}");
        }
    }
    for (path, bytes) in files(data.path()) {
        assert!(!has(&bytes, CARD), "a card's number is in {path}");
    }
    let texts =
        [("the log", &log), ("the metrics", &metrics), ("a refusal", &refusals), ("an excerpt", &shown)];
    for (place, text) in texts {
        for name in [NAME, EMAIL, CARD] {
            assert!(!has(text, name), "a passenger is in {place}");
        }
    }
    assert!(!canaries.iter().any(|secret| has(&shown, secret)), "a secret is in an excerpt");
    assert!(
        has(&log, "card-number") && has(&metrics, "outcome=\"card-data\"} 2"),
        "what was found is told by its rule"
    );
    // The samples alone hold what callers wrote, since the operator asked for it; but no card's number.
    let samples = std::fs::read(&samples).unwrap();
    assert!(has(&samples, NAME) && !has(&samples, CARD), "{}", String::from_utf8_lossy(&samples));
}

#[tokio::test]
async fn each_request_has_its_line() {
    let mut house = House::open();
    let (key, key_id) = house.key(&[]);
    let caller = Caller::with_key(&key);
    let booked = caller.book(&house.server.public, "k", &example()).await.unwrap().expect(201);
    house.refused(&key, Method::POST, "/booking", &[("x-request-id", "trip-7")], &json!({ "x": 1 })).await;
    house
        .refused("sbk_live_no", Method::GET, "/v1/nothing?at=all", &[("x-request-id", "trip-8")], &json!({}))
        .await;

    let (log, ..) = house.told().await;
    let line = |request_id: &str| -> Value {
        let lines = log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let lines = lines.map(|line| serde_json::from_slice::<Value>(line).expect("a line is an object"));
        let mut lines = lines.filter(|line| line["target"] == "skybridge::access");
        let mut line = lines.find(|line| line["request_id"] == request_id).expect("the request has a line");
        assert!(line["ms"].as_f64().unwrap() > 0.0 && line["timestamp"].is_string(), "{line}");
        for varies in ["ms", "timestamp", "level", "target", "request_id"] {
            line.as_object_mut().unwrap().remove(varies);
        }
        line
    };
    let who = json!({ "source": "127.0.0.1", "agency": "PartnerCo", "key_id": key_id });
    let with = |more: Value| {
        let mut line = who.clone();
        line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        line
    };
    assert_eq!(
        line(booked.header("x-request-id")),
        with(json!({ "method": "POST", "route": "/v1/bookings", "status": 201, "code": "ok" }))
    );
    assert_eq!(
        line("trip-7"),
        with(json!({ "method": "POST", "route": "/booking", "status": 422, "code": "unknown-field" }))
    );
    assert_eq!(
        line("trip-8"),
        json!({ "source": "127.0.0.1", "method": "GET", "status": 404, "code": "not-found" })
    );
}
