//! What every text must have that a pattern matches: certain bytes, certain words.
//!
//! Both follow from the pattern's syntax alone and err on the safe side: a text that lacks what is named here cannot
//! match, which lets the engine leave most patterns aside without running them. The samples are the other way round,
//! texts that do match; they are there for trying a rule out, and nothing is concluded from their absence.

use regex_syntax::hir::{Hir, HirKind};

use crate::needed::{self, set_of};
use crate::set::Set;

/// More words than this are no gain over running the pattern.
const WORDS_MAX: usize = 1500;
/// Strings that a part of a pattern may stand for before it counts as open.
const STRINGS_MAX: usize = 48;
/// Samples of a pattern that are kept.
const SAMPLES_KEPT: usize = 8;
/// Samples of a pattern that are made.
const SAMPLES_MAX: usize = 400;
/// Longest sample.
const SAMPLE_BYTES_MAX: usize = 200;
/// Longest word that is looked for.
const WORD_BYTES_MAX: usize = 64;

/// What a pattern cannot match without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Need {
    /// Of each set the text has at least one byte.
    pub(super) sets: Vec<Set>,
    /// In small letters: the text has at least one of these, in whatever case. None if no such list is of use.
    pub(super) words: Option<Vec<Vec<u8>>>,
    /// Letters in a row that occur in texts which match: the rule's own words.
    pub(super) own_words: Vec<String>,
    /// Some texts that match, as a rule.
    pub(super) samples: Vec<Vec<u8>>,
}

impl Need {
    pub(super) fn of(hir: &Hir) -> Self {
        let mut samples = samples(hir);
        let own_words = own_words(&samples);
        samples.truncate(SAMPLES_KEPT);
        Self {
            sets: needed::sets(hir),
            words: needed_words(hir).filter(|words| usable(words)),
            own_words,
            samples,
        }
    }
}

/// Too short a word is in every other text.
fn usable(words: &[Vec<u8>]) -> bool {
    words.len() <= WORDS_MAX && words.iter().all(|word| word.len() >= 2)
}

/// The strings, in small letters, that a pattern stands for, if they are few.
fn strings(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(vec![Vec::new()]),
        HirKind::Literal(literal) => {
            (literal.0.len() <= WORD_BYTES_MAX).then(|| vec![literal.0.to_ascii_lowercase()])
        }
        HirKind::Class(class) => {
            let set = set_of(class);
            let lower =
                (0..=255_u8).filter(|byte| set.has(*byte)).map(|byte| vec![byte.to_ascii_lowercase()]);
            let mut all: Vec<Vec<u8>> = lower.collect();
            all.sort();
            all.dedup();
            (all.len() <= 6).then_some(all)
        }
        HirKind::Repetition(repeated) => match (repeated.min, repeated.max) {
            (1, Some(1)) => strings(&repeated.sub),
            (0, Some(1)) => {
                let mut all = strings(&repeated.sub)?;
                all.push(Vec::new());
                Some(all)
            }
            _ => None,
        },
        HirKind::Capture(capture) => strings(&capture.sub),
        HirKind::Concat(parts) => {
            parts.iter().try_fold(vec![Vec::new()], |before, part| joined(&before, &strings(part)?))
        }
        HirKind::Alternation(parts) => {
            let all: Vec<Vec<u8>> = parts.iter().map(strings).collect::<Option<Vec<_>>>()?.concat();
            (all.len() <= STRINGS_MAX).then_some(all)
        }
    }
}

fn joined(before: &[Vec<u8>], after: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    let longest = |texts: &[Vec<u8>]| texts.iter().map(Vec::len).max().unwrap_or(0);
    if before.len() * after.len() > STRINGS_MAX || longest(before) + longest(after) > WORD_BYTES_MAX {
        return None;
    }
    Some(before.iter().flat_map(|one| after.iter().map(|other| [one.as_slice(), other].concat())).collect())
}

/// A list of words one of which is in every text that matches.
fn needed_words(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let exact = strings(hir).filter(|all| all.iter().all(|word| !word.is_empty()));
    let inner = match hir.kind() {
        HirKind::Repetition(repeated) if repeated.min > 0 => needed_words(&repeated.sub),
        HirKind::Capture(capture) => needed_words(&capture.sub),
        HirKind::Concat(parts) => needed_of_concat(parts),
        HirKind::Alternation(parts) => {
            let all = parts.iter().map(needed_words).collect::<Option<Vec<_>>>().map(|all| all.concat());
            all.filter(|words| words.len() <= WORDS_MAX)
        }
        _ => None,
    };
    better(exact, inner)
}

/// The best of the words of each part and of each run of parts that stand for few strings.
fn needed_of_concat(parts: &[Hir]) -> Option<Vec<Vec<u8>>> {
    let mut best = None;
    let mut run: Vec<Vec<u8>> = vec![Vec::new()];
    for part in parts {
        let exact = strings(part);
        match exact.as_ref().and_then(|exact| joined(&run, exact)) {
            Some(longer) => run = longer,
            None => {
                best = better(
                    best,
                    Some(std::mem::replace(&mut run, exact.unwrap_or_else(|| vec![Vec::new()]))),
                );
                best = better(best, needed_words(part));
            }
        }
    }
    better(best, Some(run))
}

