//! Finding card numbers among the numbers of a text.

use super::Issuer;
use crate::boundary;

/// Most digits of a card number; a run of more, ungrouped, is something else.
const DIGITS_MAX: usize = 19;
/// Fewest digits of a card number.
const DIGITS_MIN: usize = 13;
/// How many groups of one run are kept. What is written in longer runs is a table.
const GROUPS_MAX: usize = 40;
/// How far before a number a word may stand that says what it is, in bytes.
const WORD_REACH: usize = 24;

/// The issuer of the first card number in the text.
pub(super) fn find(text: &str) -> Option<Issuer> {
    if !may_hold_number(text) {
        return None;
    }
    let mut rest = text.char_indices().peekable();
    while let Some((at, character)) = rest.next() {
        if digit(character).is_none() {
            continue;
        }
        let mut run = Run::begin(character);
        let mut gap = 0;
        while let Some((_, character)) = rest.peek().copied() {
            match digit(character) {
                Some(digit) => {
                    run.push(digit, gap > 0);
                    gap = 0;
                }
                None if is_invisible(character) => {}
                None if gap < 3 && is_separator(character) => gap += 1,
                None => break,
            }
            rest.next();
        }
        if let Some(issuer) = run.issuer(&text[..at]) {
            return Some(issuer);
        }
    }
    None
}

/// Whether there are enough digits for a number. Digits beyond ASCII are rare, so a text with any is read.
fn may_hold_number(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= DIGITS_MIN
        || (!text.is_ascii() && text.chars().filter(|c| digit(*c).is_some()).count() >= DIGITS_MIN)
}

/// The digits of the scripts in which numbers are written.
pub(super) fn digit(character: char) -> Option<u8> {
    let code = u32::from(character);
    let zero = match character {
        '0'..='9' => 0x30,
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6f0}'..='\u{6f9}' => 0x6f0,
        '\u{966}'..='\u{96f}' => 0x966,
        '\u{9e6}'..='\u{9ef}' => 0x9e6,
        '\u{e50}'..='\u{e59}' => 0xe50,
        '\u{ff10}'..='\u{ff19}' => 0xff10,
        '\u{1d7ce}'..='\u{1d7ff}' => return u8::try_from((code - 0x1d7ce) % 10).ok(),
        _ => return None,
    };
    u8::try_from(code - zero).ok()
}

fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '.' | '_' | '/' | '\u{2010}'..='\u{2015}' | '\u{ff0d}' | '\u{30fb}' | '\u{b7}'
        )
}

const fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}

/// Digits with nothing but separators between them.
struct Run {
    digits: [u8; GROUPS_MAX * 4],
    /// Where each group ends.
    ends: [usize; GROUPS_MAX],
    groups: usize,
    length: usize,
}

impl Run {
    fn begin(character: char) -> Self {
        let mut run = Self { digits: [0; GROUPS_MAX * 4], ends: [0; GROUPS_MAX], groups: 1, length: 0 };
        run.push(digit(character).unwrap_or(0), false);
        run
    }

    /// Adds a digit, to a new group if a separator came before it. What does not fit is dropped: it begins a run that
    /// is no number anyway.
    fn push(&mut self, digit: u8, new_group: bool) {
        if self.length == self.digits.len() || (new_group && self.groups == GROUPS_MAX) {
            return;
        }
        self.groups += usize::from(new_group);
        self.digits[self.length] = digit;
        self.length += 1;
        self.ends[self.groups - 1] = self.length;
    }

    fn start_of(&self, group: usize) -> usize {
        group.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    /// The issuer of the first groups that together are a card number; `before` is the text before the run.
    fn issuer(&self, before: &str) -> Option<Issuer> {
        if self.length < DIGITS_MIN {
            return None;
        }
        let words = Words::before(before);
        (0..self.groups).find_map(|first| {
            let start = self.start_of(first);
            (first..self.groups)
                .take_while(|last| self.ends[*last] - start <= DIGITS_MAX)
                .filter(|last| self.ends[*last] - start >= DIGITS_MIN)
                .find_map(|last| self.candidate(first, last, &words))
        })
    }

    /// The issuer, if the groups from `first` to `last` are a card number.
    fn candidate(&self, first: usize, last: usize, words: &Words) -> Option<Issuer> {
        let digits = &self.digits[self.start_of(first)..self.ends[last]];
        let whole = first == 0 && last + 1 == self.groups;
        if (words.ticket && !words.card)
            || !(self.is_grouped(first, last) || whole && self.is_even(first, last))
        {
            return None;
        }
        // A ticket is written 125-4012345678; a run of one group of thirteen has no such mark.
        Issuer::of(digits, words.card).filter(|_| luhn(digits))
    }

    fn size(&self, group: usize) -> usize {
        self.ends[group] - self.start_of(group)
    }

    /// Whether the groups are as cards print them: all digits together, fours, or 4-6-5 and 4-6-4.
    fn is_grouped(&self, first: usize, last: usize) -> bool {
        if first == last {
            return true;
        }
        let fours = (first..last).all(|group| self.size(group) == 4) && self.size(last) <= 4;
        let sixes =
            last - first == 2 && self.size(first) == 4 && self.size(first + 1) == 6 && self.size(last) <= 5;
        fours || sixes
    }

    /// Whether all groups but the last are of one size: somebody's own way to write a number.
    fn is_even(&self, first: usize, last: usize) -> bool {
        let size = self.size(first);
        (first..last).all(|group| self.size(group) == size) && self.size(last) <= size
    }
}

/// What the text before a number says that it is.
struct Words {
    card: bool,
    ticket: bool,
}

impl Words {
    fn before(text: &str) -> Self {
        let near = &text[boundary::ceil(text, text.len().saturating_sub(WORD_REACH))..];
        let says = |words: &[&str]| words.iter().any(|word| contains_ignoring_case(near, word));
        Self {
            card: says(&[
                "card", "visa", "amex", "maestro", "carte", "karte", "tarjeta", "carta", "cartão", "kart",
            ]),
            ticket: says(&[
                "tkt", "ticket", "tkne", "tkna", "billet", "emd", "fqtv", "frequent", "miles", "+",
            ]),
        }
    }
}

fn contains_ignoring_case(text: &str, word: &str) -> bool {
    text.as_bytes().windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes()))
}

/// The check of ISO/IEC 7812: every second digit from the right doubled, the sum of all digits a multiple of ten.
fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(nth, digit)| {
            let value = if nth % 2 == 1 { digit * 2 } else { *digit };
            u32::from(if value > 9 { value - 9 } else { value })
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|digit| *digit != 0)
}
