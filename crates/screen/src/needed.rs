//! Bytes that every text has which a pattern matches.
//!
//! They follow from the pattern's syntax alone and err on the safe side: a text that lacks one of the sets named here
//! cannot match.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::set::Set;

/// Bytes of a literal that are looked at.
const LITERAL_BYTES_MAX: usize = 64;
/// Sets that are kept for one pattern.
const SETS_MAX: usize = 6;

/// Of each of these sets, every text that matches has at least one byte: the narrowest, rare bytes first.
pub(crate) fn sets(hir: &Hir) -> Vec<Set> {
    let mut sets = needed_sets(hir);
    sets.sort_by_key(rank);
    sets.dedup();
    sets.truncate(SETS_MAX);
    sets
}

/// The bytes that a class stands for.
pub(crate) fn set_of(class: &Class) -> Set {
    match class {
        Class::Bytes(class) => {
            class.iter().fold(Set::NONE, |set, range| set.with(&Set::range(range.start(), range.end())))
        }
        // `(?:<|>)` is made one of these, whatever the flags; beyond ASCII it would take several bytes.
        Class::Unicode(class) => class.iter().fold(Set::NONE, |set, range| {
            match (u8::try_from(range.start()), u8::try_from(range.end())) {
                (Ok(from), Ok(to)) if to.is_ascii() => set.with(&Set::range(from, to)),
                _ => Set::ALL,
            }
        }),
    }
}

fn needed_sets(hir: &Hir) -> Vec<Set> {
    match hir.kind() {
        HirKind::Literal(literal) => {
            literal.0.iter().take(LITERAL_BYTES_MAX).map(|byte| Set::of(*byte)).collect()
        }
        HirKind::Class(class) => vec![set_of(class)],
        HirKind::Repetition(repeated) if repeated.min > 0 => needed_sets(&repeated.sub),
        HirKind::Repetition(_) | HirKind::Empty | HirKind::Look(_) => Vec::new(),
        HirKind::Capture(capture) => needed_sets(&capture.sub),
        HirKind::Concat(parts) => {
            let mut sets: Vec<Set> = parts.iter().flat_map(needed_sets).collect();
            sets.sort_by_key(Set::count);
            sets.dedup();
            sets.truncate(SETS_MAX * 2);
            sets
        }
        HirKind::Alternation(parts) => {
            // Each branch gives the narrowest of its sets; together they are one.
            let narrow = parts.iter().map(|part| needed_sets(part).into_iter().min_by_key(rank));
            narrow.reduce(|all, one| Some(all?.with(&one?))).flatten().into_iter().collect()
        }
    }
}

/// Sets without prose first: only such leave an ordinary text alone.
fn rank(set: &Set) -> (u32, u32) {
    ((0..=255).filter(|byte| set.has(*byte) && is_prose(*byte)).map(|_| 1).sum(), set.count())
}

/// Bytes that nearly all texts are made of.
const fn is_prose(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || byte >= 0x80
        || matches!(byte, b' ' | b'.' | b',' | b':' | b'!' | b'?' | b'\'' | b'-')
}

/// All of them.
pub(super) static PROSE: Set = prose();

const fn prose() -> Set {
    let mut set = Set::NONE;
    let mut byte = 0_u8;
    loop {
        if is_prose(byte) {
            set.add(byte);
        }
        if byte == u8::MAX {
            return set;
        }
        byte += 1;
    }
}
