//! The commands, as an operator types them.

use serde_json::{Value, json};

use crate::kit::Program;
use crate::kit::bodies::example;
use crate::kit::program::{Caller, agency_with_key, run, run_json};

/// What a command printed: standard output, then standard error.
fn said(output: &std::process::Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test]
async fn an_operator_sets_up_an_agency_and_takes_its_key_away() {
    let data = tempfile::tempdir().unwrap();
    let server = Program::serve(data.path(), &[]);
    let words =
        ["plan", "set", "gold", "--rate", "10", "--burst", "20", "--quota", "10000/day", "--in-flight", "8"];
    let plan = run_json(data.path(), &words);
    assert_eq!(
        (&plan["burst"], &plan["quota"], &plan["in_flight"]),
        (&json!(20), &json!("10000/day"), &json!(8))
    );
    assert_eq!(run_json(data.path(), &["plan", "list"])["plans"][0]["name"], "gold");

    run_json(data.path(), &["agency", "create", "PartnerCo", "--plan", "gold"]);
    let words =
        ["key", "create", "PartnerCo", "--name", "till", "--scope", "bookings:read", "--expires-in", "90d"];
    let made = run_json(data.path(), &words);
    assert_eq!((&made["agency"], &made["scopes"]), (&json!("PartnerCo"), &json!(["bookings:read"])));
    let (key, id) = (made["key"].as_str().unwrap(), made["key_id"].as_str().unwrap());
    let caller = Caller::with_key(key);
    let list = format!("{}/v1/bookings", server.public);
    caller.get(&list).await.unwrap().expect(200);

    let rotated = run_json(data.path(), &["key", "rotate", id, "--grace", "24h"]);
    Caller::with_key(rotated["key"].as_str().unwrap()).get(&list).await.unwrap().expect(200);
    caller.get(&list).await.unwrap().expect(200);
    run_json(data.path(), &["key", "revoke", id]);
    caller.get(&list).await.unwrap().expect_refusal(401, "key-unknown");
    assert_eq!(run_json(data.path(), &["key", "list", "PartnerCo"])["keys"].as_array().unwrap().len(), 2);

    assert_eq!(run_json(data.path(), &["agency", "suspend", "PartnerCo"])["status"], "SUSPENDED");
    assert_eq!(run_json(data.path(), &["agency", "show", "PartnerCo"])["status"], "SUSPENDED");
    assert_eq!(run_json(data.path(), &["agency", "resume", "PartnerCo"])["status"], "ACTIVE");
    run_json(data.path(), &["plan", "set", "silver", "--rate", "1", "--burst", "2"]);
    assert_eq!(run_json(data.path(), &["agency", "set-plan", "PartnerCo", "silver"])["plan"], "silver");
    assert_eq!(run_json(data.path(), &["usage", "PartnerCo"])["plan"], "silver");

    let trail = run_json(data.path(), &["audit"]);
    let mut entries = trail["entries"].as_array().unwrap().iter();
    assert!(entries.all(|entry| entry["actor"] == "tester"), "{trail}");
    let actions: Vec<_> = trail["entries"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    let expected = [
        "agency.plan-changed",
        "plan.created",
        "agency.resumed",
        "agency.suspended",
        "key.revoked",
        "key.rotated",
        "key.created",
        "agency.created",
        "plan.created",
    ];
    assert_eq!(actions, expected);
    let secret = &key[22..65];
    assert!(!said(&run(data.path(), &["key", "list", "PartnerCo"])).contains(secret));
    assert!(!trail.to_string().contains(secret));
}

#[tokio::test]
async fn a_refusal_tells_people_and_machines_apart() {
    let data = tempfile::tempdir().unwrap();
    let alone = run(data.path(), &["plan", "list"]);
    assert_eq!(alone.status.code(), Some(2));
    assert!(said(&alone).contains("no server is running"), "{}", said(&alone));

    let _server = Program::serve(data.path(), &[]);
    let words = ["agency", "create", "PartnerCo", "--plan", "none"];
    let refused = run(data.path(), &words);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("There is no plan called none."), "{}", said(&refused));
    let refused = run(data.path(), &[&words[..], &["--json"]].concat());
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(refused.stdout, b"");
    assert_eq!(serde_json::from_slice::<Value>(&refused.stderr).unwrap()["code"], "not-found");
    assert_eq!(run(data.path(), &["plan", "put"]).status.code(), Some(2));
}

