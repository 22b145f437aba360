//! A small directory of our own in CRS's words, whole and damaged.

use super::*;
use proptest::prelude::*;

const RULES: &str = r#"
# A comment, and a line of nothing

SecComponentSignature "OURS/1.0"
SecAction "id:100,phase:1,pass,nolog,t:none,setvar:tx.x=1"
SecRule TX:DETECTION_PARANOIA_LEVEL "@lt 1" "id:101,phase:1,pass,nolog,skipAfter:END"

SecRule REQUEST_COOKIES|!REQUEST_COOKIES:/__utm/|ARGS_NAMES|ARGS|XML:/* "@rx (?i)\bunion\b.{1,40}?\bselect\b.{1,40}?\bfrom\b.*?--" \
    "id:200,phase:2,block,capture,t:none,t:urlDecodeUni,t:replaceComments,\
    msg:'SQL: union, select',tag:'attack-sqli',tag:'paranoia-level/1',severity:'CRITICAL',\
    setvar:'tx.sql_injection_score=+%{tx.critical_anomaly_score}',\
    setvar:'tx.inbound_anomaly_score_pl1=+%{tx.critical_anomaly_score}'"
SecRule ARGS "@detectSQLi" "id:201,phase:2,block,t:none,t:urlDecodeUni,multiMatch,tag:'attack-sqli',setvar:'tx.inbound_anomaly_score_pl1=+%{tx.critical_anomaly_score}'"
SecRule ARGS|REQUEST_HEADERS "@detectXSS" "id:202,phase:2,block,t:none,t:htmlEntityDecode,tag:'attack-xss',setvar:'tx.inbound_anomaly_score_pl1=+%{tx.critical_anomaly_score}'"
SecRule ARGS "@pmFromFile files.data" "id:203,phase:2,block,t:none,t:normalizePathWin,t:lowercase,tag:'attack-lfi',setvar:'tx.inbound_anomaly_score_pl1=+%{tx.error_anomaly_score}'"
SecRule ARGS "@pm runtime |6578|ec" "id:204,phase:2,block,t:none,t:lowercase,chain,tag:'attack-rce',setvar:'tx.inbound_anomaly_score_pl1=+%{tx.critical_anomaly_score}'"
    SecRule MATCHED_VARS "!@rx ^java" "t:none"
SecRule ARGS "@rx ;\s*cat\s+/" "id:205,phase:2,block,t:none,t:cmdLine,multiMatch,tag:'attack-rce',setvar:'tx.inbound_anomaly_score_pl1=+%{tx.critical_anomaly_score}'"
SecRule ARGS "@rx seats" "id:206,phase:2,block,t:none,tag:'attack-rce',setvar:'tx.inbound_anomaly_score_pl1=+%{tx.critical_anomaly_score}'"

SecRule ARGS "@rx a(?=b)" "id:300,phase:2,block,setvar:'tx.inbound_anomaly_score_pl1=+5'"
SecRule ARGS "@pmFromFile absent.data" "id:301,phase:2,block,setvar:'tx.inbound_anomaly_score_pl1=+5'"
SecRule ARGS "@rx x" "id:302,phase:2,block,t:sha1,setvar:'tx.inbound_anomaly_score_pl1=+5'"
SecRule ARGS "@rx x" "id:303,phase:4,block,setvar:'tx.inbound_anomaly_score_pl1=+5'"
SecRule ARGS "@rx ([a-z])" "id:304,phase:2,block,capture,chain,setvar:'tx.inbound_anomaly_score_pl1=+5'"
    SecRule TX:1 "@streq a" "t:none"
SecRule ARGS "@rx x" "id:305,phase:2,pass,nolog"
SecRule ARGS "@rx x" "id:306,phase:2,block,tag:'paranoia-level/3',setvar:'tx.inbound_anomaly_score_pl3=+5'"
SecRule &ARGS "@gt 255" "id:307,phase:2,block,setvar:'tx.inbound_anomaly_score_pl1=+5'"
SecRule ARGS "@rx x" "id:308,phase:2,pass,ctl:ruleRemoveTargetById=1;ARGS,setvar:'tx.inbound_anomaly_score_pl1=+5'"
SecRule ARGS "@rx zzz" "id:309,phase:2,block,setvar:'tx.inbound_anomaly_score_pl1=+5'"
SecRule ARGS "@contains %{tx.a}" "id:310,phase:2,block,setvar:'tx.inbound_anomaly_score_pl1=+5'"
SecRule ARGS "@rx x" "id:200,phase:2,block,setvar:'tx.inbound_anomaly_score_pl1=+5'"
SecRuleRemoveById 309-309
SecTeapot on
SecMarker END
"#;

fn directory() -> BTreeMap<String, Vec<u8>> {
    let data = "# files\netc/passwd\n\n  win.ini  \n";
    [("1.conf", RULES), ("files.data", data), ("README.md", "no rules")]
        .map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()))
        .into()
}

fn found(crs: &Crs, text: &str) -> Vec<u32> {
    let mut ids: Vec<u32> =
        crs.all(Place::Argument("remarks"), text.as_bytes()).iter().map(|rule| rule.id).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn honours_rules_with_their_transformations_chains_and_scores() {
    let (crs, report) = Crs::read(&directory()).unwrap();
    assert_eq!(report.version.as_deref(), Some("OURS/1.0"));
    assert_eq!(report.honoured, [200, 201, 202, 203, 204, 205, 206]);
    for (text, ids) in [
        ("1 UNION/**/SELECT a%20from b --", vec![200, 201]),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", vec![202]),
        ("..\\..\\ETC\\x\\..\\PASSWD", vec![203]),
        ("my RunTime", vec![204]),
        ("exec it", vec![204]),
        ("java runtime", vec![]),
        (";\"c'a^t\" /x", vec![]),
        ("; cat /x", vec![205]),
        ("Window seat, please", vec![]),
    ] {
        assert_eq!(found(&crs, text), ids, "{text}");
    }
    let score = |id| crs.rules().iter().find(|rule| rule.id == id).unwrap().score;
    assert_eq!((score(200), score(203)), (5, 4));
    assert_eq!(crs.self_test(), Ok(()));
}

