//! Files of rules in the language of the OWASP CRS.

use std::collections::BTreeMap;

use skybridge_screen::{Crs, CrsError, CrsReport, Place};

/// Texts that rules are asked of once they are read.
const ASKED: [&[u8]; 4] =
    [b"", b"wheelchair at gate", b"1' OR '1'='1' -- <script>alert(1)</script>", "Ω\u{0}é".as_bytes()];

/// A file is read or refused with a report; every rule is in one list only; and the rules that were read can be asked,
/// and say the same twice.
pub(crate) fn rule_set(file: &[u8]) {
    let files = BTreeMap::from([("REQUEST-1-FUZZ.conf".to_owned(), file.to_vec())]);
    match Crs::read(&files) {
        Ok((rules, report)) => {
            assert_each_is_in_one_list(&report);
            assert!(!rules.rules().is_empty());
            for text in ASKED {
                let ids = || {
                    rules.all(Place::Argument("remarks"), text).iter().map(|rule| rule.id).collect::<Vec<_>>()
                };
                assert_eq!(ids(), ids());
            }
        }
        Err(CrsError::NoRules(report)) => {
            assert_each_is_in_one_list(&report);
            assert!(report.honoured.is_empty());
        }
        Err(error) => panic!("one file with rules was given: {error}"),
    }
}

fn assert_each_is_in_one_list(report: &CrsReport) {
    for id in &report.honoured {
        let elsewhere = report.not_honoured.iter().any(|(not, _)| not == id && *id != 0);
        assert!(!elsewhere, "rule {id} is honoured and not: {report}");
    }
}
