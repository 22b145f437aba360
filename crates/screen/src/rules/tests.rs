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

/// Whether the rule matches this view near one of its anchors, as the engine asks it.
fn finds(at: usize, view: &str) -> bool {
    let engine = Engine::get();
    let places = engine.anchors.places_in(view);
    let rule = &engine.rules[at];
    rule.is_concerned(&places) && rule.find(view, &places).is_some()
}

#[test]
fn every_rule_does_what_its_examples_say() {
    let mut wrong = Vec::new();
    for (at, rule) in Engine::get().rules.iter().enumerate() {
        let matches =
            |example: &String| views_for(rule.text, example).iter().any(|view| rule.matches_somewhere(view));
        // What goes before the patterns must not keep one from its text.
        let found = |example: &String| views_for(rule.text, example).iter().any(|view| finds(at, view));
        let missed = rule.text.catches.iter().filter(|example| !matches(example));
        let closed = rule.text.catches.iter().filter(|example| matches(example) && !found(example));
        let caught = rule.text.passes.iter().filter(|example| matches(example));
        wrong.extend(missed.map(|text| format!("{} misses {text:?}", rule.id)));
        wrong.extend(closed.map(|text| format!("{} has no anchor in reach in {text:?}", rule.id)));
        wrong.extend(caught.map(|text| format!("{} catches {text:?}", rule.id)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_attack_is_lost_by_reading_near_anchors_alone() {
    let engine = Engine::get();
    let mut lost = Vec::new();
    for line in include_str!("../../tests/data/attacks.jsonl").lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = line["payload"].as_str().unwrap();
        let views = Views::of(text, Traits::of(text));
        for view in views.texts() {
            let asked = engine.rules.iter().enumerate().filter(|(_, rule)| !rule.asks_libinjection());
            lost.extend(
                asked
                    .filter(|(at, rule)| rule.matches_somewhere(view) && !finds(*at, view))
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
