//! Stage 2 in the program: files that are taken while it serves, proxies in front, the commands, the metrics.

use std::path::Path;
use std::process::Command;

use http::Method;
use serde_json::{Value, json};

use crate::kit::program::{Caller, agency_with_key, run, run_json, skybridge};
use crate::kit::{Answer, Program};

/// A server on a store in memory, with these settings.
fn serve(data: &Path, settings: &[(&str, &str)]) -> Program {
    Program::start(program(data, settings), &["--store", "memory"])
}

fn program(data: &Path, settings: &[(&str, &str)]) -> Command {
    let mut program = skybridge(data);
    for (name, value) in settings {
        program.env(format!("SKYBRIDGE_{name}"), value);
    }
    program
}

/// `GET /openapi.json`, as a proxy would pass it on for `source`.
async fn ask_for(server: &Program, source: &str) -> Answer {
    let url = format!("{}/openapi.json", server.public);
    let stranger = Caller::with_key("none");
    stranger.call(Method::GET, &url, &[("x-forwarded-for", source)], &Value::Null).await.unwrap()
}

#[tokio::test]
async fn files_of_networks_are_taken_while_the_program_serves() {
    let (files, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (block, allow) = (files.path().join("block"), files.path().join("allow"));
    std::fs::write(&block, "198.51.100.0/24 # a feed\n203.0.113.0/24\n").unwrap();
    std::fs::write(&allow, "203.0.113.7\n").unwrap();
    let settings = [
        ("SCREENING_ADDRESSES_BLOCK_FILE", block.to_str().unwrap()),
        ("SCREENING_ADDRESSES_ALLOW_FILE", allow.to_str().unwrap()),
        ("HTTP_TRUSTED_PROXIES", "127.0.0.1"),
    ];
    let server = serve(data.path(), &settings);
    ask_for(&server, "198.51.100.1").await.expect_refusal(403, "screened");
    ask_for(&server, "203.0.113.7").await.expect(200);

    // Another list is taken without a restart.
    std::fs::write(&block, "192.0.2.0/24\n").unwrap();
    server.hang_up();
    // As soon as it has looked; each turn of the loop is a whole request.
    while ask_for(&server, "192.0.2.1").await.status != 403 {}
    ask_for(&server, "198.51.100.1").await.expect(200);

    // A damaged one is not: what was read before holds on, and that is told.
    std::fs::write(&block, "198.51.100.0/24\n192.0.2.0/\n").unwrap();
    server.hang_up();
    let metrics = format!("{}/metrics", server.admin);
    let stale = "skybridge_address_files_stale 1";
    let told = |answer: Answer| String::from_utf8(answer.body).unwrap();
    while !told(Caller::with_key("none").get(&metrics).await.unwrap()).contains(stale) {}
    ask_for(&server, "192.0.2.1").await.expect_refusal(403, "screened");
    ask_for(&server, "198.51.100.1").await.expect(200);
    let listed = run_json(data.path(), &["address", "list"]);
    assert_eq!((&listed["networks"], &listed["in_files"]), (&json!([]), &json!(2)));
    let shown = run_json(data.path(), &["address", "show", "192.0.2.1"]);
    assert_eq!(shown["listing"]["from"], "file");
    assert!(server.terminate());

    // A start with it is refused, and says which line.
    let start = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--store", "memory"];
    let refused = program(data.path(), &settings).args(start).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains("screening.addresses") && said.contains("line 2: \"192.0.2.0/\" is no network"),
        "{said}"
    );
    assert_eq!(refused.status.code(), Some(1));
    let doctor = program(data.path(), &settings).arg("doctor").output().unwrap();
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(said.contains("fail  networks") && said.contains("line 2: \"192.0.2.0/\""), "{said}");
    // So is one that shuts out the proxy.
    std::fs::write(&block, "127.0.0.0/8\n").unwrap();
    let refused = program(data.path(), &settings).args(start).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("has addresses of the trusted proxy 127.0.0.1/32"), "{said}");
}

#[tokio::test]
async fn a_proxy_is_believed_only_if_it_is_trusted() {
    let data = tempfile::tempdir().unwrap();
    for (trusted, status) in [("127.0.0.0/8", 403), ("10.0.0.0/8", 200)] {
        let server = serve(data.path(), &[("HTTP_TRUSTED_PROXIES", trusted)]);
        run_json(data.path(), &["address", "block", "203.0.113.0/24"]);
        ask_for(&server, "203.0.113.7").await.expect(status);
        ask_for(&server, "198.51.100.7").await.expect(200);
        assert!(server.terminate());
    }
}

