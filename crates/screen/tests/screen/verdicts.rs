use skybridge_screen::{Action, Exceptions, Family, Field, Mode, Pointer, Text, builtin_rules};

use super::{default_screen, inspect, remark, screen_of};

const UNION: &str = "1 union select password from users";

#[test]
fn a_start_builds_and_proves_everything() {
    assert_eq!(default_screen().warm(), Ok(()));
    assert_eq!(screen_of("mode = \"off\"").warm(), Ok(()));
}

#[test]
fn an_attack_is_refused_with_the_rule_the_field_and_its_shape() {
    let passenger = Pointer::Item { list: "passengers", index: 1, member: "given_name" };
    let texts = [
        Text { field: Field::GivenName, pointer: "/passengers/0/given_name".into(), value: "Åsa" },
        Text { field: Field::GivenName, pointer: passenger, value: "Åsa Müller 1 UNION SELECT x" },
    ];
    let verdict = default_screen().inspect(texts, Exceptions::NONE);
    assert_eq!(verdict.action, Action::Block);
    let hit = &verdict.hits[0];
    assert_eq!((hit.rule.as_str(), hit.family, hit.mode), ("sql-union-select", Family::Sql, Mode::Block));
    assert_eq!((hit.field, hit.pointer.as_str()), (Field::GivenName, "/passengers/1/given_name"));
    assert_eq!(hit.excerpt, "xxx xxxxxx 0 UNION xxxxxx x");
}

#[test]
fn nothing_of_the_text_is_in_an_excerpt() {
    for rule in builtin_rules() {
        let text = format!("Zebedee 7351 {} Quixote 9246", rule.example);
        for hit in inspect(&default_screen(), &text).hits {
            for secret in ["Zebedee", "7351", "Quixote", "9246"] {
                assert!(!hit.excerpt.contains(secret), "{}: {}", hit.rule, hit.excerpt);
            }
        }
    }
}

#[test]
fn modes_and_the_threshold_decide() {
    let counting = inspect(&screen_of("[families]\nsql = \"count\""), UNION);
    assert_eq!(counting.action, Action::Pass);
    assert!(counting.hits.iter().all(|hit| hit.mode == Mode::Count) && !counting.hits.is_empty());
    assert!(inspect(&screen_of("[families]\nsql = \"off\""), UNION).hits.is_empty());
    assert!(inspect(&screen_of("[fields]\nremarks = \"off\""), UNION).hits.is_empty());
    let high = inspect(&screen_of("threshold = 250"), UNION);
    assert_eq!(high.action, Action::Pass);
    assert!(high.hits.iter().all(|hit| hit.mode == Mode::Block) && !high.hits.is_empty());
    let one = "[families]\nsql = \"off\"\n[rules]\nsql-union-select = \"block\"";
    let verdict = inspect(&screen_of(one), UNION);
    assert_eq!(verdict.hits.len(), 1);
    assert!(verdict.is_blocked());
}

#[test]
fn an_agencys_exceptions_are_not_looked_for() {
    let screen = default_screen();
    let blocked = |names: &[&str], text| {
        let except = Exceptions::named(names.iter().copied()).unwrap();
        screen.inspect([remark(text)], &except).is_blocked()
    };
    assert!(blocked(&[], "<svg onload=x>"));
    assert!(!blocked(&["xss"], "<svg onload=x>"));
    assert!(blocked(&["xss-script-tag"], "<svg onload=x>"));
    assert!(blocked(&["xss", "942100"], UNION));
    let error = Exceptions::named(["sql-onion"]).unwrap_err();
    assert_eq!(error.to_string(), "there is no rule and no family called \"sql-onion\"");
}

#[test]
fn scores_of_different_texts_do_not_add_up() {
    let screen = screen_of("threshold = 6");
    let one = |value| inspect(&screen, value).hits.iter().map(|hit| hit.score).collect::<Vec<_>>();
    assert_eq!((one("<svg>"), one("1 union select x")), (vec![5], vec![5]));
    let verdict =
        screen.inspect([remark("<svg>"), remark("1 union select x"), remark("<svg>")], Exceptions::NONE);
    assert_eq!(verdict.action, Action::Pass);
    assert_eq!(verdict.hits.len(), 2, "equal texts are read once");
    assert!(inspect(&screen, "<svg> 1 union select x").is_blocked());
}

#[test]
fn libinjection_is_asked_by_strict_profiles() {
    let text = "- update\n- Smith & Sons\n- (2)";
    assert!(inspect(&default_screen(), text).hits.is_empty());
    let strict = inspect(&screen_of("threshold = 3"), text);
    assert!(strict.is_blocked() && strict.hits[0].rule.as_str() == "sql-fingerprint");
}

#[test]
fn libinjection_is_asked_where_the_profile_names_it() {
    let text = "- update\n- Smith & Sons\n- (2)";
    let counting = inspect(&screen_of("[rules]\nsql-fingerprint = \"count\""), text);
    assert_eq!(counting.action, Action::Pass);
    let told: Vec<_> = counting.hits.iter().map(|hit| (hit.rule.as_str(), hit.mode)).collect();
    assert_eq!(told, [("sql-fingerprint", Mode::Count)]);
    assert!(inspect(&screen_of("[rules]\nxss-fingerprint = \"count\""), text).hits.is_empty());
}

#[test]
fn every_family_refuses_and_is_spared_when_it_is_off() {
    for family in Family::ALL.into_iter().filter(|family| *family != Family::Crs) {
        let examples: Vec<_> = builtin_rules().filter(|rule| rule.family == family).collect();
        assert!(!examples.is_empty(), "{family}");
        let off = screen_of(&format!("[families]\n{family} = \"off\""));
        for rule in examples {
            assert!(inspect(&off, rule.example).hits.iter().all(|hit| hit.family != family), "{}", rule.id);
        }
    }
}

#[test]
fn ordinary_headers_pass() {
    for value in [
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5",
        "partner-client/2.3 (+https://partner.example/contact)",
        "okhttp/4.12.0",
        "application/json; charset=utf-8",
        "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8",
        "en-GB,en;q=0.9,de;q=0.7",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "3f0c1c1e-8d3a-4b8b-9c65-6f3a1f6f0a11",
    ] {
        let text = Text { field: Field::Header, pointer: Pointer::Of("user-agent"), value };
        let verdict = default_screen().inspect([text], Exceptions::NONE);
        assert_eq!(verdict.action, Action::Pass, "{value}: {:?}", verdict.hits);
    }
}
