use std::time::Duration;

use super::*;

fn rule(id: &str) -> RuleId {
    crate::rules::id_named(id).unwrap()
}

#[test]
fn an_empty_text_is_the_default() {
    assert_eq!(Profile::parse("").unwrap(), Profile::default());
    let mode = Profile::default().mode_of(&rule("sql-union-select"), Family::Sql, Field::Remarks);
    assert_eq!(mode, Mode::Block);
}

#[test]
fn the_rule_goes_before_its_family_and_the_field_before_both() {
    let profile = Profile::parse(
        r#"
        threshold = 8
        overrun = "count"
        budget = { bytes = 4096, time_us = 500 }
        [families]
        sql = "count"
        [rules]
        sql-union-select = "block"
        942100 = "off"
        [fields]
        email = "off"
        header = "count"
        "#,
    )
    .unwrap();
    assert_eq!(profile.threshold, 8);
    assert_eq!(profile.overrun, Overrun::Count);
    assert_eq!(profile.budget, Budget { bytes: 4096, time: Duration::from_micros(500) });
    let mode = |id, field| profile.mode_of(&rule(id), Family::Sql, field);
    assert_eq!(mode("sql-union-select", Field::Remarks), Mode::Block);
    assert_eq!(mode("sql-stacked", Field::Remarks), Mode::Count);
    assert_eq!(mode("942100", Field::Remarks), Mode::Off);
    assert_eq!(mode("sql-union-select", Field::Header), Mode::Count);
    assert_eq!(mode("sql-union-select", Field::Email), Mode::Off);
    assert_eq!(profile.clone().at_most(Mode::Count).mode_in(Field::Remarks), Mode::Count);
    assert_eq!(profile.at_most(Mode::Block).mode_in(Field::Email), Mode::Off);
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    for (text, expected) in [
        ("[rules]\nsql-onion = \"off\"", "[rules] names \"sql-onion\", which is no rule"),
        ("[families]\nsqll = \"off\"", "[families] names \"sqll\"; there are sql, xss, command"),
        ("[fields]\nremark = \"off\"", "[fields] names \"remark\"; there are remarks, agency_reference"),
        ("[fields]\nremarks = \"on\"", "unknown variant `on`"),
        ("treshold = 3", "unknown field `treshold`"),
        ("threshold = 0", "threshold must be at least 1"),
        ("budget = { bytes = 0 }", "budget.bytes must be at least 1"),
        ("budget = { time_us = 0 }", "budget.time_us must be at least 1"),
        ("threshold = ", "cannot be read"),
    ] {
        let error = Profile::parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}
