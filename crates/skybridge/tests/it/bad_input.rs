//! What is refused, each with its documented code, and that none of it reaches the store.

use axum::body::Body;
use http::{Method, header};
use serde_json::json;

use crate::kit::App;
use crate::kit::bodies::{example, example_with};

#[tokio::test]
async fn bodies_that_are_no_booking_are_refused() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let deep = format!("{{\"remarks\":{}{}}}", "[".repeat(200), "]".repeat(200));
    let large = json!({ "remarks": "x".repeat(70_000) }).to_string();
    let cases: [(&str, &[u8], u16, &str); 14] = [
        ("nothing", b"", 400, "malformed-json"),
        ("cut off", b"{\"remarks\":\"x\"", 400, "malformed-json"),
        ("text after the end", b"{} {}", 400, "malformed-json"),
        ("invalid UTF-8", b"{\"remarks\":\"\xff\"}", 400, "malformed-json"),
        ("a byte order mark", b"\xef\xbb\xbf{}", 400, "malformed-json"),
        ("a lone surrogate", br#"{"remarks":"\ud800"}"#, 400, "malformed-json"),
        ("too deep", deep.as_bytes(), 400, "malformed-json"),
        ("too large", large.as_bytes(), 413, "body-too-large"),
        ("a name twice", br#"{"remarks":"a","remarks":"b"}"#, 422, "duplicate-member"),
        (
            "a name twice, written otherwise",
            br#"{"remarks":"a","r\u0065marks":"b"}"#,
            422,
            "duplicate-member",
        ),
        ("an unknown field", br#"{"remark":"a"}"#, 422, "unknown-field"),
        ("a field that the server sets", br#"{"status":"CONFIRMED"}"#, 422, "unknown-field"),
        ("another type", br#"{"remarks":7}"#, 422, "invalid-booking"),
        ("another shape", b"[]", 422, "invalid-booking"),
    ];
    for (what, body, status, code) in cases {
        println!("{what}");
        agency.book_bytes(what.replace(' ', "-").as_str(), body.to_vec()).await.expect_refusal(status, code);
    }
    assert_eq!(app.stored_bookings().await, 0);
}

#[tokio::test]
async fn all_faults_are_told_at_once() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let body = json!({
        "segments": [{ "carrier": "sb", "flight_number": "12345", "origin": "CMH", "destination": "CMH", "departure_date": "2027-02-30" }],
        "passengers": [{ "type": "INF", "family_name": "Ng\u{202e}" }],
        "price": { "amount": "1.5", "currency": "JPY" },
        "contact": { "phone": "0123" },
        "surprise": true,
    });
    let refused = agency.book("k", &body).await.expect_refusal(422, "invalid-booking");
    let mut pointers = refused.pointers();
    pointers.sort();
    let mut expected = [
        "/contact/phone",
        "/passengers",
        "/passengers/0/family_name",
        "/price/amount",
        "/segments/0/carrier",
        "/segments/0/departure_date",
        "/segments/0/destination",
        "/segments/0/flight_number",
        "/surprise",
    ];
    expected.sort_unstable();
    assert_eq!(pointers, expected);
    assert_eq!(app.stored_bookings().await, 0);
}

#[tokio::test]
async fn the_announced_size_is_enough_to_refuse() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let request = agency
        .request(Method::POST, "/v1/bookings")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, "65537")
        .header("idempotency-key", "k");
    agency.send(request.body(Body::empty()).unwrap()).await.expect_refusal(413, "body-too-large");
    // The largest body that is read is read.
    let filler = " ".repeat(64 * 1024 - 2);
    agency.book_bytes("largest", format!("{{{filler}}}")).await.expect(201);
}

#[tokio::test]
async fn an_agency_books_for_itself_only() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    agency.book("k", &example_with("agency", json!("PartnerCo"))).await.expect(201);
    for other in ["Other", "partnerco", ""] {
        let body = example_with("agency", json!(other));
        agency.book("k2", &body).await.expect_refusal(403, "agency-mismatch");
        agency.post("/booking", &body).await.expect_refusal(403, "agency-mismatch");
    }
    assert_eq!(app.stored_bookings().await, 1);
}

