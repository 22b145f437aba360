use std::collections::BTreeSet;

use super::*;
use crate::engine::Engine;
use crate::normal::Views;
use crate::traits::Traits;

/// The views of a text in which this rule has a say.
fn views_for(rule: &RuleText, text: &str) -> Vec<String> {
    let views = Views::of(text, Traits::of(text));
    let shell = views.shell.clone().filter(|_| rule.shell);
    views.texts().map(str::to_owned).chain(shell).collect()
}

#[test]
fn every_rule_does_what_its_examples_say() {
    let mut wrong = Vec::new();
    for (at, rule) in Engine::get().rules.iter().enumerate() {
        let matches =
            |example: &String| views_for(rule.text, example).iter().any(|view| rule.find(view).is_some());
        // The search that goes before the patterns must not keep one from its text.
        let gated = |example: &String| {
            let has_anchor =
                |view: &String| Engine::get().anchors.rules_in(view).iter().any(|found| found == at);
            views_for(rule.text, example).iter().any(|view| has_anchor(view) && rule.find(view).is_some())
        };
        let missed =
            rule.text.catches.iter().filter(|example| !matches(example)).map(|text| ("misses", text));
        let closed = rule
            .text
            .catches
            .iter()
            .filter(|e| matches(e) && !gated(e))
            .map(|text| ("has no anchor in", text));
        let caught = rule.text.passes.iter().filter(|example| matches(example)).map(|text| ("catches", text));
        wrong.extend(
            missed.chain(closed).chain(caught).map(|(what, text)| format!("{} {what} {text:?}", rule.id)),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_attack_is_lost_by_the_search_for_anchors() {
    let engine = Engine::get();
    let mut lost = Vec::new();
    for line in include_str!("../../tests/data/attacks.jsonl").lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = line["payload"].as_str().unwrap();
        let views = Views::of(text, Traits::of(text));
        for view in views.texts() {
            let searched: BTreeSet<_> = engine.anchors.rules_in(view).iter().collect();
            let patterns = |rule: &&crate::engine::Rule| rule.text.detector == Detector::Patterns;
            let matching = engine
                .rules
                .iter()
                .enumerate()
                .filter(|(_, rule)| patterns(rule) && rule.find(view).is_some());
            lost.extend(
                matching
                    .filter(|(at, _)| !searched.contains(at))
                    .map(|(_, rule)| format!("{}: {view}", rule.id)),
            );
        }
    }
    lost.dedup();
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

#[test]
fn every_rule_is_described_and_named_for_its_family() {
    let mut ids = BTreeSet::new();
    for rule in all() {
        assert!(rule.id.starts_with(&format!("{}-", rule.family)), "{}", rule.id);
        assert!(ids.insert(&rule.id), "{} twice", rule.id);
        assert!(rule.why.ends_with('.') && rule.why.len() > 20, "{}", rule.id);
        assert!(rule.catches.len() >= 2 && rule.passes.len() >= 2, "{}", rule.id);
        assert!((1..=10).contains(&rule.score), "{}", rule.id);
        assert!(rule.anchors.iter().all(|anchor| !anchor.is_empty()), "{}", rule.id);
        let has_patterns = !rule.patterns.is_empty();
        assert!(has_patterns || rule.score == crate::injection::POINTS, "{}", rule.id);
        assert_eq!(has_patterns, rule.detector == Detector::Patterns, "{}", rule.id);
    }
    let families: BTreeSet<_> = all().iter().map(|rule| rule.family).collect();
    assert_eq!(families.len(), Family::ALL.len() - 1, "every family but that of CRS has rules");
}
