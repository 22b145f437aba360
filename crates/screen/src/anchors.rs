//! The search for the words and signs that rules hang on: one automaton of fixed size over all of them, in two forms.
//!
//! The one that [`Anchors::new`] makes is an NFA, which is built in a fraction of the time; [`Anchors::make_fast`] adds a
//! DFA, a table in which every byte costs one look, and from then on that one is asked. They find the same.
//!
//! One lazily built automaton over all patterns (a `RegexSet`) was judged against this and not measured: what it costs
//! depends on which of its states were visited before, and a text can be made to visit new ones. These are built whole.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::rules::RuleText;

/// Up to 256 rules, by their place in the list of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RuleSet([u64; 4]);

impl RuleSet {
    pub(crate) const MAX: usize = 256;

    pub(crate) const fn all() -> Self {
        Self([u64::MAX; 4])
    }

    pub(crate) const fn take_out(&mut self, rule: usize) {
        self.0[rule / 64] &= !(1 << (rule % 64));
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

/// The ASCII characters of a text.
#[derive(Debug, Clone, Copy)]
struct Signs(u128);

impl Signs {
    fn of(text: &str) -> Self {
        Self(text.bytes().fold(0, |signs, byte| signs | if byte < 128 { 1 << byte } else { 0 }))
    }

    const fn has_one_of(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }
}

/// Whether no letter or digit stands right before or behind `found`.
fn is_whole(text: &[u8], found: Range<usize>) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    !is_part(found.start.checked_sub(1).and_then(|before| text.get(before))) && !is_part(text.get(found.end))
}

fn automaton(kind: AhoCorasickKind, words: &[String]) -> AhoCorasick {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::Standard)
        .kind(Some(kind))
        .build(words)
        .expect("a few thousand bytes of anchors are far below the automaton's limits")
}

/// The anchors of all rules.
#[derive(Debug)]
pub(crate) struct Anchors {
    /// Built at once, in a tenth of the time: what a function that has just started can afford.
    quick: AhoCorasick,
    /// Built by [`Self::make_fast`], in some tens of milliseconds, and then used: one look at a table for each byte.
    fast: OnceLock<AhoCorasick>,
    words: Vec<String>,
    /// The rules that hang on each anchor, in the automaton's order.
    rules: Vec<RuleSet>,
    /// Those that do where the anchor is a whole word.
    rules_of_words: Vec<RuleSet>,
    /// The signs that each rule needs besides; a rule without any is not in the list.
    signs: Vec<(usize, Signs)>,
    /// The length of the shortest anchor that is one word: shorter words need no search.
    shortest_word: usize,
}

impl Anchors {
    /// The anchors of these rules.
    pub(crate) fn new(rules: &[RuleText]) -> Self {
        let mut by_anchor = BTreeMap::<String, (RuleSet, RuleSet)>::new();
        for (at, rule) in rules.iter().enumerate() {
            rule.anchors
                .iter()
                .for_each(|a| by_anchor.entry(a.to_ascii_lowercase()).or_default().0.insert(at));
            rule.words.iter().for_each(|a| by_anchor.entry(a.to_ascii_lowercase()).or_default().1.insert(at));
        }
        let signs = rules.iter().enumerate().filter(|(_, rule)| !rule.signs.is_empty());
        let is_word =
            |anchor: &&String| anchor.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let shortest_word = by_anchor.keys().filter(is_word).map(String::len).min().unwrap_or(usize::MAX);
        let (words, rules): (Vec<String>, Vec<(RuleSet, RuleSet)>) = by_anchor.into_iter().unzip();
        let (rules, rules_of_words) = rules.into_iter().unzip();
        let signs = signs.map(|(at, rule)| (at, Signs::of(&rule.signs))).collect();
        let quick = automaton(AhoCorasickKind::ContiguousNFA, &words);
        Self { quick, fast: OnceLock::new(), words, rules, rules_of_words, signs, shortest_word }
    }

    /// Builds the faster of the two automata. They find the same.
    pub(crate) fn make_fast(&self) {
        self.fast.get_or_init(|| automaton(AhoCorasickKind::DFA, &self.words));
    }

    fn automaton(&self) -> &AhoCorasick {
        self.fast.get().unwrap_or(&self.quick)
    }

    /// Whether a single word of this length may have an anchor in it.
    pub(crate) const fn may_be_in_word(&self, length: usize) -> bool {
        length >= self.shortest_word
    }

    /// The rules that have an anchor in the text, and one of their signs.
    pub(crate) fn rules_in(&self, text: &str) -> RuleSet {
        let mut rules = RuleSet::default();
        for found in self.automaton().find_overlapping_iter(text) {
            let anchor = found.pattern().as_usize();
            rules.extend(&self.rules[anchor]);
            if is_whole(text.as_bytes(), found.range()) {
                rules.extend(&self.rules_of_words[anchor]);
            }
        }
        let signs = Signs::of(text);
        for (rule, needed) in &self.signs {
            if !signs.has_one_of(*needed) {
                rules.take_out(*rule);
            }
        }
        rules
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.quick.memory_usage()
            + self.fast.get().map_or(0, AhoCorasick::memory_usage)
            + 2 * self.rules.len() * size_of::<RuleSet>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;

    #[test]
    fn both_automata_find_the_same() {
        let texts = rules::all();
        let (quick, fast) = (Anchors::new(texts), Anchors::new(texts));
        fast.make_fast();
        assert!(fast.memory() > quick.memory(), "there is another one");
        for text in texts.iter().flat_map(|rule| rule.catches.iter().chain(&rule.passes)) {
            let upper = text.to_uppercase();
            for text in [text, &upper] {
                assert_eq!(quick.rules_in(text), fast.rules_in(text), "{text:?}");
            }
        }
    }
}