#[test]
fn lists_every_rule_that_is_not_honoured_with_the_reason() {
    let (_, report) = Crs::read(&directory()).unwrap();
    let why: BTreeMap<u32, &str> = report.not_honoured.iter().map(|(id, why)| (*id, why.as_str())).collect();
    for (id, reason) in [
        (100, "is an action without a question (SecAction)"),
        (101, "steers which rules are asked (skipAfter); the paranoia level does that here"),
        (300, "looks ahead"),
        (301, "needs the file absent.data, which is missing"),
        (302, "transforms with sha1"),
        (303, "looks at responses"),
        (304, "has a chain that uses what the pattern caught (TX)"),
        (305, "adds nothing to the anomaly score"),
        (307, "looks at &ARGS only"),
        (308, "switches other rules off for some requests (ctl)"),
        (309, "is removed by the directory itself (SecRuleRemove)"),
        (310, "compares with a variable (%{...})"),
        (200, "has an id that another rule has"),
    ] {
        assert_eq!(why.get(&id), Some(&reason), "{id}");
    }
    assert_eq!(report.above_level, [(306, 3)]);
    assert_eq!(report.missing_files, ["absent.data"]);
    assert_eq!(report.unreadable.len(), 1);
    let rules = RULES.lines().filter(|line| line.contains("id:")).count();
    assert_eq!(rules, report.honoured.len() + report.not_honoured.len() + report.above_level.len());
    let shown = report.to_string();
    for part in
        ["7 rules honoured", "missing: absent.data", "not honoured: looks ahead: 300", "1.conf line 35"]
    {
        assert!(shown.contains(part), "{part} in:\n{shown}");
    }
}

