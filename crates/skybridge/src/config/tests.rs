//! Layering, and what a wrong configuration is told.

use std::path::Path;

use super::*;

fn read(file: &str, environment: &[(&str, &str)], options: Options) -> Result<Config, Vec<String>> {
    let set =
        |name: &str| environment.iter().find(|(held, _)| *held == name).map(|(_, text)| (*text).to_owned());
    lay(Some((Path::new("sky.toml"), file)), set, options)
        .and_then(|layers| Config::read(&layers))
        .map_err(|faults| faults.0.iter().map(ToString::to_string).collect())
}

#[test]
fn the_defaults_read_and_are_the_contract() {
    let config = read("", &[], vec![]).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.admin_listen.to_string(), "127.0.0.1:8081");
    assert_eq!(config.data, Path::new("./skybridge-data"));
    assert_eq!(config.store, StoreKind::Embedded);
    assert_eq!(config.errors, ErrorStyle::Problem);
    assert_eq!(config.dynamodb.table_prefix, "skybridge-");
    assert_eq!((&config.dynamodb.region, &config.dynamodb.endpoint), (&None, &None));
    assert_eq!(config.http.header_timeout, Duration::from_secs(10));
    assert_eq!(config.http.body_timeout, Duration::from_secs(30));
    assert_eq!(config.http.idle_timeout, Duration::from_secs(60));
    assert_eq!(config.http.exchange_timeout, Duration::from_secs(60));
    assert!(config.http.trusted_proxies.is_empty() && config.tls.is_none());
}

#[test]
fn proxies_are_a_list_in_a_file_and_commas_elsewhere() {
    let proxies =
        |config: Config| config.http.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>();
    let file = "[http]\ntrusted_proxies = [\"10.0.0.0/8\", \"2001:db8::1\"]";
    let expected = ["10.0.0.0/8", "2001:db8::1/128"];
    assert_eq!(proxies(read(file, &[], vec![]).unwrap()), expected);
    let environment = [("SKYBRIDGE_HTTP_TRUSTED_PROXIES", "10.0.0.0/8,2001:db8::1")];
    assert_eq!(proxies(read("", &environment, vec![]).unwrap()), expected);
    for wrong in ["[\"10.0.0.0/40\"]", "[\"proxy\"]", "[\"0.0.0.0/0\"]", "[1]", "\"10.0.0.0/8\""] {
        let faults = read(&format!("[http]\ntrusted_proxies = {wrong}"), &[], vec![]).unwrap_err();
        assert!(faults[0].contains("`http.trusted_proxies`") && faults[0].contains("list"), "{faults:?}");
    }
}

#[test]
fn rates_are_rules_and_penalties_have_an_order() {
    let set = |key: &str, value: &str| read(&format!("[screening.addresses]\n{key} = {value}"), &[], vec![]);
    let rules = |config: Config| {
        let rules = config.addresses.terms.rules.into_iter();
        rules.map(|rule| (rule.limit(), rule.window().as_secs())).collect::<Vec<_>>()
    };
    assert_eq!(rules(read("", &[], vec![]).unwrap()), [(6_000, 60)]);
    let two = set("rate_limits", "[\"100/10s\", \"6000 / 10m\"]").unwrap();
    assert_eq!(rules(two), [(100, 10), (6_000, 600)]);
    let environment = [("SKYBRIDGE_SCREENING_ADDRESSES_RATE_LIMITS", "100/10s,6000/10m")];
    assert_eq!(rules(read("", &environment, vec![]).unwrap()), [(100, 10), (6_000, 600)]);
    for (key, wrong) in [
        ("rate_limits", "[]"),
        ("rate_limits", "[\"9/10s\"]"),
        ("rate_limits", "[\"10/9s\"]"),
        ("rate_limits", "[\"10/11m\"]"),
        ("rate_limits", "[\"10\"]"),
        ("rate_limits", "[\"10/10s\",\"20/20s\",\"30/30s\",\"40/40s\",\"50/50s\"]"),
        ("rate", "\"on\""),
        ("lists", "\"refuse\""),
        ("rate_counts", "\"all\""),
        ("penalty_max", "\"9s\""),
        ("penalty_max", "\"8d\""),
        ("penalty", "\"0s\""),
    ] {
        let faults = set(key, wrong).unwrap_err();
        assert!(faults[0].contains(&format!("`screening.addresses.{key}`")), "{key} = {wrong}: {faults:?}");
    }
    let proxies = read("[http]\ntrusted_proxies = [\"10.0.0.7\"]", &[], vec![]).unwrap();
    assert_eq!(proxies.addresses.terms.proxies.len(), 1, "what must not be blocked by mistake");
}

#[test]
fn a_certificate_and_its_key_are_given_together() {
    let tls = |section: &str| read(&format!("[tls]\n{section}"), &[], vec![]).map(|config| config.tls);
    let both =
        tls("certificate = \"c.pem\"\nkey = \"k.pem\"\nclient_certificates = \"optional\"").unwrap().unwrap();
    assert_eq!((both.certificate.to_str(), both.key.to_str()), (Some("c.pem"), Some("k.pem")));
    for (section, key) in [
        ("certificate = \"c.pem\"", "tls.key"),
        ("key = \"k.pem\"", "tls.certificate"),
        ("client_certificates = \"required\"", "tls.certificate"),
        ("client_certificates = \"yes\"", "tls.client_certificates"),
    ] {
        let faults = tls(section).unwrap_err();
        assert!(faults[0].contains(&format!("`{key}`")), "{faults:?}");
    }
}

