//! The binary with its real store: killed, restarted, asked again.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use tokio::sync::watch;

use crate::honest_bookings::assert_same;
use crate::kit::Program;
use crate::kit::bodies::{example, honest};
use crate::kit::program::{Caller, agency_with_key, run, run_json};

/// 64 callers, 2,000 bookings, a SIGKILL in the middle; every caller retries with its key until it has its 201.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_thousand_bookings_survive_a_kill_exactly_once() {
    let data = tempfile::tempdir().unwrap();
    let server = Program::serve(data.path(), &[]);
    let key = agency_with_key(data.path(), "PartnerCo");
    let bodies = Arc::new(honest());
    let (address, addresses) = watch::channel(server.public.clone());
    let (acknowledged, mut progress) = watch::channel(0_usize);
    let next = Arc::new(AtomicUsize::new(0));

    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (bodies, next, mut addresses) = (Arc::clone(&bodies), Arc::clone(&next), addresses.clone());
        let (caller, acknowledged) = (Caller::with_key(&key), acknowledged.clone());
        callers.spawn(async move {
            let mut made = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(body) = bodies.get(number) else { return made };
                let answer = book_until_made(&caller, &mut addresses, number, body).await;
                acknowledged.send_modify(|count| *count += 1);
                made.push((number, answer));
            }
        });
    }

    // Only the callers count: should all of them fail, this fails too instead of waiting for ever.
    drop(acknowledged);
    progress.wait_for(|count| *count >= 700).await.unwrap();
    server.kill();
    let server = Program::serve(data.path(), &[]);
    address.send_replace(server.public.clone());

    let made: HashMap<usize, Value> = callers.join_all().await.into_iter().flatten().collect();
    assert_eq!(made.len(), 2000);
    for (number, body) in bodies.iter().enumerate() {
        assert_same(&made[&number], body);
    }
    let exported = run(data.path(), &["booking", "export"]).stdout;
    let stored: HashMap<String, Value> = exported
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice::<Value>(line).expect("each line is a booking"))
        .map(|booking| (booking["booking_id"].as_str().unwrap().to_owned(), booking))
        .collect();
    assert_eq!(stored.len(), 2000);
    for booking in made.values() {
        assert_eq!(&stored[booking["booking_id"].as_str().unwrap()], booking);
    }
    assert!(server.terminate());
    let report = run_json(data.path(), &["verify"]);
    assert_eq!(report["findings"], serde_json::json!([]), "{report}");
}

/// Sends until the booking is acknowledged; a lost server is waited for at its next address.
async fn book_until_made(
    caller: &Caller,
    addresses: &mut watch::Receiver<String>,
    number: usize,
    body: &Value,
) -> Value {
    loop {
        let server = addresses.borrow_and_update().clone();
        match caller.book(&server, &format!("honest-{number}"), body).await {
            Ok(answer) if answer.status == 503 => tokio::task::yield_now().await,
            Ok(answer) => return answer.expect(201).json(),
            Err(_) => {
                addresses.wait_for(|address| *address != server).await.unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_callers_with_one_key_make_one_booking() {
    let data = tempfile::tempdir().unwrap();
    let server = Program::serve(data.path(), &[]);
    let key = agency_with_key(data.path(), "PartnerCo");
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (caller, address) = (Caller::with_key(&key), server.public.clone());
        callers.spawn(async move { caller.book(&address, "one", &example()).await.unwrap().expect(201) });
    }
    let answers = callers.join_all().await;
    let fresh = answers.iter().filter(|answer| answer.header("idempotent-replayed").is_empty()).count();
    assert_eq!(fresh, 1);
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    let listed = run_json(data.path(), &["booking", "list"]);
    assert_eq!(listed["bookings"].as_array().unwrap().len(), 1);
    assert_eq!(listed["next_cursor"], Value::Null);

    // The answer is the same after a kill, and after a restart in order.
    server.kill();
    let server = Program::serve(data.path(), &[]);
    let again = Caller::with_key(&key).book(&server.public, "one", &example()).await.unwrap().expect(201);
    assert_eq!((again.header("idempotent-replayed"), &again.body), ("true", &answers[0].body));
    assert!(server.terminate());
    let server = Program::serve(data.path(), &[]);
    let again = Caller::with_key(&key).book(&server.public, "one", &example()).await.unwrap().expect(201);
    assert_eq!((again.header("idempotent-replayed"), &again.body), ("true", &answers[0].body));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_burst_is_spent_once_whatever_ends_the_server() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Program::serve(data.path(), &[]);
    run_json(data.path(), &["plan", "set", "small", "--rate", "0.000001", "--burst", "100"]);
    run_json(data.path(), &["agency", "create", "PartnerCo", "--plan", "small"]);
    let key = run_json(data.path(), &["key", "create", "PartnerCo"])["key"].as_str().unwrap().to_owned();
    let caller = Caller::with_key(&key);
    let mut admitted = 0;
    for round in 0..3 {
        let mut calls = tokio::task::JoinSet::new();
        for number in 0..[60, 20, 500][round] {
            let (caller, url) =
                (caller.clone(), format!("{}/v1/bookings?limit={}", server.public, number % 100 + 1));
            calls.spawn(async move { caller.get(&url).await.unwrap().status.as_u16() });
        }
        let statuses = calls.join_all().await;
        assert!(statuses.iter().all(|status| [200, 429].contains(status)), "{statuses:?}");
        admitted += statuses.iter().filter(|status| **status == 200).count();
        if round == 0 {
            server.kill();
        } else {
            assert!(server.terminate());
        }
        server = Program::serve(data.path(), &[]);
    }
    assert_eq!(admitted, 100);
}

#[tokio::test]
async fn the_demonstration_is_set_up_once() {
    let data = tempfile::tempdir().unwrap();
    let mut server = Program::serve(data.path(), &["--demo"]);
    let greeting = server.greeting("/docs");
    let key = greeting
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .find(|word| word.starts_with("sbk_live_"));
    let key = key.expect("the demonstration prints its key").to_owned();
    assert!(greeting.contains("curl"), "{greeting}");
    Caller::with_key(&key).book(&server.public, "k", &example()).await.unwrap().expect(201);
    assert!(server.terminate());

    let mut server = Program::serve(data.path(), &["--demo"]);
    let greeting = server.greeting("skybridge key create");
    assert!(!greeting.contains("sbk_live_"), "the key is printed only when it is made");
    let again = Caller::with_key(&key).book(&server.public, "k", &example()).await.unwrap().expect(201);
    assert_eq!(again.header("idempotent-replayed"), "true");
    let agencies = run_json(data.path(), &["agency", "list"]);
    assert_eq!(agencies["agencies"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_second_server_is_refused_the_directory() {
    let data = tempfile::tempdir().unwrap();
    let _server = Program::serve(data.path(), &[]);
    for store in ["embedded", "memory"] {
        let listeners = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
        let second = run(data.path(), &[&["serve", "--store", store][..], &listeners].concat());
        assert!(!second.status.success());
        let said = String::from_utf8(second.stderr).unwrap();
        assert!(said.contains("another process") || said.contains("in use"), "{said}");
    }
    run_json(data.path(), &["agency", "list"]);
}
