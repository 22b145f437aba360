//! The short cuts against the rules themselves, which are asked one by one.

use crate::crs::engine::matches_plainly;
use crate::crs::{Crs, Place};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Rules of every kind of need and chain: (operator, actions).
const RULES: &[(&str, &str)] = &[
    ("@rx (?i)\\bunion\\s+select", "t:urlDecodeUni,t:lowercase"),
    (
        "@rx <(?:script|img|a\\s)[^>]*>?",
        "t:utf8toUnicode,t:urlDecodeUni,t:htmlEntityDecode,t:jsDecode,t:cssDecode,t:removeNulls",
    ),
    ("@rx [;&|]+\\s*(?:cat|ls)\\b", "t:cmdLine"),
    ("@rx (?:\\.\\./)+", "t:urlDecode,t:normalizePath,multiMatch"),
    ("@rx \\$\\{.+\\}|\\{\\{", "t:urlDecode"),
    ("!@rx ^[\\w .,%+-]*$", "t:none"),
    ("@pm union script passwd", "t:urlDecodeUni,t:replaceComments,t:removeWhitespace"),
    ("@rx ^$", "t:trim"),
    ("@rx [a-c]{3}", "t:lowercase,t:removeWhitespace,multiMatch"),
    ("@rx ^\\d+$", "t:length"),
    ("@rx script", "t:base64Decode"),
    ("@rx SELECT", "t:none"),
    ("@beginsWith sel", "t:compressWhitespace"),
];

fn crs() -> &'static Crs {
    static CRS: OnceLock<Crs> = OnceLock::new();
    CRS.get_or_init(|| {
        let rule = |(at, (operator, actions)): (usize, &(&str, &str))| {
            let set = "setvar:'tx.inbound_anomaly_score_pl1=+5'";
            format!("SecRule ARGS \"{operator}\" \"id:{},phase:2,{actions},{set}\"\n", at + 1)
        };
        let rules: String = RULES.iter().enumerate().map(rule).collect();
        let (crs, report) = Crs::read(&BTreeMap::from([("1.conf".to_owned(), rules.into_bytes())])).unwrap();
        assert_eq!(report.honoured.len(), RULES.len(), "{report}");
        crs
    })
}

/// Texts out of the pieces that the rules hang on.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("union"),
        Just(" SELECT "),
        Just("se"),
        Just("lect"),
        Just("/**/"),
        Just("%20"),
        Just("%3c"),
        Just("<"),
        Just("script"),
        Just("&lt;"),
        Just("\\u003c"),
        Just("\\"),
        Just(";"),
        Just("|"),
        Just("&"),
        Just("cat"),
        Just("../"),
        Just(".%2e/"),
        Just("/"),
        Just("${"),
        Just("}"),
        Just("{{"),
        Just("\0"),
        Just("  "),
        Just("\t"),
        Just("a b c"),
        Just("ABC"),
        Just("passwd"),
        Just("é"),
        Just("＜"),
        Just("c2NyaXB0"),
        Just("+"),
        Just("\n"),
        Just("12"),
        Just("'"),
        Just(","),
        Just("."),
    ];
    proptest::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// What lets `@detectXSS` alone holds for the library as it is.
    #[test]
    fn no_script_is_found_without_a_tag_or_an_attribute(text in "[ a-z/>\"'`&;:!()-]{0,40}", rest in "[^<=]{0,60}") {
        prop_assert!(!libinjectionrs::detect_xss(text.as_bytes()).is_injection(), "{:?}", text);
        prop_assert!(!libinjectionrs::detect_xss(rest.as_bytes()).is_injection(), "{:?}", rest);
    }

    /// What lets `@detectSQLi` alone holds, too.
    #[test]
    fn no_sql_is_found_in_one_word(word in "[a-zA-Z]{0,40}|union|select|or|shutdown|null|sleep|x|n|e|b|waitfor|delete") {
        prop_assert!(!libinjectionrs::detect_sqli(word.as_bytes()).is_injection(), "{:?}", word);
    }

    #[test]
    fn finds_what_the_rules_alone_find(text in texts()) {
        let crs = crs();
        let mut found: Vec<u32> = crs.all(Place::Argument("remarks"), text.as_bytes()).iter().map(|rule| rule.id).collect();
        found.sort_unstable();
        let plainly = crs.rules.iter().zip(&crs.compiled).filter(|(_, rule)| matches_plainly(rule, text.as_bytes()));
        let expected: Vec<u32> = plainly.map(|(rule, _)| rule.id).collect();
        prop_assert_eq!(found, expected, "{:?}", text);
    }
}
