//! Asks a text all questions at once, and most of them not at all.
//!
//! The rules' chains of transformations form a tree, so that a step shared by many rules is taken once; a step that
//! changes nothing gives the same text, and equal texts are one. Each distinct text is searched once for the words of
//! all rules. A pattern is run only where the text has a byte of each set that the pattern needs and one of the words
//! it cannot match without. A text of letters, digits and ordinary signs goes the same way with the few rules that
//! such a text can match at all.

use super::compile::{Compiled, Question};
use super::transform::Transform;
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::needed::PROSE;
use crate::set::Set;

/// Bytes of a word that are looked for before its rule is asked.
const PIECE_BYTES: usize = 5;

/// Pieces up to which the automaton is built whole; CRS 4 has some 1,300, and a whole one takes 1.5 KB for each.
const PIECES_WHOLE_MAX: usize = 20_000;

/// A place in the tree of transformations: the root is the text as it came.
#[derive(Debug)]
struct Node {
    parent: u16,
    step: Transform,
    triggers: Set,
    tests: Vec<Test>,
}

/// One rule at one node.
#[derive(Debug)]
struct Test {
    rule: u16,
    /// Its bit in the words found; none if the rule has no words.
    bit: Option<u16>,
    /// Whether a text of prose alone may match.
    of_prose: bool,
    /// Whether the rule is asked of the text before this step, too.
    asked_before: bool,
}

/// The tree, and the words of all rules.
#[derive(Debug)]
pub(super) struct Engine {
    /// The root first, every node after its parent.
    nodes: Vec<Node>,
    words: Option<AhoCorasick>,
    /// For each word the bits of the rules that wait for it.
    bits: Vec<Box<[u16]>>,
    bits_total: usize,
}

/// A text after some steps.
struct Shape<'t> {
    text: Cow<'t, [u8]>,
    present: Set,
    /// The shape in which its words are looked for: its own, or that from which only the case differs.
    scanned_as: usize,
}

/// How the search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All was asked that could have matched.
    Complete,
    /// The caller had enough.
    Stopped,
}

impl Engine {
    pub(super) fn new(rules: &[Compiled]) -> Self {
        let mut nodes =
            vec![Node { parent: 0, step: Transform::Lowercase, triggers: Set::NONE, tests: Vec::new() }];
        let mut words: BTreeMap<&[u8], BTreeSet<u16>> = BTreeMap::new();
        let mut bits_total = 0_u16;
        for (index, rule) in rules.iter().enumerate() {
            let index = u16::try_from(index).expect("fewer than 65,536 rules are taken");
            let need = &rule.question.need;
            let bit = need.words.as_ref().map(|list| {
                for word in list {
                    words.entry(piece(word)).or_default().insert(bits_total);
                }
                bits_total += 1;
                bits_total - 1
            });
            let of_prose = need.sets.iter().all(|set| set.shares(&PROSE));
            for (at, node) in path(&mut nodes, rule).into_iter().enumerate() {
                nodes[node].tests.push(Test { rule: index, bit, of_prose, asked_before: at > 0 });
            }
        }
        nodes.iter_mut().for_each(|node| node.tests.sort_by_key(|test| !test.of_prose));
        let (list, bits): (Vec<&[u8]>, Vec<Box<[u16]>>) =
            words.into_iter().map(|(word, bits)| (word, bits.into_iter().collect())).unzip();
        Self { nodes, words: search(&list), bits, bits_total: usize::from(bits_total) }
    }

    /// Tells `found` every rule that the text matches, until it answers false. `asked` is told before each pattern is
    /// run: none leaves the rule aside, false ends the search.
    pub(super) fn find(
        &self,
        rules: &[Compiled],
        text: &[u8],
        mut asked: impl FnMut(u16) -> Option<bool>,
        mut found: impl FnMut(u16) -> bool,
    ) -> End {
        let shapes = self.shapes(text);
        let mut seen: Vec<(usize, Box<[u64]>)> = Vec::new();
        for (node, at) in self.nodes.iter().zip(&shapes.of_node) {
            let shape = &shapes.distinct[usize::from(*at)];
            let only_prose = shape.present.is_within(&PROSE);
            for test in &node.tests {
                if only_prose && !test.of_prose {
                    break;
                }
                // A step of `multiMatch` that changed nothing was asked before it.
                if test.asked_before && *at == shapes.of_node[usize::from(node.parent)] {
                    continue;
                }
                let question = &rules[usize::from(test.rule)].question;
                if !question.need.sets.iter().all(|set| set.shares(&shape.present)) {
                    continue;
                }
                let hit = test.bit.is_none_or(|bit| {
                    let bits = self.found_words(&mut seen, &shapes.distinct, shape.scanned_as);
                    bits[usize::from(bit) / 64] & (1 << (bit % 64)) != 0
                });
                if !hit {
                    continue;
                }
                match asked(test.rule) {
                    None => continue,
                    Some(false) => return End::Stopped,
                    Some(true) => {}
                }
                if answers(question, &shape.text, &rules[usize::from(test.rule)], text) && !found(test.rule) {
                    return End::Stopped;
                }
            }
        }
        End::Complete
    }