#[tokio::test]
async fn another_agencys_booking_is_not_there() {
    let app = App::new().await;
    let owner = app.agency("Owner").await;
    let other = app.agency("Other").await;
    let theirs = owner.book("k", &example()).await.expect(201).booking_id();
    let unknown = "00000000-0000-4000-8000-000000000000";
    for path in ["", "/history"] {
        let mut bodies = Vec::new();
        for id in [theirs.as_str(), unknown, "not-an-id", &theirs.to_uppercase()] {
            let refused =
                other.get(&format!("/v1/bookings/{id}{path}")).await.expect_refusal(404, "not-found");
            let mut body = refused.json();
            body["request_id"].take();
            bodies.push(body);
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
    }
    for step in ["confirm", "cancel"] {
        other
            .post(&format!("/v1/bookings/{theirs}/{step}"), &json!(null))
            .await
            .expect_refusal(404, "not-found");
    }
    assert_eq!(owner.get(&format!("/v1/bookings/{theirs}")).await.expect(200).json()["status"], "CREATED");
    assert_eq!(other.get("/v1/bookings").await.expect(200).json()["bookings"], json!([]));
}

#[tokio::test]
async fn envelopes_are_refused_before_anybody_is_asked_for() {
    let app = App::new().await;
    let anyone = app.anonymous();
    let get = |path: &str| anyone.request(Method::GET, path);
    let send =
        async |request: http::request::Builder| anyone.send(request.body(Body::empty()).unwrap()).await;

    send(get(&format!("/v1/bookings?cursor={}", "x".repeat(8192)))).await.expect_refusal(414, "uri-too-long");
    send(get("/healthz").header("x-filler", "x".repeat(16 * 1024)))
        .await
        .expect_refusal(431, "headers-too-large");
    let many = (0..101).fold(get("/healthz"), |request, number| request.header(format!("x-{number}"), "1"));
    send(many).await.expect_refusal(431, "headers-too-large");
    for name in ["x-api-key", "authorization", "content-type", "if-match"] {
        let twice = get("/healthz").header(name, "a").header(name, "a");
        send(twice).await.expect_refusal(400, "duplicate-header");
    }
    let both = get("/v1/usage").header("x-api-key", "a").header("authorization", "Bearer a");
    send(both).await.expect_refusal(400, "duplicate-header");
}

#[tokio::test]
async fn what_is_not_served_says_what_is() {
    let app = App::new().await;
    let anyone = app.anonymous();
    for path in ["/", "/v2/bookings", "/v1/bookings/", "/errors/no-such-code", "/admin/v1/plans", "/metrics"]
    {
        anyone.get(path).await.expect_refusal(404, "not-found");
    }
    let refused =
        anyone.send(anyone.request(Method::DELETE, "/v1/bookings").body(Body::empty()).unwrap()).await;
    let refused = refused.expect_refusal(405, "method-not-allowed");
    let mut allowed: Vec<_> = refused.header("allow").split(", ").collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);

    let agency = app.agency("PartnerCo").await;
    let head = agency.send(agency.request(Method::HEAD, "/v1/usage").body(Body::empty()).unwrap()).await;
    assert!(head.expect(200).body.is_empty());
    let html = agency.request(Method::GET, "/v1/usage").header(header::ACCEPT, "text/html");
    agency.send(html.body(Body::empty()).unwrap()).await.expect_refusal(406, "not-acceptable");
    for accepted in ["text/html, */*;q=0.1", "", "Application/JSON"] {
        let request = agency.request(Method::GET, "/v1/usage").header(header::ACCEPT, accepted);
        agency.send(request.body(Body::empty()).unwrap()).await.expect(200);
    }
}

#[tokio::test]
async fn a_body_must_say_that_it_is_json() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    let book = async |media_type: Option<&str>| {
        let request = agency.request(Method::POST, "/v1/bookings").header("idempotency-key", "k");
        let request = match media_type {
            Some(media_type) => request.header(header::CONTENT_TYPE, media_type),
            None => request,
        };
        agency.send(request.body(Body::from("{}")).unwrap()).await
    };
    let others =
        ["application/x-www-form-urlencoded", "text/plain", "json", "application/json; charset=latin1"];
    for other in others {
        book(Some(other)).await.expect_refusal(415, "unsupported-media-type");
    }
    for json in [Some("application/json"), Some("Application/JSON; charset=utf-8"), None] {
        book(json).await.expect(201);
    }
}

#[tokio::test]
async fn an_encoded_body_is_refused() {
    let app = App::new().await;
    let agency = app.agency("PartnerCo").await;
    for path in ["/v1/bookings", "/booking"] {
        let request = agency.request(Method::POST, path).header("idempotency-key", "k");
        let request = request.header(header::CONTENT_ENCODING, "gzip").body(Body::from("{}")).unwrap();
        agency.send(request).await.expect_refusal(415, "unsupported-media-type");
    }
    assert_eq!(app.stored_bookings().await, 0);
}

#[tokio::test]
async fn the_callers_request_id_is_kept_if_it_is_one() {
    let app = App::new().await;
    let anyone = app.anonymous();
    let named = async |id: &str| {
        let request = anyone.request(Method::GET, "/healthz").header("x-request-id", id);
        anyone.send(request.body(Body::empty()).unwrap()).await.header("x-request-id").to_owned()
    };
    assert_eq!(named("trace-7f.3_A").await, "trace-7f.3_A");
    for bad in ["", "with space", "a/b", &"x".repeat(129)] {
        assert_ne!(named(bad).await, bad);
        assert!(!named(bad).await.is_empty());
    }
}
