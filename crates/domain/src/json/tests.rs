//! What is read and what is refused. The valid and invalid documents follow the classes of JSONTestSuite.

use proptest::prelude::*;

use super::*;
use crate::fault::FaultKind;

const VALID: &[&str] = &[
    "{}",
    "[]",
    " [ ] \r\n\t",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1.5",
    "123e65",
    "0e+1",
    "0E1",
    "1e-2",
    "1E22",
    "20e1",
    "1.5e+9999",
    "\"\"",
    "\" \"",
    "\"a\\/b\"",
    "\"\\u0000\"",
    "\"\\uD801\\udc37\"",
    "\"\\u0060\\u012a\\u12AB\"",
    "\"\\uFFFF\"",
    "\"\u{7f}\"",
    "\"\u{2028}\u{feff}\u{10ffff}\"",
    "[1,null,1,[2]]",
    r#"{"":0}"#,
    r#"{"a":[{"b":{}}],"c":""}"#,
    r#"{"a\u0000b":1}"#,
    r#"{"A":1,"a":2}"#,
    "-123123e100000",
    "1e999",
    "[-1e+9999,\"1e999\",0.5]",
    "123456789012345678901234567890",
    "[0.4e006699999999999999999999999999]",
];

const INVALID: &[&str] = &[
    "",
    " ",
    "{",
    "[",
    "\"",
    "[1",
    "[1,",
    "[,1]",
    "[1,]",
    "[1,,2]",
    "[1 2]",
    "[\"a\" \"b\"]",
    "[1:2]",
    "[]]",
    "[}",
    "{]",
    "{}}",
    "{},{}",
    "{} x",
    "{}#",
    "{}/**/",
    "[1]//",
    "'a'",
    "['a']",
    "{a:1}",
    "{'a':1}",
    "{1:1}",
    "{null:1}",
    r#"{"a"}"#,
    r#"{"a":}"#,
    r#"{"a" 1}"#,
    r#"{"a"::1}"#,
    r#"{"a":1,}"#,
    r#"{"a":1,,"b":2}"#,
    r#"{,"a":1}"#,
    r#"{"a":1 "b":2}"#,
    r#"{"a":1;"b":2}"#,
    r#"{"a":"a"#,
    r#"{"a":/*x*/1}"#,
    "nul",
    "nulll",
    "True",
    "tru",
    "NaN",
    "Infinity",
    "-Infinity",
    "undefined",
    "-",
    "+1",
    "01",
    "-01",
    "1.",
    ".5",
    "-.5",
    "1e",
    "1e+",
    "1eE2",
    "1.e1",
    "0x1",
    "0e",
    "1_000",
    "1 000",
    "--1",
    "++1",
    "1+2",
    "2.e+3",
    "１",
    "[1e999x]",
    "[01e999]",
    "[1e999.5]",
    "[1e999",
    "\"\t\"",
    "\"\n\"",
    "\"\u{0}\"",
    "\"\u{1f}\"",
    r#""\x00""#,
    r#""\a""#,
    r#""\u00""#,
    r#""\u00A""#,
    r#""\uqqqq""#,
    r#""\""#,
    r#""\\\""#,
    r#""\ud800""#,
    r#""\udc00""#,
    r#""\ud800\u0041""#,
    r#""\ud800\ud800""#,
    r#""\udc00\ud800""#,
    r#""\uD83D\\""#,
    r#""\UA66D""#,
    "\u{a0}[]",
    "\u{c}[]",
    "\u{2060}[]",
    "\u{feff}{}",
    "{}\u{0}",
    "\\u005b]",
    "*",
    "a",
    "<null>",
    "[\"\": 1]",
    "é",
    "[a",
    "{\"a\":\"b\"}/",
    "{\"a\":true} \"x\"",
];

#[test]
fn valid_documents_are_read() {
    for text in VALID {
        assert!(read(text.as_bytes()).is_ok(), "{text}: {:?}", read(text.as_bytes()));
    }
}

