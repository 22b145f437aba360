//! Where in a text each rule has its anchors, to a block of 32 bytes.
//!
//! What a rule matches lies near one of its anchors, so it reads the stretches around them and not the whole text: a
//! long text with a little of everything would otherwise be read once for every rule. Marks in blocks are kept instead
//! of places, so that a text of nothing but anchors takes no more room than another of its length.

use std::ops::Range;

use crate::anchors::RuleSet;
use crate::set::Set;

/// Bytes of a block.
const BLOCK: usize = 32;
/// Blocks in a word of marks.
const BITS: usize = u64::BITS as usize;

/// Some ASCII characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Signs(u128);

impl Signs {
    pub(crate) fn of(text: &[u8]) -> Self {
        Self(text.iter().fold(0, |signs, byte| signs | SIGN_OF[usize::from(*byte)]))
    }

    /// The characters of a set; none if bytes beyond ASCII are in it.
    pub(crate) fn of_set(set: &Set) -> Option<Self> {
        let bytes = (0..=u8::MAX).filter(|byte| set.has(*byte));
        bytes.map(|byte| byte.is_ascii().then(|| SIGN_OF[usize::from(byte)])).sum::<Option<u128>>().map(Self)
    }

    pub(crate) const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    const fn are_none(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn meet(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }
}

/// The bit of each byte; none for those beyond ASCII.
static SIGN_OF: [u128; 256] = {
    let mut bits = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        bits[byte] = 1 << byte;
        byte += 1;
    }
    bits
};

/// What a rule asks for before its patterns are tried.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Asking {
    /// Its place among the rules.
    pub(crate) rule: usize,
    /// How far from an anchor a match may begin or end.
    pub(crate) reach: usize,
    /// Its anchors that are a single sign.
    pub(crate) anchors: Signs,
    /// Signs without one of which no pattern can match; none if there are no such.
    pub(crate) signs: Signs,
}

/// The marks of one text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Places {
    length: usize,
    rules: usize,
    /// The rules that have a mark.
    marked: RuleSet,
    /// For each rule, a bit for each block in which an anchor of it begins or ends. Empty until there is one.
    marks: Vec<u64>,
    words_per_rule: usize,
    /// The signs of each block, and those of all.
    signs: Vec<Signs>,
    all_signs: Signs,
}

impl Places {
    pub(crate) fn in_text(text: &[u8], rules: usize) -> Self {
        let signs: Vec<Signs> = text.chunks(BLOCK).map(Signs::of).collect();
        Self {
            length: text.len(),
            rules,
            marked: RuleSet::default(),
            marks: Vec::new(),
            words_per_rule: text.len() / (BLOCK * BITS) + 1,
            all_signs: Signs(signs.iter().fold(0, |all, signs| all | signs.0)),
            signs,
        }
    }

    /// An anchor of this rule stands at `found`.
    pub(crate) fn mark(&mut self, rule: usize, found: &Range<usize>) {
        if self.marks.is_empty() {
            self.marks = vec![0; self.rules * self.words_per_rule];
        }
        self.marked.insert(rule);
        for at in [found.start, found.end.saturating_sub(1)] {
            let block = at / BLOCK;
            self.marks[rule * self.words_per_rule + block / BITS] |= 1 << (block % BITS);
        }
    }

    /// The rules that have an anchor here of more than one sign.
    pub(crate) const fn marked(&self) -> RuleSet {
        self.marked
    }

    /// Whether the text has one of these signs.
    pub(crate) const fn have(&self, signs: Signs) -> bool {
        self.all_signs.meet(signs)
    }

    /// The signs of the whole text.
    pub(crate) const fn signs(&self) -> Signs {
        self.all_signs
    }

    /// The signs of this stretch, and of no more than a block around it.
    pub(crate) fn signs_of(&self, stretch: &Range<usize>) -> Signs {
        self.signs_in(stretch).iter().fold(Signs::default(), |all, signs| all.and(*signs))
    }

    /// Whether the text has what the rule cannot match without.
    pub(crate) fn concern(&self, asking: &Asking) -> bool {
        (asking.signs.are_none() || self.have(asking.signs))
            && (self.have(asking.anchors) || self.marked.has(asking.rule))
    }

