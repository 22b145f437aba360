//! The search for the words and signs that rules hang on: one automaton of fixed size over all of them.
//!
//! A lazily built automaton over all patterns at once was weighed against this: it finds the same, but what it costs
//! depends on which of its states were visited before, and a text made to visit new ones costs a hundred times as
//! much as an ordinary one. This one is built whole, so every byte costs the same.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// Up to 256 rules, by their place in the list of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RuleSet([u64; 4]);

impl RuleSet {
    pub(crate) const MAX: usize = 256;

    pub(crate) const fn all() -> Self {
        Self([u64::MAX; 4])
    }

    pub(crate) const fn insert(&mut self, rule: usize) {
        self.0[rule / 64] |= 1 << (rule % 64);
    }

    pub(crate) fn extend(&mut self, others: &Self) {
        self.0.iter_mut().zip(others.0).for_each(|(mine, others)| *mine |= others);
    }

    pub(crate) fn remove(&mut self, others: &Self) {
        self.0.iter_mut().zip(others.0).for_each(|(mine, others)| *mine &= !others);
    }

    pub(crate) fn keep(&mut self, others: &Self) {
        self.0.iter_mut().zip(others.0).for_each(|(mine, others)| *mine &= others);
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        (0..Self::MAX).step_by(64).zip(self.0).flat_map(|(base, mut bits)| {
            std::iter::from_fn(move || {
                let next = bits.trailing_zeros() as usize;
                bits &= bits.checked_sub(1)?;
                Some(base + next)
            })
        })
    }
}

/// The anchors of all rules.
#[derive(Debug)]
pub(crate) struct Anchors {
    automaton: AhoCorasick,
    /// The rules that hang on each anchor, in the automaton's order.
    rules: Vec<RuleSet>,
    /// The length of the shortest anchor that is one word: shorter words need no search.
    shortest_word: usize,
}

impl Anchors {
    /// The anchors of the rules: each anchor with the place of its rule.
    pub(crate) fn new<'a>(anchors: impl IntoIterator<Item = (&'a str, usize)>) -> Self {
        let mut by_anchor = BTreeMap::<String, RuleSet>::new();
        for (anchor, rule) in anchors {
            by_anchor.entry(anchor.to_ascii_lowercase()).or_default().insert(rule);
        }
        let is_word =
            |anchor: &&String| anchor.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let shortest_word = by_anchor.keys().filter(is_word).map(String::len).min().unwrap_or(usize::MAX);
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(by_anchor.keys())
            .expect("a few thousand bytes of anchors are far below the automaton's limits");
        Self { automaton, rules: by_anchor.into_values().collect(), shortest_word }
    }

    /// Whether a single word of this length may have an anchor in it.
    pub(crate) const fn may_be_in_word(&self, length: usize) -> bool {
        length >= self.shortest_word
    }

    /// The rules that have an anchor in the text.
    pub(crate) fn rules_in(&self, text: &str) -> RuleSet {
        let mut rules = RuleSet::default();
        for found in self.automaton.find_overlapping_iter(text) {
            rules.extend(&self.rules[found.pattern().as_usize()]);
        }
        rules
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.automaton.memory_usage() + self.rules.len() * size_of::<RuleSet>()
    }
}