#[tokio::test]
async fn a_backup_taken_while_serving_is_restored_elsewhere() {
    let data = tempfile::tempdir().unwrap();
    let server = Program::serve(data.path(), &[]);
    let key = agency_with_key(data.path(), "PartnerCo");
    let made = Caller::with_key(&key).book(&server.public, "k", &example()).await.unwrap().expect(201);

    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("skybridge.backup");
    let file = file.to_str().unwrap();
    run_json(data.path(), &["backup", file]);
    assert_eq!(run_json(data.path(), &["verify"])["findings"], json!([]));
    assert!(server.terminate());

    let restored = elsewhere.path().join("data");
    run_json(&restored, &["restore", file]);
    let again = run(&restored, &["restore", file]);
    assert_eq!(again.status.code(), Some(1), "a store that is there is not overwritten: {}", said(&again));
    // Without what the keys were hashed under, none of them would be taken: that must not come as a surprise.
    let refused = run(&restored, &["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
    assert!(said(&refused).contains("the store holds 1 keys, but"), "{}", said(&refused));
    assert!(!restored.join("pepper").exists());
    std::fs::copy(data.path().join("pepper"), restored.join("pepper")).unwrap();
    let server = Program::serve(&restored, &[]);
    let replayed = Caller::with_key(&key).book(&server.public, "k", &example()).await.unwrap().expect(201);
    assert_eq!((replayed.header("idempotent-replayed"), &replayed.body), ("true", &made.body));
    assert!(server.terminate());

    // Whoever lost it for good goes on with a new one, and new keys.
    std::fs::remove_file(restored.join("pepper")).unwrap();
    let server = Program::serve(&restored, &["--new-pepper"]);
    let old = Caller::with_key(&key).get(&format!("{}/v1/usage", server.public)).await.unwrap();
    old.expect_refusal(401, "key-unknown");
    let new = run_json(&restored, &["key", "create", "PartnerCo"])["key"].as_str().unwrap().to_owned();
    Caller::with_key(&new).get(&format!("{}/v1/usage", server.public)).await.unwrap().expect(200);
    assert!(server.terminate());
    assert!(Program::serve(&restored, &[]).terminate());

    // A file that was cut short is refused, and leaves nothing behind.
    let bytes = std::fs::read(file).unwrap();
    std::fs::write(file, &bytes[..bytes.len() - 1]).unwrap();
    let untouched = elsewhere.path().join("untouched");
    assert!(!run(&untouched, &["restore", file]).status.success());
    assert!(!untouched.exists());
}

#[tokio::test]
async fn the_configuration_is_checked_and_shown() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("skybridge.toml");
    let config = |text: &str, word: &str| {
        std::fs::write(&file, text).unwrap();
        run(data.path(), &["config", word, "--config", file.to_str().unwrap()])
    };
    assert!(config("listen = \"127.0.0.1:9090\"\n", "check").status.success());
    assert!(said(&config("listen = \"127.0.0.1:9090\"\n", "show")).contains("127.0.0.1:9090"));
    for (wrong, named) in [
        ("lissen = \"x\"\n", "lissen"),
        ("listen = \"nowhere\"\n", "listen"),
        ("store = \"tape\"\n", "store"),
    ] {
        let checked = config(wrong, "check");
        assert!(!checked.status.success());
        assert!(said(&checked).contains(named), "{}", said(&checked));
    }
}

#[tokio::test]
async fn the_doctor_finds_a_healthy_server_well() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("data");
    let _server = Program::serve(&data, &[]);
    let checked = run(&data, &["doctor"]);
    assert!(checked.status.success(), "{}", said(&checked));
}

#[test]
fn the_openapi_document_is_printed() {
    let data = tempfile::tempdir().unwrap();
    let printed: Value = serde_json::from_slice(&run(data.path(), &["openapi"]).stdout).unwrap();
    assert_eq!(printed, skybridge_api::public::openapi());
}

#[test]
fn help_is_part_of_the_product() {
    let data = tempfile::tempdir().unwrap();
    for words in [&["--help"][..], &["serve", "--help"], &["key", "--help"], &["plan", "set", "--help"]] {
        let help = String::from_utf8(run(data.path(), words).stdout).unwrap();
        let name = words.join("-").replace("--", "");
        insta::assert_snapshot!(name, help);
    }
}
