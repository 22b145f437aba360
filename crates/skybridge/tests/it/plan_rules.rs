//! Rules for routes at the door: how an operator sets them, what an agency meets, and that whoever waits as long as it
//! is told comes in.

use std::time::Duration;

use serde_json::{Value, json};

use crate::kit::app::Client;
use crate::kit::bodies::example;
use crate::kit::{Answer, App};

/// The routes that a plan can have rules for: all that take a key.
const ROUTES: &str = "GET /v1/bookings, GET /v1/bookings/{booking_id}, GET /v1/bookings/{booking_id}/history, \
                      GET /v1/idempotency/{key}, GET /v1/usage, POST /booking, POST /v1/bookings, \
                      POST /v1/bookings/{booking_id}/cancel, POST /v1/bookings/{booking_id}/confirm";

#[tokio::test]
async fn rules_are_kept_shown_and_replaced_with_the_plan() {
    let app = App::new().await;
    let admin = app.admin();
    let rules = json!([
        { "route": "POST /v1/bookings", "cost": 5, "rate": "2", "burst": 10 },
        { "route": "GET /v1/bookings", "cost": 2 },
    ]);
    let set =
        admin.put_plan("basic", &json!({ "rate": "10", "burst": 20, "routes": rules })).await.expect(201);
    let shown = json!([
        { "route": "GET /v1/bookings", "cost": 2, "rate": null, "burst": null },
        { "route": "POST /v1/bookings", "cost": 5, "rate": "2/s", "burst": 10 },
    ]);
    assert_eq!(set.json()["routes"], shown);
    let app = app.after_a_restart().await;
    let listed = app.admin().get("/admin/v1/plans").await.expect(200).json();
    assert_eq!(listed["plans"][0]["routes"], shown);
    app.advance(Duration::from_secs(1));
    let replaced = app.admin().put_plan("basic", &json!({ "rate": "10", "burst": 20 })).await.expect(200);
    assert_eq!(replaced.json()["routes"], json!([]), "what is left out is gone");
    let audit = app.admin().get("/admin/v1/audit").await.expect(200).body;
    let told = "GET /v1/bookings cost=2, POST /v1/bookings cost=5 rate=2/s burst=10";
    assert!(String::from_utf8(audit).unwrap().contains(told));
}

#[tokio::test]
async fn a_rule_that_cannot_be_is_refused_with_what_can() {
    let app = App::new().await;
    let unknown = format!("There is no route \"POST /bookings\". A plan can have rules for: {ROUTES}.");
    for (rule, told) in [
        (json!({ "route": "POST /bookings", "cost": 2 }), unknown.as_str()),
        (json!({ "route": "GET /healthz", "cost": 2 }), "There is no route \"GET /healthz\""),
        (json!({ "route": "POST /booking", "rate": "1" }), "has a rate or a burst, but not the other"),
        (json!({ "route": "POST /booking", "burst": 1 }), "has a rate or a burst, but not the other"),
        (json!({ "route": "POST /booking", "rate": "fast", "burst": 1 }), "\"fast\" is not a rate"),
        (json!({ "route": "POST /booking", "cost": 0 }), "POST /booking costs 0"),
        (json!({ "route": "POST /booking", "cost": 21 }), "costs 21, but no more than 20 are ever there"),
        (json!({ "route": "POST /booking", "price": 2 }), "price"),
    ] {
        let plan = json!({ "rate": "10", "burst": 20, "routes": [rule] });
        let refused = app.admin().put_plan("basic", &plan).await;
        assert!(refused.status.is_client_error(), "{refused:?}");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(told), "{detail}");
    }
    let twice = json!([{ "route": "POST /booking", "cost": 1 }, { "route": "POST /booking", "cost": 2 }]);
    let plan = json!({ "rate": "10", "burst": 20, "routes": twice });
    let refused = app.admin().put_plan("basic", &plan).await.expect_refusal(422, "invalid-request");
    assert!(refused.json()["detail"].as_str().unwrap().contains("two rules"));
}

