//! Whatever is asked through whichever gateway: the answer is the server's, status, headers and body.

use crate::kit::{Answer, Call, Door, House};

const BOOKING: &str =
    r#"{"agency":"PartnerCo","agency_reference":"PO 1/2","remarks":"drop off wheelchair at gate"}"#;

/// Calls that change nothing, or nothing any more: each can be answered again and again.
async fn calls(house: &House) -> Vec<Call> {
    let create = house
        .call("POST", "/v1/bookings")
        .header("content-type", "application/json")
        .header("idempotency-key", "trip-7")
        .body(BOOKING);
    let created = house.serve(&create).await;
    assert_eq!(created.status, 201);
    let id = created.json()["booking_id"].as_str().unwrap().to_owned();
    let etag = created.headers["etag"].to_str().unwrap().to_owned();
    let lesson = house
        .call("POST", "/booking")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("idempotency-key", "lesson")
        .body(r#"{"agency":"PartnerCo"}"#);
    assert_eq!(house.serve(&lesson).await.status, 201);
    let booking = format!("/v1/bookings/{id}");
    let get = |target: &str| house.call("GET", target);
    vec![
        create.clone(),
        lesson.clone(),
        get(&booking),
        get(&booking).header("if-none-match", &etag),
        get(&format!("{booking}/history")),
        get("/v1/bookings"),
        get("/v1/bookings?agency_reference=PO+1%2F2&limit=5"),
        get("/v1/bookings?agency_reference=PO%201/2&created_from=2020-01-01T00%3A00%3A00Z"),
        get("/v1/idempotency/trip-7"),
        get("/v1/idempotency/trip%2D7"),
        // What the server refuses.
        get("/v1/bookings?limit=1&limit=2"),
        get("/v1/bookings?b%C3%BC%26%22=1"),
        get("/v1/bookings?agency_reference=%22%26%3D+%2B%25"),
        get("/v1/bookings?limit=%zz"),
        get("/v1/bookings/00000000-0000-8000-8000-000000000000"),
        get("/v1/idempotency/trip%2F7"),
        get("/nothing/here"),
        get("/booking/"),
        house.call("DELETE", &booking),
        house.call("OPTIONS", "/v1/bookings"),
        house.call("POST", "/v1/bookings").header("content-type", "application/json").body(BOOKING),
        create.clone().without_header("content-type").header("content-type", "text/plain"),
        create.clone().body(r#"{"passengers":[{"type":"XXX"}],"agency":"PartnerCo","colour":"red"}"#),
        create.clone().body("{\"agency\""),
        create.clone().body(r#"{"agency_reference":"another"}"#),
        lesson.body("x".repeat(70_000)),
        get(&booking).without_header("x-api-key"),
        get(&booking).without_header("x-api-key").header("authorization", "Bearer sbk_live_x"),
        get(&booking).header("accept", "text/html"),
        get(&booking).header("cookie", "a=1; b=2"),
        Call::new("GET", "/healthz"),
        Call::new("HEAD", "/healthz"),
        Call::new("GET", "/readyz"),
        Call::new("GET", "/openapi.json"),
        Call::new("GET", "/docs"),
        Call::new("GET", "/docs/redoc.js"),
        Call::new("GET", "/errors/rate-limited"),
    ]
}

#[tokio::test]
async fn every_call_is_answered_as_the_server_answers_it() {
    let house = House::open().await;
    let mut function = house.function().await;
    for call in calls(&house).await {
        let expected = house.serve(&call).await;
        for door in Door::ALL {
            let answer = Answer::of(function.invoke(door.event(&call)).await.unwrap());
            assert_eq!(answer, expected, "{} {} through {door:?}", call.method, call.path);
        }
    }
}

#[tokio::test]
async fn a_booking_made_through_the_function_is_the_servers_to_replay_and_change() {
    let house = House::open().await;
    let mut function = house.function().await;
    for (number, door) in Door::ALL.into_iter().enumerate() {
        let create = house
            .call("POST", "/v1/bookings")
            .header("content-type", "application/json")
            .header("idempotency-key", &format!("trip-{number}"))
            .body(BOOKING);
        let mut made = Answer::of(function.invoke(door.event(&create)).await.unwrap());
        assert_eq!(made.status, 201, "{door:?}");
        let replayed = house.serve(&create).await;
        made.headers.insert("idempotent-replayed", "true".parse().unwrap());
        assert_eq!(made, replayed, "{door:?}");

        let id = made.json()["booking_id"].as_str().unwrap().to_owned();
        let confirm = house.call("POST", &format!("/v1/bookings/{id}/confirm"));
        let confirmed = Answer::of(function.invoke(door.event(&confirm)).await.unwrap());
        assert_eq!(
            (confirmed.status.as_u16(), confirmed.json()["status"].as_str()),
            (200, Some("CONFIRMED"))
        );
        assert_eq!(house.serve(&confirm).await, confirmed, "{door:?}");
    }
}