/// Longer words are rarer; of equally long ones fewer are better.
fn better(one: Option<Vec<Vec<u8>>>, other: Option<Vec<Vec<u8>>>) -> Option<Vec<Vec<u8>>> {
    let shortest = |words: &[Vec<u8>]| words.iter().map(Vec::len).min().unwrap_or(0);
    let good = |words: &Vec<Vec<u8>>| shortest(words) > 0;
    match (one.filter(good), other.filter(good)) {
        (Some(one), Some(other)) => {
            let rank = |words: &[Vec<u8>]| (shortest(words).min(4), std::cmp::Reverse(words.len()));
            Some(if rank(&one) >= rank(&other) { one } else { other })
        }
        (one, other) => one.or(other),
    }
}

/// The runs of two letters or more, each once.
pub(super) fn own_words(texts: &[Vec<u8>]) -> Vec<String> {
    let runs = texts.iter().flat_map(|text| text.split(|byte| !byte.is_ascii_alphabetic()));
    let mut words: Vec<String> = Vec::new();
    let mut known = std::collections::BTreeSet::new();
    for run in runs.filter(|run| run.len() > 1) {
        let word = String::from_utf8_lossy(run).to_ascii_lowercase();
        if known.insert(word.clone()) {
            words.push(word);
        }
    }
    words
}

/// Strings that match, as few and as near to prose as the pattern allows: each branch once, nothing repeated.
pub(super) fn samples(hir: &Hir) -> Vec<Vec<u8>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => vec![Vec::new()],
        HirKind::Literal(literal) if literal.0.len() > SAMPLE_BYTES_MAX => vec![Vec::new()],
        HirKind::Literal(literal) => vec![literal.0.to_vec()],
        HirKind::Class(class) => {
            let set = set_of(class);
            let likely =
                b" eaotnisrhldcumfgpwybvkxjqz0123456789.,:;-&()='/\"".iter().find(|byte| set.has(**byte));
            let any = || (0..=255).find(|byte| set.has(*byte)).unwrap_or(b' ');
            vec![vec![likely.copied().unwrap_or_else(any)]]
        }
        HirKind::Repetition(repeated) if repeated.min == 0 => vec![Vec::new()],
        HirKind::Repetition(repeated) => samples(&repeated.sub),
        HirKind::Capture(capture) => samples(&capture.sub),
        HirKind::Concat(parts) => {
            parts.iter().fold(vec![Vec::new()], |before, part| zipped(&before, &samples(part)))
        }
        HirKind::Alternation(parts) => {
            let mut all: Vec<Vec<u8>> = parts.iter().flat_map(samples).collect();
            all.truncate(SAMPLES_MAX);
            all
        }
    }
}

/// As many as the longer list has: the other begins anew.
fn zipped(before: &[Vec<u8>], after: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let count = before.len().max(after.len()).min(SAMPLES_MAX);
    let pairs = (0..count).map(|at| (&before[at % before.len()], &after[at % after.len()]));
    // Too long a sample is of no use, and one step of a long pattern must not cost as much as the pattern.
    let short = pairs.filter(|(one, other)| one.len() + other.len() <= SAMPLE_BYTES_MAX);
    let joined: Vec<Vec<u8>> = short.map(|(one, other)| [one.as_slice(), other].concat()).collect();
    if joined.is_empty() { vec![Vec::new()] } else { joined }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_syntax::ParserBuilder;

    fn need(pattern: &str) -> Need {
        let mut parser = ParserBuilder::new().unicode(false).utf8(false).build();
        Need::of(&parser.parse(pattern).unwrap())
    }

    fn words(pattern: &str) -> Option<Vec<String>> {
        let words = need(pattern).words?;
        Some(words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect())
    }

    #[test]
    fn finds_words_that_no_match_can_lack() {
        assert_eq!(words("(?i)\\bunion\\s+select\\b"), Some(vec!["union".to_owned()]));
        assert_eq!(words("a+(?:script|object)x*"), Some(vec!["script".into(), "object".into()]));
        assert_eq!(words("(?:java)?script[0-9]"), Some(vec!["javascript".into(), "script".into()]));
        assert_eq!(words("(?:foo)*[a-z]+"), None);
        assert_eq!(words("foo|[a-z]+"), None);
    }

    #[test]
    fn finds_bytes_that_no_match_can_lack() {
        let sets = need("[a-z]+(?:<|>)[;&]?x").sets;
        assert!(sets.contains(&Set::bytes(b"<>")) && sets.contains(&Set::of(b'x')));
        assert!(!sets.iter().any(|set| set.has(b';')));
        assert_eq!(need("a*|b").sets, []);
    }
}