#[test]
fn invalid_documents_are_refused() {
    for text in INVALID {
        let refused = read(text.as_bytes());
        assert!(matches!(refused, Err(JsonError::NotJson(NotJson::Malformed { .. }))), "{text}: {refused:?}");
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    for body in [
        &b"\"\xff\""[..],
        b"{\"a\":\"\xe9\"}",
        b"\"\xed\xa0\x80\"",
        b"\"\xc0\xaf\"",
        b"\"\xf4\xbf\xbf\xbf\"",
        b"[\xe5]",
        b"\"\xe2\x82",
        b"\xff\xfe[\0]\0",
        b"\xef\xbb\xbf{}",
        b"\xef\xbb",
    ] {
        assert!(matches!(read(body), Err(JsonError::NotJson(NotJson::Malformed { .. }))), "{body:?}");
    }
}

#[test]
fn a_refusal_says_what_and_where() {
    let said = |body: &[u8]| match read(body) {
        Err(JsonError::NotJson(refused)) => refused.to_string(),
        other => panic!("{other:?}"),
    };
    let bodies: [(&[u8], &str); 8] = [
        (b"{\n \"a\": \n}", "a value is expected (line 3, column 1)"),
        (b"{\"a\":1}\n x", "there is something after the end of the document (line 2, column 2)"),
        (b"{\"a\":1,}", "a comma has nothing after it (line 1, column 8)"),
        (b"[\"\\ud800\"]", "a string has an escape that is half of a surrogate pair (line 1, column 9)"),
        (b"[1,\n\"\xff\"]", "it is not UTF-8 (line 2, column 2)"),
        (
            b"\xef\xbb\xbf{}",
            "it begins with a byte-order mark, which JSON on the wire must not have (line 1, column 1)",
        ),
        (b"[1", "it ends inside an array (line 1, column 2)"),
        (b"[1e999, nope]", "only true, false and null are words of JSON (line 1, column 10)"),
    ];
    for (body, words) in bodies {
        assert_eq!(said(body), format!("The body is not valid JSON: {words}."));
    }
}

#[test]
fn every_refusal_of_the_reader_is_put_into_our_own_words() {
    for text in INVALID {
        let Err(JsonError::NotJson(refused)) = read(text.as_bytes()) else { continue };
        assert!(!refused.to_string().contains("breaks the grammar"), "{text}: {refused}");
    }
}

#[test]
fn values_are_read_as_what_they_are() {
    let text = |text: &'static str| Json::Text(Cow::Borrowed(text));
    let members = |members: Vec<(&'static str, Json<'static>)>| {
        Json::Object(members.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect())
    };
    let read = read(br#" {"a\u00e9":[null,true,-1e999,"x\ny\ud83d\ude00"],"b":{}} "#).unwrap();
    let list = Json::List(vec![Json::Null, Json::Bool(true), Json::Number, text("x\ny\u{1f600}")]);
    assert_eq!(read, members(vec![("aé", list), ("b", members(vec![]))]));
}

#[test]
fn text_without_escapes_is_borrowed() {
    let Ok(Json::List(items)) = read(b"[\"plain\",\"esc\\naped\"]") else { panic!() };
    assert!(matches!(items[..], [Json::Text(Cow::Borrowed("plain")), Json::Text(Cow::Owned(_))]));
}

#[test]
fn nesting_has_a_bound() {
    let nested = |open: &str, inner: &str, close: &str, depth: usize| {
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    for (open, inner, close) in [("[", "", "]"), ("{\"a\":", "1", "}")] {
        assert!(read(nested(open, inner, close, DEPTH_MAX).as_bytes()).is_ok());
        for depth in [DEPTH_MAX + 1, 200, 20_000] {
            let body = nested(open, inner, close, depth);
            let refused = read(body.as_bytes());
            assert!(
                matches!(refused, Err(JsonError::NotJson(NotJson::TooDeep { line: 1, .. }))),
                "{refused:?}"
            );
        }
        assert!(matches!(
            read(open.repeat(100_000).as_bytes()),
            Err(JsonError::NotJson(NotJson::TooDeep { .. }))
        ));
    }
    // The bound is on nesting, not on how many lists there are.
    assert!(read(format!("[{}[]]", "[[]],".repeat(1_000)).as_bytes()).is_ok());
    assert_eq!(
        NotJson::TooDeep { line: 1, column: 33 }.to_string(),
        "The body nests deeper than 32 levels (line 1, column 33)."
    );
}

#[test]
fn every_name_that_stands_twice_is_told() {
    let body =
        br#"{"a":1,"b":{"c":1,"c":2,"d~/":[0,{"e":1,"f":1,"e":1,"\u0065":1}]},"a":{"g":1,"g":1},"":0,"":0}"#;
    let Err(JsonError::DuplicateMembers(faults)) = read(body) else { panic!() };
    let told: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.detail.as_str())).collect();
    assert_eq!(
        told,
        [
            ("/a", "stands 2 times in its object"),
            ("/b/c", "stands 2 times in its object"),
            ("/b/d~0~1/1/e", "stands 3 times in its object"),
            ("/a/g", "stands 2 times in its object"),
            ("/", "stands 2 times in its object"),
        ]
    );
    assert!(faults.iter().all(|fault| fault.kind == FaultKind::DuplicateMember));
}

#[test]
fn a_duplicate_is_found_among_huge_numbers_and_in_large_objects() {
    assert!(matches!(read(br#"{"a":1e999,"a":2}"#), Err(JsonError::DuplicateMembers(_))));
    let large = |last: usize| {
        let members: Vec<_> = (0..1_000).chain([last]).map(|number| format!("\"m{number}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert!(read(large(1_000).as_bytes()).is_ok());
    let large = large(500);
    let Err(JsonError::DuplicateMembers(faults)) = read(large.as_bytes()) else { panic!() };
    assert_eq!((faults.len(), faults[0].pointer.as_str()), (1, "/m500"));
}

#[test]
fn malformed_outweighs_duplicates() {
    assert!(matches!(read(br#"{"a":1,"a":2"#), Err(JsonError::NotJson(_))));
}

#[test]
fn text_is_written_as_serde_json_writes_it() {
    let all: String = (0..0x250).filter_map(char::from_u32).chain("\u{2028}\u{feff}😀".chars()).collect();
    let mut ours = String::new();
    write_text(&all, &mut ours);
    assert_eq!(ours, serde_json::to_string(&all).unwrap());
}

/// A document of any shape whose names may stand twice, as text.
fn any_document() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|yes| yes.to_string()),
        any::<f64>()
            .prop_filter("JSON has finite numbers", |number| number.is_finite())
            .prop_map(|n| format!("{n:e}")),
        Just("-7.25E+4000".to_owned()),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let name = prop_oneof!["[a-d]", Just("\\u0061".to_owned())];
        let members = prop::collection::vec((name, inner.clone()), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(|items| format!("[ {}]", items.join(" ,"))),
            members.prop_map(|members| {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("\"{name}\" :{value}")).collect();
                format!("{{{}\n}}", members.join(","))
            }),
        ]
    })
}

/// How many names stand twice, by way of counting in the text's own nesting: the slow and simple way.
fn names_that_stand_twice(json: &Json<'_>) -> usize {
    match json {
        Json::List(items) => items.iter().map(names_that_stand_twice).sum(),
        Json::Object(members) => {
            let again = (0..members.len()).filter(|at| {
                let before = members[..*at].iter().filter(|(name, _)| *name == members[*at].0).count();
                before == 1
            });
            again.count() + members.iter().map(|(_, value)| names_that_stand_twice(value)).sum::<usize>()
        }
        _ => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn duplicates_are_found_wherever_they_stand(text in any_document()) {
        let small = numbers::made_small(&text);
        let Ok(tree) = tree::parse(&small) else { panic!("{text}") };
        let twice = names_that_stand_twice(tree.root());
        match read(text.as_bytes()) {
            Ok(_) => prop_assert_eq!(twice, 0),
            Err(JsonError::DuplicateMembers(faults)) => prop_assert_eq!(faults.len(), twice.min(100)),
            Err(refused) => prop_assert!(false, "{:?}", refused),
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_as_serde_json_does(body in prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "[\\[\\]{}\",:0-9eE.+\\\\utrfalsn -]{0,24}".prop_map(String::into_bytes),
        (any_document(), any::<prop::sample::Index>())
            .prop_map(|(text, cut)| text.as_bytes()[..cut.index(text.len() + 1)].to_vec()),
    ]) {
        let theirs = serde_json::from_slice::<serde_json::Value>(&body);
        let out_of_range = theirs.as_ref().err().is_some_and(|error| error.to_string().contains("out of range"));
        let malformed = matches!(read(&body), Err(JsonError::NotJson(_)));
        prop_assert!(malformed == theirs.is_err() || out_of_range, "{:?}", theirs);
    }

    #[test]
    fn made_small_keeps_the_width_and_strings(text in any_document()) {
        let small = numbers::made_small(&text);
        prop_assert_eq!(small.len(), text.len());
        prop_assert!(serde_json::from_str::<serde_json::Value>(&small).is_ok());
    }
}