#[test]
fn each_layer_covers_the_one_below() {
    let file = "listen = \"127.0.0.1:1\"\n[http]\nidle_timeout = \"1s\"\n";
    let environment = [("SKYBRIDGE_LISTEN", "127.0.0.1:2"), ("SKYBRIDGE_HTTP_BODY_TIMEOUT", "2s")];

    assert_eq!(read(file, &[], vec![]).unwrap().listen.port(), 1);
    assert_eq!(read(file, &environment, vec![]).unwrap().listen.port(), 2);
    let options = vec![("listen", "--listen", "127.0.0.1:3".to_owned())];
    let config = read(file, &environment, options).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.http.idle_timeout, Duration::from_secs(1), "what a higher layer leaves alone stays");
    assert_eq!(config.http.body_timeout, Duration::from_secs(2));
    assert_eq!(config.http.header_timeout, Duration::from_secs(10));
}

#[test]
fn the_style_of_refusals_is_one_of_two() {
    let set = |text| [("SKYBRIDGE_ERRORS", text)];
    assert_eq!(read("errors = \"problem\"", &set("aws"), vec![]).unwrap().errors, ErrorStyle::Aws);
    let faults = read("", &set("apigateway"), vec![]).unwrap_err();
    assert!(faults[0].contains("errors") && faults[0].contains("\"problem\" or \"aws\""), "{faults:?}");
}

#[test]
fn a_value_knows_where_it_comes_from() {
    let file = (Path::new("sky.toml"), "\n\n[log]\nlevel = \"warn\"");
    let set = |name: &str| (name == "SKYBRIDGE_STORE").then(|| "memory".to_owned());
    let layers = lay(Some(file), set, vec![("data", "--data", "/srv/sky".to_owned())]).unwrap();

    let source = |key| layers.get(key).source.to_string();
    assert_eq!(source("log.level"), "sky.toml, line 4");
    assert_eq!(source("store"), "environment SKYBRIDGE_STORE");
    assert_eq!(source("data"), "option --data");
    assert_eq!(source("listen"), "default");
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let faults = read("listen = \"127.0.0.1:1\"\n\n[http]\nidle_timout = \"1s\"\n", &[], vec![]).unwrap_err();
    assert_eq!(
        faults,
        [
            "`http.idle_timout` (sky.toml, line 4) is not a key; `skybridge config show` lists the keys there are"
        ]
    );
}

#[test]
fn an_unknown_key_does_not_hide_what_else_is_wrong() {
    let file = "[http]\nidle_timout = \"1s\"\n[log]\nformat = \"xml\"\n";
    let set = [("SKYBRIDGE_STORE", "paper")];
    let faults = read(file, &set, vec![]).unwrap_err();
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert!(faults[0].starts_with("`http.idle_timout`"));
    assert!(faults[1..].iter().any(|fault| fault.starts_with("`store` (environment SKYBRIDGE_STORE)")));
    assert!(faults[1..].iter().any(|fault| fault.starts_with("`log.format` (sky.toml, line 4)")));
}

#[test]
fn a_section_in_place_of_a_value_and_the_reverse_are_refused() {
    assert!(read("[listen]\nport = 1", &[], vec![]).unwrap_err()[0].contains("`listen.port`"));
    assert!(read("http = 5", &[], vec![]).unwrap_err()[0].contains("`http`"));
}

#[test]
fn a_value_of_the_wrong_kind_is_refused() {
    let faults = read("listen = 8080\n[http]\nconnections_max = \"many\"", &[], vec![]).unwrap_err();
    assert_eq!(
        faults,
        [
            "`http.connections_max` (sky.toml, line 3) is of another kind, but must be a whole number without quotes",
            "`listen` (sky.toml, line 1) is of another kind, but must be text in quotes",
        ]
    );
}

#[test]
fn wrong_values_are_named_all_at_once() {
    let environment = [
        ("SKYBRIDGE_STORE", "postgres"),
        ("SKYBRIDGE_DYNAMODB_ENDPOINT", "127.0.0.1:8000"),
        ("SKYBRIDGE_DYNAMODB_TABLE_PREFIX", "sky bridge"),
        ("SKYBRIDGE_DRAIN_DEADLINE", "soon"),
        ("SKYBRIDGE_LISTEN", "8080"),
        ("SKYBRIDGE_LOG_FORMAT", "xml"),
        ("SKYBRIDGE_EMBEDDED_COMMIT_QUEUE", "0"),
    ];
    let faults = read("", &environment, vec![]).unwrap_err().join("\n");
    for part in [
        "`store` (environment SKYBRIDGE_STORE) is \"postgres\"",
        "`drain_deadline` (environment SKYBRIDGE_DRAIN_DEADLINE) is \"soon\"",
        "`listen` (environment SKYBRIDGE_LISTEN) is \"8080\"",
        "`log.format`",
        "`dynamodb.endpoint`",
        "`dynamodb.table_prefix`",
        "`embedded.commit_queue`",
    ] {
        assert!(faults.contains(part), "{part} in:\n{faults}");
    }
}

#[test]
fn what_is_not_toml_is_told_with_its_place() {
    let faults = read("listen = ", &[], vec![]).unwrap_err();
    assert!(faults[0].starts_with("sky.toml is not TOML: ") && faults[0].contains("line 1"), "{faults:?}");
}

#[test]
fn every_key_is_documented_and_has_an_environment_name() {
    for (key, entry) in Layers::of_defaults().iter() {
        let name = key.rsplit('.').next().unwrap();
        let lines: Vec<&str> = DEFAULT_TOML.lines().collect();
        let at = lines.iter().position(|line| line.starts_with(&format!("{name} = "))).unwrap();
        assert!(lines[at - 1].starts_with("# "), "{key} has a comment above it");
        assert!(environment_name(key).starts_with("SKYBRIDGE_"));
        assert_eq!(entry.source, Source::Default);
    }
}