#[test]
fn a_rule_that_matches_honest_remarks_only_counts() {
    let (crs, report) = Crs::read(&directory()).unwrap();
    let counted: Vec<u32> = report.only_counted.iter().map(|(id, _)| *id).collect();
    assert!(counted.contains(&206) && counted.contains(&201), "{counted:?}");
    assert!(!counted.contains(&200) && !counted.contains(&203), "{counted:?}");
    assert_eq!(found(&crs, "two seats"), [206]);
}

#[test]
fn refuses_a_directory_that_catches_nothing_or_everything() {
    let tagged = "id:1,phase:2,block,tag:'attack-sqli',setvar:'tx.inbound_anomaly_score_pl1=+5'";
    let of = |pattern: &str| {
        let rules = format!("SecRule ARGS \"@rx {pattern}\" \"{tagged}\"\n");
        Crs::read(&BTreeMap::from([("1.conf".to_owned(), rules.into_bytes())])).unwrap().0.self_test()
    };
    assert!(matches!(of("zzzzz"), Err(CanaryFailure::Blind { family, rules: 1, .. }) if family == "sqli"));
    assert_eq!(of("union"), Ok(()));
    assert!(matches!(Crs::read(&BTreeMap::new()), Err(CrsError::NoFiles)));
    let nothing = BTreeMap::from([("1.conf".to_owned(), b"SecMarker X\n".to_vec())]);
    assert!(matches!(Crs::read(&nothing), Err(CrsError::NoRules(_))));
    assert!(matches!(Crs::read_with(&directory(), CrsOptions { paranoia: 5 }), Err(CrsError::Paranoia(5))));
}

#[test]
fn reads_headers_only_where_a_rule_does_and_stops_when_told() {
    let (crs, _) = Crs::read(&directory()).unwrap();
    let script = b"<script>alert(1)</script>".as_slice();
    assert_eq!(crs.all(Place::Header("x-request-id"), script).len(), 1);
    assert!(crs.all(Place::Header("x-request-id"), b"; cat /x").is_empty());
    let mut seen = 0;
    crs.find(
        Place::Argument("remarks"),
        b"1 union select a from b --; cat /x",
        || true,
        |_| {
            seen += 1;
            false
        },
    );
    assert_eq!(seen, 1);
    crs.find(Place::Argument("remarks"), script, || false, |_| panic!("no pattern may be run"));
}

#[test]
fn a_broken_link_takes_its_whole_chain_along() {
    let text = "SecRule ARGS \"@rx a\" \"id:1,phase:2,block,chain,setvar:'tx.inbound_anomaly_score_pl1=+5'\"\n\
        SecRule MATCHED_VAR \"@rx b\n\
        SecRule ARGS \"@rx union\" \"id:2,phase:2,block,setvar:'tx.inbound_anomaly_score_pl1=+5'\"\n\
        SecRule ARGS \"@rx c\" \"id:3,phase:2,block,chain,setvar:'tx.inbound_anomaly_score_pl1=+5'\"\n";
    let (_, report) = Crs::read(&BTreeMap::from([("1.conf".to_owned(), text.as_bytes().to_vec())])).unwrap();
    assert_eq!(report.honoured, [2]);
    assert_eq!(report.unreadable.len(), 1);
    let refused: Vec<u32> = report.not_honoured.iter().map(|(id, _)| *id).collect();
    assert_eq!(refused, [1, 3]);
}

