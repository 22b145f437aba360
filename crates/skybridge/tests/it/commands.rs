//! The commands, as an operator types them.

use serde_json::{Value, json};

use crate::kit::Program;
use crate::kit::bodies::example;
use crate::kit::program::{Caller, agency_with_key, run, run_json, skybridge};

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

    let rules = ["--route", "POST /booking cost=2", "--route", "GET /v1/usage cost=1 rate=0.5 burst=3"];
    let dear = [&["plan", "set", "dear", "--rate", "1", "--burst", "9"][..], &rules].concat();
    let expected = json!([
        { "route": "GET /v1/usage", "cost": 1, "rate": "0.5/s", "burst": 3 },
        { "route": "POST /booking", "cost": 2, "rate": null, "burst": null },
    ]);
    assert_eq!(run_json(data.path(), &dear)["routes"], expected);
    let shown = String::from_utf8(run(data.path(), &["plan", "list"]).stdout).unwrap();
    assert!(shown.contains("GET /v1/usage (0.5 per second, 3 at once)"), "{shown}");
    assert!(shown.contains("POST /booking (counts as 2)"), "{shown}");

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
    let stands = |word: &str| {
        let listed = said(&run(data.path(), &["key", "list", "PartnerCo"]));
        listed.lines().any(|line| line.starts_with(id) && line.contains(word))
    };
    assert!(stands("ROTATED"), "it works, but no longer than its grace");
    run_json(data.path(), &["key", "revoke", id]);
    assert!(stands("REVOKED"));
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
    let nowhere = run(&data.path().join("nowhere"), &["plan", "list"]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(said(&nowhere).contains("there is no data directory /"), "{}", said(&nowhere));

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
    let misspelt = skybridge(data.path())
        .args(["config", "check", "--config", file.to_str().unwrap()])
        .env("SKYBRIDGE_LISSEN", "127.0.0.1:9090")
        .output()
        .unwrap();
    assert_eq!(misspelt.status.code(), Some(2), "the file is wrong still");
    assert!(said(&misspelt).contains("tape") && said(&misspelt).contains("SKYBRIDGE_LISSEN"), "{misspelt:?}");
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

#[tokio::test]
async fn an_operator_registers_a_public_key_and_pins_a_certificate() {
    let data = tempfile::tempdir().unwrap();
    let _server = Program::serve(data.path(), &[]);
    agency_with_key(data.path(), "PartnerCo");
    let file = |name: &str, text: &str| {
        let path = data.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let public = file("till.pub", &crate::kit::signer::pair(7).1);
    let private = file("till.key", "-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----\n");
    let create = ["signing-key", "create", "PartnerCo", "--algorithm"];
    let refused = run(data.path(), &[&create[..], &["ed25519", "--public-key", &private]].concat());
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("private key"), "{}", said(&refused));
    let made = run_json(data.path(), &[&create[..], &["ed25519", "--public-key", &public]].concat());
    assert_eq!((&made["algorithm"], &made["secret"]), (&json!("ed25519"), &Value::Null));
    let made = run_json(data.path(), &[&create[..], &["hmac-sha256"]].concat());
    let secret = made["secret"].as_str().unwrap();
    let listed = run_json(data.path(), &["signing-key", "list", "PartnerCo"]);
    assert_eq!(listed["keys"].as_array().unwrap().len(), 2);
    assert!(!listed.to_string().contains(secret), "a secret is shown once");
    let id = made["key_id"].as_str().unwrap();
    let rotated = run_json(data.path(), &["signing-key", "rotate", id, "--grace", "1h"]);
    assert_eq!(rotated["replaces"]["key_id"], id);
    assert_eq!(run_json(data.path(), &["signing-key", "revoke", id])["status"], "revoked");

    let none_yet = run(data.path(), &["agency", "require", "PartnerCo", "certificate"]);
    assert_eq!(none_yet.status.code(), Some(1));
    // SEQUENCE { NULL }, which passes for a certificate's frame.
    let pem = file("till.pem", "-----BEGIN CERTIFICATE-----\nMAIFAA==\n-----END CERTIFICATE-----\n");
    let pinned = run_json(data.path(), &["agency", "pin-certificate", "PartnerCo", "--certificate", &pem]);
    let sha256 = pinned["certificates"][0]["sha256"].as_str().unwrap();
    assert_eq!(run_json(data.path(), &["agency", "require", "PartnerCo", "both"])["requires"], "both");
    let doctor = said(&run(data.path(), &["doctor"]));
    assert!(doctor.contains("tls.client_certificates is off, so all their calls are refused"), "{doctor}");
    assert_eq!(run_json(data.path(), &["agency", "require", "PartnerCo", "none"])["requires"], "none");
    let unpinned = run_json(data.path(), &["agency", "unpin-certificate", "PartnerCo", sha256]);
    assert_eq!(unpinned["certificates"], json!([]));
}

/// Runs `skybridge key check` with `key` on its standard input.
fn check_from_input(key: &str) -> std::process::Output {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let mut command = Command::new(env!("CARGO_BIN_EXE_skybridge"));
    command.args(["key", "check", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().unwrap();
    process.stdin.take().unwrap().write_all(key.as_bytes()).unwrap();
    process.wait_with_output().unwrap()
}

#[test]
fn a_key_is_checked_without_a_server() {
    // Made for this test; no installation has ever known it.
    let key = "sbk_test_0123456789ab_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG_";
    let data = tempfile::tempdir().unwrap();
    let nowhere = data.path().join("not-there");
    let crc = crc32_in_base62(&key[..key.len() - 1]);
    let key = format!("{key}{crc}");
    let good = run(&nowhere, &["key", "check", &key]);
    assert!(good.status.success(), "{}", said(&good));
    assert!(said(&good).contains("0123456789ab") && said(&good).contains("test"), "{}", said(&good));
    assert!(!said(&good).contains("abcdefghijklm"), "the secret is repeated: {}", said(&good));
    let told = run_json(&nowhere, &["key", "check", &key]);
    assert_eq!(told, json!({ "valid": true, "key_id": "0123456789ab", "mode": "test" }));
    let from_input = check_from_input(&format!("{key}\n"));
    assert!(from_input.status.success(), "{}", said(&from_input));

    let typo = key.replace("0123456789ab", "0123456789ac");
    for output in [run(&nowhere, &["key", "check", &typo]), check_from_input(&typo)] {
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("checksum"), "{}", said(&output));
        assert!(!said(&output).contains("abcdefghijklm"), "{}", said(&output));
    }
    let refused = run(&nowhere, &["key", "check", &typo, "--json"]);
    assert_eq!(serde_json::from_slice::<Value>(&refused.stdout).unwrap()["valid"], false);
    assert!(!nowhere.exists(), "checking a key needs no data directory");
    let pattern = said(&run(&nowhere, &["key", "pattern"]));
    assert_eq!(pattern.trim(), skybridge_domain::key::PATTERN);
}

/// A key's checksum, counted once more by the definition: CRC-32 (IEEE 802.3), bit by bit, in base62.
fn crc32_in_base62(text: &str) -> String {
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let mut rest = !crc;
    let mut digits = Vec::new();
    for _ in 0..6 {
        let digit = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(rest % 62) as usize];
        digits.insert(0, char::from(digit));
        rest /= 62;
    }
    digits.into_iter().collect()
}

#[test]
fn help_is_part_of_the_product() {
    let data = tempfile::tempdir().unwrap();
    for words in [
        &["--help"][..],
        &["serve", "--help"],
        &["key", "--help"],
        &["key", "check", "--help"],
        &["plan", "set", "--help"],
        &["screen", "--help"],
        &["address", "--help"],
        &["address", "block", "--help"],
    ] {
        let help = String::from_utf8(run(data.path(), words).stdout).unwrap();
        let name = words.join("-").replace("--", "");
        insta::assert_snapshot!(name, help);
    }
}
