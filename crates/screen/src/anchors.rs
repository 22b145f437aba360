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

use crate::places::Places;
use crate::rules::RuleText;

/// Up to 256 rules, by their place in the list of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RuleSet([u64; 4]);

impl RuleSet {
    pub(crate) const MAX: usize = 256;

    pub(crate) const fn all() -> Self {
        Self([u64::MAX; 4])
    }

    pub(crate) const fn has(&self, rule: usize) -> bool {
        self.0[rule / 64] >> (rule % 64) & 1 == 1
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

/// Whether an anchor is one sign: those are seen in the count of a text's signs, which is cheaper.
pub(crate) const fn is_sign(anchor: &str) -> bool {
    anchor.len() == 1
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

/// The rules that hang on one anchor.
#[derive(Debug, Default)]
struct Hanging {
    anywhere: Vec<usize>,
    /// Those that do where it is a whole word.
    as_word: Vec<usize>,
}

impl Hanging {
    const fn memory(&self) -> usize {
        size_of::<Self>() + (self.anywhere.len() + self.as_word.len()) * size_of::<usize>()
    }
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
    rules: Vec<Hanging>,
    rules_count: usize,
    /// The length of the shortest anchor that is one word: shorter words need no search.
    shortest_word: usize,
}

impl Anchors {
    /// The anchors of these rules.
    pub(crate) fn new(rules: &[RuleText]) -> Self {
        let mut by_anchor = BTreeMap::<String, Hanging>::new();
        for (at, rule) in rules.iter().enumerate() {
            for anchor in rule.anchors.iter().filter(|anchor| !is_sign(anchor)) {
                by_anchor.entry(anchor.to_ascii_lowercase()).or_default().anywhere.push(at);
            }
            for word in &rule.words {
                by_anchor.entry(word.to_ascii_lowercase()).or_default().as_word.push(at);
            }
        }
        let is_word =
            |anchor: &&String| anchor.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let shortest_word = by_anchor.keys().filter(is_word).map(String::len).min().unwrap_or(usize::MAX);
        let rules_count = rules.len();
        let (words, rules): (Vec<String>, Vec<Hanging>) = by_anchor.into_iter().unzip();
        let quick = automaton(AhoCorasickKind::ContiguousNFA, &words);
        Self { quick, fast: OnceLock::new(), words, rules, rules_count, shortest_word }
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

    /// Where each rule has an anchor in the text.
    pub(crate) fn places_in(&self, text: &str) -> Places {
        let mut places = Places::in_text(text.as_bytes(), self.rules_count);
        for found in self.automaton().find_overlapping_iter(text) {
            let hanging = &self.rules[found.pattern().as_usize()];
            let range = found.range();
            hanging.anywhere.iter().for_each(|rule| places.mark(*rule, &range));
            if !hanging.as_word.is_empty() && is_whole(text.as_bytes(), range.clone()) {
                hanging.as_word.iter().for_each(|rule| places.mark(*rule, &range));
            }
        }
        places
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        self.quick.memory_usage()
            + self.fast.get().map_or(0, AhoCorasick::memory_usage)
            + self.rules.iter().map(Hanging::memory).sum::<usize>()
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
                assert_eq!(quick.places_in(text), fast.places_in(text), "{text:?}");
            }
        }
    }
}