/// 3,900 rules, each of which transforms in a way of its own.
#[test]
fn bounds_what_rules_may_transform() {
    let names = ["urlDecode", "lowercase", "trim", "removeNulls", "cmdLine", "cssDecode", "jsDecode"];
    let rule = |id: usize, steps: usize| {
        let step = |at: u32| format!("t:{}", names[id / names.len().pow(at) % names.len()]);
        let steps: Vec<String> = (0..).map(|at: u32| step(at % 5)).take(steps).collect();
        let steps = steps.join(",");
        format!("SecRule ARGS \"@rx union\" \"id:{id},phase:2,{steps},setvar:'tx.anomaly_score=+5'\"\n")
    };
    let mut rules: String = (1..=3900).map(|id| rule(id, 16)).collect();
    rules.push_str(&rule(9000, 17));
    rules.push_str("SecRule ARGS \"@rx union\" \"id:9001,phase:2,chain,setvar:'tx.anomaly_score=+5'\"\n");
    rules.push_str(&rule(0, 30).replace("id:0,", ""));
    rules.push_str("SecRule ARGS \"@rx union\" \"id:9002,phase:2,setvar:'tx.anomaly_score=+5'\"\n");
    let (crs, report) = Crs::read(&BTreeMap::from([("1.conf".to_owned(), rules.into_bytes())])).unwrap();
    let why: BTreeMap<u32, &str> = report.not_honoured.iter().map(|(id, why)| (*id, why.as_str())).collect();
    assert_eq!(why[&3900], "transforms in a way of its own, after 4,000 others");
    assert_eq!(why[&9000], "takes more than 16 transformations");
    assert_eq!(why[&9001], "takes more than 16 transformations");
    assert!(report.honoured.len() > 250 && report.honoured.contains(&1) && report.honoured.contains(&9002));
    assert_eq!(report.honoured.len() + why.len(), 3903);
    assert!(found(&crs, "union").contains(&9002));
}

/// What happens to a directory on its way.
#[derive(Clone, Debug)]
enum Damage {
    Cut(usize),
    Swap(usize, usize),
    Byte(usize, u8),
    Drop,
    Huge(u8),
    Noise(Vec<u8>),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        any::<usize>().prop_map(Damage::Cut),
        (any::<usize>(), any::<usize>()).prop_map(|(one, other)| Damage::Swap(one, other)),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        Just(Damage::Drop),
        any::<u8>().prop_map(Damage::Huge),
        proptest::collection::vec(any::<u8>(), 0..300).prop_map(Damage::Noise),
    ]
}

fn damaged(mut file: Vec<u8>, damage: &Damage) -> Option<Vec<u8>> {
    let size = file.len().max(1);
    match damage {
        Damage::Cut(at) => file.truncate(at % size),
        Damage::Swap(one, other) => {
            let mut lines: Vec<&[u8]> = file.split(|byte| *byte == b'\n').collect();
            let count = lines.len();
            lines.swap(one % count, other % count);
            file = lines.join(&b'\n');
        }
        Damage::Byte(at, byte) => {
            let at = at % size;
            file.get_mut(at).into_iter().for_each(|old| *old = *byte);
        }
        Damage::Drop => return None,
        Damage::Huge(byte) => file.extend(std::iter::repeat_n(*byte, lines::LINE_BYTES_MAX + 10)),
        Damage::Noise(bytes) => file.extend_from_slice(bytes),
    }
    Some(file)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// A damaged directory is read, or refused: never a panic, and no rule goes missing without a word.
    #[test]
    fn survives_damage(damages in proptest::collection::vec((any::<bool>(), damage()), 1..4), text in ".{0,60}") {
        let mut files = directory();
        for (rules, damage) in &damages {
            let name = if *rules { "1.conf" } else { "files.data" };
            let file = files.remove(name).and_then(|file| damaged(file, damage));
            file.into_iter().for_each(|file| drop(files.insert(name.to_owned(), file)));
        }
        if let Ok((crs, report)) = Crs::read(&files) {
            let _ = report.to_string();
            let _ = crs.self_test();
            let _ = crs.all(Place::Argument("remarks"), text.as_bytes());
        }
    }

    #[test]
    fn survives_noise(noise in proptest::collection::vec(any::<u8>(), 0..400), pattern in ".{0,40}") {
        let rules = [b"SecRule ARGS \"@rx ".as_slice(), pattern.as_bytes(), b"\" \"id:1,setvar:tx.anomaly_score=+5\"\n", &noise].concat();
        let _ = Crs::read(&BTreeMap::from([("1.conf".to_owned(), rules)]));
        let _ = Crs::read(&BTreeMap::from([("1.conf".to_owned(), noise)]));
    }
}