#[tokio::test]
async fn a_call_is_priced_and_paced_by_its_route() {
    let app = App::new().await;
    let plan = json!({
        "rate": "1", "burst": 20, "quota": "1000/day",
        "routes": [{ "route": "POST /v1/bookings", "cost": 3, "rate": "0.5", "burst": 6 }],
    });
    let agency = app.agency_on_plan("PartnerCo", &plan).await;
    let made = agency.book("k", &example()).await.expect(201);
    let policy = r#""burst";q=20;w=20, "day";q=1000;w=86400"#;
    assert_eq!(made.header("ratelimit-policy"), format!("{policy}, \"POST /v1/bookings\";q=6;w=12"));
    assert_eq!(made.header("ratelimit"), r#""POST /v1/bookings";r=3;t=6"#);
    let replayed = agency.book("k", &example()).await.expect(201);
    assert_eq!(replayed.header("ratelimit"), r#""POST /v1/bookings";r=0;t=12"#);
    let refused = agency.book("k2", &example()).await.expect_refusal(429, "rate-limited");
    assert_eq!(refused.header("retry-after"), "6", "when three fit");
    let detail = "The plan admits 0.5/s of POST /v1/bookings, and 6 at once. This call counts as 3. Wait as long as \
                  Retry-After says.";
    assert_eq!(refused.json()["detail"], detail);
    // Another route has the plan's limits alone.
    let read = agency.get("/v1/bookings").await.expect(200);
    assert_eq!((read.header("ratelimit-policy"), read.header("ratelimit")), (policy, r#""burst";r=13;t=7"#));
    let usage = agency.get("/v1/usage").await.expect(200).json();
    assert_eq!((&usage["policies"][0]["used"], &usage["policies"][1]["used"]), (&json!(8), &json!(8)));
    let route = &usage["routes"][0];
    assert_eq!((&route["route"], &route["cost"]), (&json!("POST /v1/bookings"), &json!(3)));
    assert_eq!(
        (&route["policy"]["name"], &route["policy"]["used"]),
        (&json!("POST /v1/bookings"), &json!(6))
    );
    // A rule that is taken away holds no more, and what was used stays used.
    app.admin()
        .put_plan("plan of PartnerCo", &json!({ "rate": "1", "burst": 20, "quota": "1000/day" }))
        .await;
    let made = agency.book("k2", &example()).await.expect(201);
    assert_eq!((made.header("ratelimit-policy"), made.header("ratelimit")), (policy, r#""burst";r=11;t=9"#));
}

/// Chance that follows from a seed (splitmix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ word >> 31) % end
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    /// Any plan, with rules for two of the routes that are called.
    fn plan(&mut self) -> Value {
        let rates = ["0.001", "0.07", "0.3", "1", "2.5", "7", "33.3"];
        let burst = 1 + self.below(12);
        let mut rule = |route: &str| {
            let cost = 1 + self.below(burst);
            let own = cost + self.below(6);
            match self.below(2) {
                0 => json!({ "route": route, "cost": cost }),
                _ => json!({ "route": route, "cost": cost, "rate": self.pick(&rates), "burst": own }),
            }
        };
        let routes = [rule("GET /v1/bookings"), rule("GET /v1/idempotency/{key}")];
        let quotas = ["20/day", "30/week+14:00", "25/month-14:00", "1000/day+05:30"];
        let quota = (self.below(3) > 0).then(|| self.pick(&quotas));
        json!({ "rate": self.pick(&rates), "burst": burst, "quota": quota, "routes": routes })
    }
}

async fn call(agency: &Client<'_>, path: &str) -> Answer {
    agency.get(path).await
}

/// Random plans, moments and routes: a call that comes `Retry-After` seconds after it was refused comes in. A whole
/// second before that, it does not.
#[tokio::test]
async fn whoever_waits_exactly_as_long_as_told_comes_in() {
    let (mut refusals, mut longer) = (0, 0);
    for seed in 0..40 {
        let mut chance = Chance(seed);
        let app = App::new().await;
        app.advance(Duration::from_nanos(chance.below(40 * 86_400_000_000_000)));
        let plan = chance.plan();
        let agency = app.agency_on_plan("PartnerCo", &plan).await;
        let other = app.agency("OtherCo").await;
        for _ in 0..25 {
            let path = chance.pick(&["/v1/bookings", "/v1/idempotency/k", "/v1/usage"]);
            let answer = call(&agency, path).await;
            if answer.status != 429 {
                app.advance(Duration::from_nanos(chance.below(700_000_000)));
                continue;
            }
            refusals += 1;
            let seconds: u64 = answer.header("retry-after").parse().unwrap();
            let what = format!("seed {seed}, {path}: {answer:?} under {plan}");
            let mut waited = 0;
            if seconds > 1 {
                longer += 1;
                waited = seconds - 1;
                app.advance(Duration::from_secs(waited));
                assert_eq!(call(&agency, path).await.status, 429, "a second too early: {what}");
            }
            // What others do does not matter.
            call(&other, path).await;
            app.advance(Duration::from_secs(seconds - waited));
            assert_ne!(call(&agency, path).await.status, 429, "{what}");
        }
    }
    assert!(refusals > 200 && longer > 100, "{refusals} refusals, {longer} of them for more than a second");
}
