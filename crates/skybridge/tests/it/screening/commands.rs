//! Screening as an operator works with it: the real program, its commands, its refusal to start with broken rules.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use super::ATTACK;
use crate::kit::Program;
use crate::kit::bodies::example_with;
use crate::kit::program::{Caller, agency_with_key, run, run_json, skybridge};

/// What a command printed: standard output, then standard error.
fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A file in `directory`, by its path.
fn file(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// What a start says that is to fail; a server that serves is ended, at its first line.
#[track_caller]
fn not_served(command: &mut Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut shown = String::new();
    stdout.read_line(&mut shown).unwrap();
    if shown.contains("http://") {
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("it serves: {shown}");
    }
    let mut output = child.wait_with_output().unwrap();
    stdout.read_to_string(&mut shown).unwrap();
    output.stdout = shown.into_bytes();
    output
}

#[tokio::test]
async fn an_operator_finds_out_why_and_excepts_an_agency() {
    let data = tempfile::tempdir().unwrap();
    let server = Program::serve(data.path(), &[]);
    let caller = Caller::with_key(&agency_with_key(data.path(), "PartnerCo"));
    let body = example_with("remarks", json!(ATTACK));
    let refused = caller.book(&server.public, "k", &body).await.unwrap().expect_refusal(403, "screened");
    let id = refused.header("x-request-id");
    let found = run_json(data.path(), &["screen", "refusals", "--request", id]);
    let finding = &found["refusals"][0]["findings"][0];
    assert_eq!((&found["refusals"][0]["request_id"], &finding["place"]), (&json!(id), &json!("/remarks")));
    let shown = said(&run(data.path(), &["screen", "refusals"]));
    assert!(shown.contains(finding["rule"].as_str().unwrap()) && shown.contains("PartnerCo"), "{shown}");

    let rules: Vec<String> = run_json(data.path(), &["screen", "rules"])["rules"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|rule| rule["family"] == finding["family"])
        .map(|rule| rule["rule"].as_str().unwrap().to_owned())
        .collect();
    assert!(rules.contains(&finding["rule"].as_str().unwrap().to_owned()), "{rules:?}");
    let family = finding["family"].as_str().unwrap();
    let words =
        ["screen", "except", "PartnerCo", "--rule", family, "--for", "30d", "--reason", "a school of HTML"];
    let excepted = run(data.path(), &words);
    assert!(said(&excepted).starts_with(&format!("{family} is not applied to texts of PartnerCo until 20")));
    caller.book(&server.public, "k", &body).await.unwrap().expect(201);
    let listed = run_json(data.path(), &["screen", "exceptions", "PartnerCo"]);
    assert_eq!(listed["exceptions"][0]["reason"], "a school of HTML");
    assert!(said(&run(data.path(), &["screen", "exceptions"])).contains("a school of HTML"));
    let trail = run_json(data.path(), &["audit"]);
    assert_eq!(trail["entries"][0]["action"], "agency.screening-excepted");
    run_json(data.path(), &["screen", "unexcept", "PartnerCo", "--rule", family]);
    caller.book(&server.public, "k2", &body).await.unwrap().expect_refusal(403, "screened");

    let unknown = ["screen", "except", "PartnerCo", "--rule", "no-such", "--for", "1h", "--reason", "x"];
    let unknown = run(data.path(), &unknown);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(said(&unknown).contains("`skybridge screen rules` lists those that are"), "{}", said(&unknown));
}

#[tokio::test]
async fn counting_is_an_option_and_labels_the_log_and_the_metrics() {
    let data = tempfile::tempdir().unwrap();
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut program = skybridge(data.path());
    program.env("SKYBRIDGE_LOG_FORMAT", "json");
    let server = Program::start_logging(program, &["--screening", "count"], log.reopen().unwrap().into());
    let caller = Caller::with_key(&agency_with_key(data.path(), "PartnerCo"));
    let made =
        caller.book(&server.public, "k", &example_with("remarks", json!(ATTACK))).await.unwrap().expect(201);
    let found = run_json(data.path(), &["screen", "refusals", "--counted"]);
    let rule = found["refusals"][0]["findings"][0]["rule"].as_str().unwrap().to_owned();
    assert_eq!(run_json(data.path(), &["screen", "refusals"])["refusals"], json!([]));
    let metrics = caller.get(&format!("{}/metrics", server.admin)).await.unwrap().body;
    let metrics = String::from_utf8(metrics).unwrap();
    let line = format!("skybridge_screening_hits_total{{rule=\"{rule}\",mode=\"count\"}} 1");
    assert!(metrics.contains(&line), "{metrics}");
    assert!(metrics.contains("skybridge_screening_requests_total{outcome=\"counted\"} 1"));
    assert!(server.terminate());
    let log = fs::read_to_string(log.path()).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let access = lines.filter(|line| line["target"] == "skybridge::access");
    let id = made.header("x-request-id");
    let [line] = &access.filter(|line| line["request_id"] == id).collect::<Vec<_>>()[..] else {
        panic!("{log}")
    };
    assert!(line["screened"].as_str().unwrap().split(',').any(|label| label == rule), "{line}");
    assert_eq!(line["code"], "ok");
    assert!(!log.contains("evil.example"), "the log holds a text");
}

#[test]
fn broken_rules_keep_a_server_from_starting() {
    let data = tempfile::tempdir().unwrap();
    let profile = file(data.path(), "profile.toml", "[families]\nfleas = \"block\"\n");
    let missing = data.path().join("missing.toml").display().to_string();
    let (empty, open) = (data.path().join("empty"), file(data.path(), "open.samples", ""));
    fs::create_dir(&empty).unwrap();
    let empty = empty.display().to_string();
    let never = data.path().join("never");
    for (name, value, told) in [
        ("SKYBRIDGE_SCREENING_PROFILE", profile.as_str(), "profile.toml line 2 is no profile"),
        ("SKYBRIDGE_SCREENING_PROFILE", missing.as_str(), "missing.toml cannot be read"),
        ("SKYBRIDGE_SCREENING_CRS", empty.as_str(), "screening.crs"),
    ] {
        for words in [
            &["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"][..],
            &["doctor"],
            &["config", "check"],
        ] {
            let refused = not_served(skybridge(&never).env(name, value).args(words));
            assert_eq!(refused.status.code(), Some(1), "{name}={value}: {}", said(&refused));
            assert!(said(&refused).contains(told), "{}", said(&refused));
        }
        assert!(!never.exists(), "a start that failed left something behind");
    }
    for (name, value) in [
        ("SKYBRIDGE_SCREENING_SIGNATURES", "loud"),
        ("SKYBRIDGE_SCREENING_OVERRUN", "maybe"),
        ("SKYBRIDGE_SCREENING_SAMPLES_ONE_IN", "0"),
        ("SKYBRIDGE_SCREENING_SAMPLES_BYTES_MAX", "1"),
        ("SKYBRIDGE_SCREENING_SAMPLES_KEPT_FOR", "7"),
        ("SKYBRIDGE_SCREENING_ADVICE", "two\nlines"),
    ] {
        let refused = skybridge(&never).env(name, value).args(["config", "check"]).output().unwrap();
        assert_eq!(refused.status.code(), Some(2), "{name}={value}");
        assert!(said(&refused).contains(name), "{}", said(&refused));
    }
    // Texts may not go where others read them.
    let serve = ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
    let refused = not_served(skybridge(&never).env("SKYBRIDGE_SCREENING_SAMPLES", &open).args(serve));
    assert!(said(&refused).contains("chmod 600"), "{}", said(&refused));
}

#[test]
fn a_check_of_the_configuration_reads_every_file_that_it_names() {
    let data = tempfile::tempdir().unwrap();
    let profile = file(
        data.path(),
        "profile.toml",
        "[families]\nsql = \"count\" # sql-onion = x\n\n[rules] # of ours\nsql = \"off\"\n",
    );
    let block = file(data.path(), "block.txt", "192.0.2.0/24\n203.0.113.7/24\n");
    let allow = file(data.path(), "allow.txt", "somewhere\n");
    let check = |variables: &[(&str, &str)]| {
        skybridge(data.path()).envs(variables.iter().copied()).args(["config", "check"]).output().unwrap()
    };
    let wrong = check(&[
        ("SKYBRIDGE_SCREENING_PROFILE", &profile),
        ("SKYBRIDGE_SCREENING_CRS", "/nowhere/at/all"),
        ("SKYBRIDGE_SCREENING_ADDRESSES_BLOCK_FILE", &block),
        ("SKYBRIDGE_SCREENING_ADDRESSES_ALLOW_FILE", &allow),
    ]);
    assert_eq!(wrong.status.code(), Some(1), "{}", said(&wrong));
    // The family of that name in line 2 is not what is wrong.
    for fault in
        ["profile.toml line 5 is no profile", "/nowhere/at/all", "block.txt: line 2", "allow.txt: line 1"]
    {
        assert!(said(&wrong).contains(fault), "{fault}: {}", said(&wrong));
    }

    let rules = rule_set(data.path());
    file(Path::new(&rules), "torn.conf", "# torn\nSecRule ARGS\n");
    let right = check(&[("SKYBRIDGE_SCREENING_CRS", &rules)]);
    assert_eq!(right.status.code(), Some(0), "{}", said(&right));
    let told = String::from_utf8_lossy(&right.stdout).into_owned();
    assert!(told.contains("torn.conf line 2"), "{told}{}", said(&right));
}

#[test]
fn texts_are_tried_without_a_server() {
    let data = tempfile::tempdir().unwrap();
    let lines = [
        "drop off wheelchair at gate".to_owned(),
        ATTACK.to_owned(),
        "pays with 4111 1111 1111 1111".to_owned(),
        json!({ "field": "family_name", "text": "O'Brien" }).to_string(),
        json!({ "agency": "A", "texts": [{ "field": "remarks", "text": ATTACK }, { "field": "email", "text": "a@b.example" }] }).to_string(),
    ];
    let texts = file(data.path(), "texts", &lines.join("\n"));
    let tried = run_json(data.path(), &["screen", "test", &texts]);
    let verdicts: Vec<_> =
        tried["texts"].as_array().unwrap().iter().map(|one| one["verdict"].clone()).collect();
    assert_eq!(verdicts, ["passed", "refused", "card-data", "passed", "refused"]);
    assert_eq!((&tried["summary"]["refused"], &tried["summary"]["texts"]), (&json!(2), &json!(5)));
    assert!(tried["texts"][1]["microseconds"].as_f64().unwrap() > 0.0);
    let rule = tried["texts"][1]["rules"][0].as_str().unwrap();
    let shown = said(&run(data.path(), &["screen", "test", &texts]));
    assert!(shown.contains(rule) && !shown.contains("evil") && !shown.contains("4111"), "{shown}");

    let count = file(data.path(), "count.toml", "mode = \"count\"\n[budget]\ntime_us = 3600000000\n");
    let tried = run_json(data.path(), &["screen", "test", &texts, "--profile", &count]);
    assert_eq!(tried["texts"][1]["verdict"], "counted");
    let replayed = run_json(data.path(), &["screen", "replay", &texts, "--profile", &count]);
    assert_eq!(replayed["refused"], json!({ "before": 2, "after": 0 }));
    let changed = replayed["changed"].as_array().unwrap();
    assert_eq!((changed.len(), &changed[1]["agency"], &changed[1]["line"]), (2, &json!("A"), &json!(5)));
    assert!(
        said(&run(data.path(), &["screen", "replay", &texts, "--profile", &count])).contains("5 requests")
    );

    let brief = file(data.path(), "brief.toml", "overrun = \"count\"\n[budget]\nbytes = 3\n");
    let honest = file(data.path(), "honest", "drop off wheelchair at gate");
    for (set, verdict) in [("", "passed"), ("count", "passed"), ("refuse", "refused")] {
        let mut test = skybridge(data.path());
        test.env("SKYBRIDGE_SCREENING_OVERRUN", set).args([
            "screen",
            "test",
            &honest,
            "--profile",
            &brief,
            "--json",
        ]);
        let tried: Value = serde_json::from_slice(&test.output().unwrap().stdout).unwrap();
        assert_eq!(
            (&tried["texts"][0]["verdict"], &tried["texts"][0]["overrun"]),
            (&json!(verdict), &json!(true))
        );
    }
    let replayed = run_json(data.path(), &["screen", "replay", &honest, "--profile", &brief]);
    assert_eq!(replayed["refused"], json!({ "before": 0, "after": 0 }));

    let none = run(data.path(), &["screen", "replay"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(said(&none).contains("screening.samples names no file"), "{}", said(&none));
    let wrong = file(data.path(), "wrong", r#"{"field":"colour","text":"x"}"#);
    let wrong = run(data.path(), &["screen", "test", &wrong]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(said(&wrong).contains("line 1: \"colour\" is no field"), "{}", said(&wrong));
}

#[tokio::test]
async fn samples_are_kept_only_if_asked_for_and_can_be_replayed() {
    let data = tempfile::tempdir().unwrap();
    let samples = data.path().join("texts.samples");
    let mut program = skybridge(data.path());
    program.env("SKYBRIDGE_SCREENING_SAMPLES", &samples).env("SKYBRIDGE_SCREENING_SAMPLES_ONE_IN", "2");
    let server = Program::start(program, &[]);
    let caller = Caller::with_key(&agency_with_key(data.path(), "PartnerCo"));
    for number in 0..4 {
        let body = example_with("remarks", json!(format!("honest {number}")));
        caller.book(&server.public, &format!("k{number}"), &body).await.unwrap().expect(201);
    }
    let attack = example_with("remarks", json!(ATTACK));
    caller.book(&server.public, "k", &attack).await.unwrap().expect_refusal(403, "screened");
    let card = example_with("remarks", json!("4111 1111 1111 1111"));
    caller.book(&server.public, "k", &card).await.unwrap().expect_refusal(422, "card-data");
    // Written by another thread: the metric says when they are.
    let kept = async || {
        let metrics = caller.get(&format!("{}/metrics", server.admin)).await.unwrap().body;
        let metrics = String::from_utf8(metrics).unwrap();
        let line = metrics
            .lines()
            .find_map(|line| line.strip_prefix("skybridge_screening_samples_total{outcome=\"kept\"} "));
        line.map_or(0, |count| count.parse::<u32>().unwrap())
    };
    while kept().await < 3 {}
    let text = fs::read_to_string(&samples).unwrap();
    let written: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let remarks = |one: &Value| {
        let texts = one["texts"].as_array().unwrap().clone();
        texts.into_iter().find(|text| text["field"] == "remarks").unwrap()["text"].clone()
    };
    assert_eq!(written.iter().map(remarks).collect::<Vec<_>>(), ["honest 0", "honest 2", ATTACK]);
    assert_eq!(written[2]["agency"], "PartnerCo");
    assert!(!written[2]["rules"].as_array().unwrap().is_empty() && !text.contains("4111"));

    let mut replay = skybridge(data.path());
    replay.env("SKYBRIDGE_SCREENING_SAMPLES", &samples).args(["screen", "replay", "--json"]);
    let replayed: Value = serde_json::from_slice(&replay.output().unwrap().stdout).unwrap();
    assert_eq!((&replayed["requests"], &replayed["refused"]["before"]), (&json!(3), &json!(1)));
    assert_eq!(replayed["changed"], json!([]), "the same profile changes nothing");
    assert!(!replayed.to_string().contains("honest"), "what is printed holds no text");
}

/// A rule set of three: one that refuses, one that an honest sentence meets, one that cannot be honoured.
fn rule_set(directory: &Path) -> String {
    let score = "setvar:'tx.inbound_anomaly_score_pl1=+%{tx.critical_anomaly_score}'";
    let rules = format!(
        "SecRule ARGS \"@rx ~~zq\\d\" \"id:999001,phase:2,block,msg:'Tildes',t:lowercase,tag:'attack-x',{score}\"\n\
         SecRule ARGS \"@rx seats\" \"id:999002,phase:2,block,tag:'attack-x',{score}\"\n\
         SecRule ARGS \"@geoLookup\" \"id:999003,phase:2,block,tag:'attack-x',{score}\"\n"
    );
    let folder = directory.join("crs");
    fs::create_dir(&folder).unwrap();
    file(&folder, "rules.conf", &rules);
    folder.display().to_string()
}

#[tokio::test]
async fn a_rule_set_is_read_beside_the_own_rules_and_what_is_left_out_is_said() {
    let data = tempfile::tempdir().unwrap();
    let folder = rule_set(data.path());
    let log = tempfile::NamedTempFile::new().unwrap();
    let serve = ["--crs", folder.as_str()];
    let server = Program::start_logging(skybridge(data.path()), &serve, log.reopen().unwrap().into());
    let caller = Caller::with_key(&agency_with_key(data.path(), "PartnerCo"));
    let book = async |key: &str, remarks: &str| {
        caller.book(&server.public, key, &example_with("remarks", json!(remarks))).await.unwrap()
    };
    book("k", "a ~~ZQ1").await.expect_refusal(403, "screened");
    book("k", ATTACK).await.expect_refusal(403, "screened");
    book("k", "two seats").await.expect(201);
    let found = run_json(data.path(), &["screen", "refusals", "--counted"]);
    let rules: Vec<_> =
        found["refusals"].as_array().unwrap().iter().map(|one| one["findings"][0]["rule"].clone()).collect();
    assert_eq!((&rules[0], &rules[2]), (&json!("999002"), &json!("999001")));
    let log = fs::read_to_string(log.path()).unwrap();
    assert!(log.contains("2 rules honoured (1 of them only count), 1 not"), "{log}");
    assert!(log.lines().any(|line| line.contains("not honoured") && line.contains("999003")), "{log}");

    let except = |rule: &str| {
        run(
            data.path(),
            &["screen", "except", "PartnerCo", "--rule", rule, "--for", "1h", "--reason", "tildes"],
        )
    };
    assert_eq!(except("999001").status.code(), Some(0));
    book("k2", "a ~~ZQ1").await.expect(201);
    assert_eq!(except("999009").status.code(), Some(1), "no rule of this rule set has that number");

    let listed = run_json(data.path(), &["screen", "rules", "--crs", &folder]);
    assert_eq!(listed["rule_set"]["not_honoured"][0]["rule"], 999_003);
    let shown = said(&run(data.path(), &["screen", "rules", "--crs", &folder]));
    assert!(shown.contains("Tildes") && shown.contains("not honoured"), "{shown}");
    let doctor =
        skybridge(data.path()).env("SKYBRIDGE_SCREENING_CRS", &folder).arg("doctor").output().unwrap();
    assert!(said(&doctor).contains("warn  rule set"), "{}", said(&doctor));
}

#[test]
fn what_passes_is_printed() {
    let data = tempfile::tempdir().unwrap();
    let shown = said(&run(data.path(), &["screen", "explain"]));
    for told in [
        "at most 8,192 bytes",
        "at most 65,536 bytes of JSON in UTF-8, nested at most 32 deep",
        "POST /v1/bookings (needs bookings:write)",
        "/passengers/*/family_name",
        "string, inspected",
        "ADT | CHD | INF | INS",
        "body: any, read as application/json; an empty one is taken for {}",
    ] {
        assert!(shown.contains(told), "{told} is missing:\n{shown}");
    }
    let model = run_json(data.path(), &["screen", "explain"]);
    assert_eq!(model, skybridge_api::positive_model());
}