    /// The text after each node's steps.
    fn shapes<'t>(&self, text: &'t [u8]) -> Shapes<'t> {
        let first = Shape { text: Cow::Borrowed(text), present: Set::bytes(text), scanned_as: 0 };
        let mut shapes = Shapes { distinct: vec![first], of_node: Vec::with_capacity(self.nodes.len()) };
        shapes.of_node.push(0);
        for node in &self.nodes[1..] {
            let parent = shapes.of_node[usize::from(node.parent)];
            let at = shapes.step(node, parent);
            shapes.of_node.push(at);
        }
        shapes
    }

    fn found_words<'s>(
        &self,
        seen: &'s mut Vec<(usize, Box<[u64]>)>,
        shapes: &[Shape<'_>],
        at: usize,
    ) -> &'s [u64] {
        let place = match seen.iter().position(|(shape, _)| *shape == at) {
            Some(place) => place,
            None => {
                let mut bits = vec![0_u64; self.bits_total.div_ceil(64)].into_boxed_slice();
                for found in
                    self.words.iter().flat_map(|words| words.find_overlapping_iter(shapes[at].text.as_ref()))
                {
                    for bit in &self.bits[found.pattern().as_usize()] {
                        bits[usize::from(*bit) / 64] |= 1 << (bit % 64);
                    }
                }
                seen.push((at, bits));
                seen.len() - 1
            }
        };
        &seen[place].1
    }
}

struct Shapes<'t> {
    distinct: Vec<Shape<'t>>,
    of_node: Vec<u16>,
}

impl Shapes<'_> {
    /// The shape after one more step: the same when the step changes nothing.
    fn step(&mut self, node: &Node, parent: u16) -> u16 {
        let before = &self.distinct[usize::from(parent)];
        // What changes every text changes the empty one too: its length is "0".
        let unchanged = || !node.triggers.shares(&before.present) || !node.step.may_change(&before.text);
        if node.triggers != Set::ALL && unchanged() {
            return parent;
        }
        let text = node.step.apply(&before.text).into_owned();
        if let Some(equal) = self.distinct.iter().position(|shape| *shape.text == *text) {
            return u16::try_from(equal).expect("no more shapes than nodes");
        }
        let at = self.distinct.len();
        let scanned_as = if node.step == Transform::Lowercase { before.scanned_as } else { at };
        let present = Set::bytes(&text);
        self.distinct.push(Shape { text: Cow::Owned(text), present, scanned_as });
        u16::try_from(at).expect("no more shapes than nodes")
    }
}

/// Whether the whole rule matches: its question, and those of its chain.
fn answers(question: &Question, shape: &[u8], rule: &Compiled, text: &[u8]) -> bool {
    question.ask.is_match(shape) != question.negated && links_match(rule, shape, text)
}

/// Whether the later members of the chain agree.
fn links_match(rule: &Compiled, shape: &[u8], text: &[u8]) -> bool {
    let mut matched = Cow::Borrowed(shape);
    rule.links.iter().all(|link| {
        let start = if link.of_text { Cow::Borrowed(text) } else { matched.clone() };
        let now = run(&link.chain, start);
        let agrees = link.question.ask.is_match(&now) != link.question.negated;
        matched = Cow::Owned(now.into_owned());
        agrees
    })
}

/// The text after all steps.
fn run<'t>(chain: &[Transform], text: Cow<'t, [u8]>) -> Cow<'t, [u8]> {
    chain.iter().fold(text, |text, step| Cow::Owned(step.apply(&text).into_owned()))
}

/// The answer without any short cut, to hold the engine against.
pub(super) fn matches_plainly(rule: &Compiled, text: &[u8]) -> bool {
    let least = if rule.multi_match { 0 } else { rule.chain.len() };
    (least..=rule.chain.len()).any(|steps| {
        let shape = run(&rule.chain[..steps], Cow::Borrowed(text));
        rule.question.ask.is_match(&shape) != rule.question.negated && links_match(rule, &shape, text)
    })
}

/// The nodes at which a rule is asked: the end of its chain, and for `multiMatch` every step on the way.
fn path(nodes: &mut Vec<Node>, rule: &Compiled) -> Vec<usize> {
    let mut at = 0;
    let mut all = vec![0];
    for step in &rule.chain {
        let known =
            nodes.iter().skip(1).position(|node| usize::from(node.parent) == at && node.step == *step);
        at = match known {
            Some(place) => place + 1,
            None => {
                let parent = u16::try_from(at).expect("the reader takes 4,000 steps at most");
                nodes.push(Node { parent, step: *step, triggers: step.triggers(), tests: Vec::new() });
                nodes.len() - 1
            }
        };
        all.push(at);
    }
    if rule.multi_match { all } else { vec![at] }
}

/// The part of a word that is looked for. All words whole would be an automaton of many megabytes.
fn piece(word: &[u8]) -> &[u8] {
    let signs = |part: &&[u8]| part.iter().filter(|byte| !byte.is_ascii_alphanumeric()).count();
    word.windows(PIECE_BYTES.min(word.len())).max_by_key(signs).unwrap_or(word)
}

fn search(words: &[&[u8]]) -> Option<AhoCorasick> {
    // Built whole, so that every byte costs the same, unless that would take more memory than a server has to spare.
    let whole = (words.len() <= PIECES_WHOLE_MAX).then_some(AhoCorasickKind::DFA);
    let mut builder = AhoCorasick::builder();
    builder.ascii_case_insensitive(true).match_kind(MatchKind::Standard).kind(whole);
    (!words.is_empty())
        .then(|| builder.build(words).expect("pieces of five bytes are within the automaton's size"))
}

#[cfg(test)]
mod tests;