    /// What this rule is to read: the stretches that are within its reach of an anchor and have one of the signs that it
    /// needs, in their order. No two of them touch.
    pub(crate) fn stretches(&self, asking: Asking) -> impl Iterator<Item = Range<usize>> {
        let Asking { rule, reach, anchors, signs } = asking;
        let mut blocks = self.blocks_of(rule, anchors).peekable();
        std::iter::from_fn(move || {
            let first = blocks.next()?;
            let mut last = first;
            while let Some(next) = blocks.next_if(|next| next * BLOCK <= (last + 1) * BLOCK + 2 * reach) {
                last = next;
            }
            Some(first * BLOCK..(last + 1) * BLOCK)
        })
        .map(move |marked| marked.start.saturating_sub(reach)..(marked.end + reach).min(self.length))
        .filter(move |stretch| {
            signs.are_none() || self.signs_in(stretch).iter().any(|found| found.meet(signs))
        })
    }

    fn blocks_of(&self, rule: usize, anchors: Signs) -> impl Iterator<Item = usize> {
        let marks = self.marks_of(rule);
        let is_marked =
            |block: usize| marks.get(block / BITS).is_some_and(|bits| bits >> (block % BITS) & 1 == 1);
        self.signs
            .iter()
            .enumerate()
            .filter(move |(block, signs)| signs.meet(anchors) || is_marked(*block))
            .map(|(block, _)| block)
    }

    fn marks_of(&self, rule: usize) -> &[u64] {
        let from = (rule * self.words_per_rule).min(self.marks.len());
        &self.marks[from..(from + self.words_per_rule).min(self.marks.len())]
    }

    fn signs_in(&self, stretch: &Range<usize>) -> &[Signs] {
        &self.signs[stretch.start / BLOCK..stretch.end.div_ceil(BLOCK)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretches(length: usize, anchors: &[usize], reach: usize) -> Vec<(usize, usize)> {
        let text = vec![b'a'; length];
        let mut places = Places::in_text(&text, 4);
        anchors.iter().for_each(|at| places.mark(3, &(*at..at + 1)));
        read(&places, Asking { rule: 3, reach, ..Asking::default() })
    }

    fn read(places: &Places, asking: Asking) -> Vec<(usize, usize)> {
        places.stretches(asking).map(|stretch| (stretch.start, stretch.end)).collect()
    }

    #[test]
    fn a_rule_reads_what_is_in_its_reach() {
        assert!(stretches(5000, &[], 96).is_empty());
        assert_eq!(stretches(50, &[10], 96), [(0, 50)]);
        assert_eq!(stretches(5000, &[1000], 96), [(896, 1120)]);
        assert_eq!(stretches(5000, &[1000, 1200, 4999], 96), [(896, 1312), (4896, 5000)]);
        assert_eq!(stretches(5000, &[1000, 4000], usize::MAX / 4), [(0, 5000)]);
    }

    #[test]
    fn stretches_hold_their_anchors_and_do_not_touch() {
        for gap in 1..400 {
            let anchors: Vec<usize> = (0..20).map(|nth| nth * gap).collect();
            let found = stretches(8192, &anchors, 48);
            assert!(found.windows(2).all(|pair| pair[0].1 < pair[1].0), "{gap}: {found:?}");
            for at in anchors {
                let held = found.iter().any(|(start, end)| start + 48 <= at.max(48) && at < *end);
                assert!(held, "{gap}: {at} in {found:?}");
            }
        }
    }

    #[test]
    fn a_sign_may_be_an_anchor() {
        let text = format!("{};{}", "a".repeat(200), "b".repeat(200));
        let places = Places::in_text(text.as_bytes(), 4);
        let asking = Asking { reach: 32, anchors: Signs::of(b";|"), ..Asking::default() };
        assert!(places.concern(&asking));
        assert_eq!(read(&places, asking), [(160, 256)]);
    }

    #[test]
    fn a_stretch_without_a_needed_sign_is_not_read() {
        let text = format!("{}={}", "or ".repeat(100), "or ".repeat(100));
        let mut places = Places::in_text(text.as_bytes(), 4);
        places.mark(0, &(0..2));
        places.mark(0, &(290..292));
        let asking = Asking { reach: 32, signs: Signs::of(b"=<"), ..Asking::default() };
        assert_eq!(read(&places, asking), [(256, 352)]);
        assert!(places.concern(&asking));
        assert!(!places.concern(&Asking { rule: 1, ..asking }));
        assert!(!places.concern(&Asking { signs: Signs::of(b";"), ..asking }));
    }
}