#[tokio::test]
async fn rates_are_counted_by_the_address_behind_the_proxy_and_told_in_metrics() {
    let data = tempfile::tempdir().unwrap();
    let settings = [("HTTP_TRUSTED_PROXIES", "127.0.0.1"), ("SCREENING_ADDRESSES_RATE_LIMITS", "10/10m")];
    let server = serve(data.path(), &settings);
    for _ in 0..10 {
        ask_for(&server, "203.0.113.7").await.expect(200);
    }
    let refused = ask_for(&server, "203.0.113.7").await.expect_refusal(429, "address-rate-limited");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((500..=600).contains(&wait), "room comes when the first request leaves the window: {wait}");
    ask_for(&server, "203.0.113.8").await.expect(200);
    let key = agency_with_key(data.path(), "PartnerCo");
    let usage = format!("{}/v1/usage", server.public);
    let agency = Caller::with_key(&key);
    let behind = [("x-forwarded-for", "203.0.113.7")];
    agency.call(Method::GET, &usage, &behind, &Value::Null).await.unwrap().expect(200);

    let metrics = Caller::with_key("none").get(&format!("{}/metrics", server.admin)).await.unwrap();
    let metrics = String::from_utf8(metrics.body).unwrap();
    for line in [
        "skybridge_requests_total{code=\"address-rate-limited\"} 1",
        "skybridge_addresses_refused_total{by=\"rate\",mode=\"block\"} 1",
        "skybridge_addresses_refused_total{by=\"list\",mode=\"block\"} 0",
        "skybridge_address_penalties_total{cause=\"rate\"} 1",
        "skybridge_addresses_tracked 2",
        "skybridge_addresses_penalised 1",
        "skybridge_address_networks 0",
    ] {
        assert!(metrics.lines().any(|told| told == line), "{line} in:\n{metrics}");
    }
    let held = run_json(data.path(), &["address", "penalties"]);
    assert_eq!((&held["count"], &held["penalties"][0]["address"]), (&json!(1), &json!("203.0.113.7")));
    assert_eq!(run_json(data.path(), &["address", "forgive", "203.0.113.7"])["forgiven"], true);
    ask_for(&server, "203.0.113.7").await.expect(200);
}

#[tokio::test]
async fn in_count_mode_only_the_metrics_tell() {
    let data = tempfile::tempdir().unwrap();
    let settings = [
        ("HTTP_TRUSTED_PROXIES", "127.0.0.1"),
        ("SCREENING_ADDRESSES_RATE_LIMITS", "10/10m"),
        ("SCREENING_ADDRESSES_RATE", "count"),
        ("SCREENING_ADDRESSES_LISTS", "count"),
    ];
    let server = serve(data.path(), &settings);
    run_json(data.path(), &["address", "block", "203.0.113.0/24"]);
    for _ in 0..13 {
        ask_for(&server, "203.0.113.7").await.expect(200);
    }
    let metrics = Caller::with_key("none").get(&format!("{}/metrics", server.admin)).await.unwrap();
    let metrics = String::from_utf8(metrics.body).unwrap();
    for line in [
        "skybridge_addresses_refused_total{by=\"list\",mode=\"count\"} 13",
        "skybridge_addresses_refused_total{by=\"rate\",mode=\"count\"} 3",
        "skybridge_addresses_refused_total{by=\"rate\",mode=\"block\"} 0",
    ] {
        assert!(metrics.lines().any(|told| told == line), "{line} in:\n{metrics}");
    }
}

#[tokio::test]
async fn an_operator_blocks_and_allows_networks() {
    let data = tempfile::tempdir().unwrap();
    let _server = serve(data.path(), &[("HTTP_TRUSTED_PROXIES", "10.0.0.0/24")]);
    let said = |words: &[&str]| {
        let output = run(data.path(), words);
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    };
    assert!(said(&["address", "list"]).contains("No network is listed."));
    let words = ["address", "block", "203.0.113.0/24", "--for", "1h", "--reason", "guessing keys"];
    let blocked = said(&words);
    assert!(blocked.contains("Network 203.0.113.0/24 is blocked, until 20"), "{blocked}");
    assert!(
        said(&["address", "allow", "203.0.113.7"])
            .contains("Network 203.0.113.7/32 is allowed, until it is removed")
    );
    let listed = said(&["address", "list"]);
    assert!(listed.contains("203.0.113.0/24") && listed.contains("guessing keys"), "{listed}");
    let shown = said(&["address", "show", "203.0.113.7"]);
    assert!(
        shown.contains("allow by 203.0.113.7/32 (store)") && shown.contains("0 of 6,000 in 60 s"),
        "{shown}"
    );
    assert!(said(&["address", "remove", "203.0.113.7"]).contains("is off the list"));
    assert!(said(&["address", "penalties"]).contains("No address is under a penalty"));
    assert!(said(&["address", "forgive", "203.0.113.9"]).contains("Nothing was held against"));
    for (network, part) in
        [("0.0.0.0/0", "a great part of all addresses"), ("10.0.0.7", "of the trusted proxy 10.0.0.0/24")]
    {
        let refused = said(&["address", "block", network]);
        assert!(refused.contains(part) && refused.contains("--deliberately"), "{refused}");
    }
    assert!(said(&["address", "block", "10.0.0.7", "--deliberately"]).contains("is blocked"));
    assert!(said(&["address", "block", "203.0.113.9/24"]).contains("write 203.0.113.0/24 for the network"));
}
