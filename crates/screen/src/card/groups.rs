//! Digits in groups: how people write long numbers, and lists of short ones.

use super::DIGITS_MAX;
use super::number::digit;

/// How many digits are read: a card's, and enough to see what group comes next.
const READ_MAX: usize = DIGITS_MAX + 5;
/// How many signs may stand between two groups of one number.
const SIGNS_MAX: u8 = 4;
/// How many of them between groups of any size.
const USUAL_MAX: u8 = 3;
/// The most groups of a number that is not in fours.
const GROUPS_MAX: usize = 5;
/// The fewest digits of a group, but for the last and for numbers that are all in smaller ones.
const SIZE_MIN: usize = 4;

/// What stands between two digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing that can be seen.
    None,
    /// Signs: how many, whether all are such as people part a number with, whether one is such as parts a list.
    Signs { count: u8, usual: bool, listing: bool },
    /// A letter, or much else.
    Far,
}

impl Gap {
    /// The gap with one more character, which is no digit.
    pub(super) fn and(self, character: char) -> Self {
        let (count, usual, listing) = match self {
            Self::None => (0, true, false),
            Self::Signs { count, usual, listing } => (count, usual, listing),
            Self::Far => return Self::Far,
        };
        if count == SIGNS_MAX || character.is_alphanumeric() {
            return Self::Far;
        }
        Self::Signs {
            count: count + 1,
            usual: usual && is_usual(character),
            listing: listing || matches!(character, ',' | ';' | '/' | '&' | '|' | '\n'),
        }
    }

    /// Whether it is such as people part any number with.
    pub(super) const fn is_usual(self) -> bool {
        matches!(self, Self::Signs { count: ..=USUAL_MAX, usual: true, .. })
    }

    const fn is_listing(self) -> bool {
        matches!(self, Self::Signs { listing: true, .. })
    }
}

fn is_usual(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '.' | '_' | '/' | '\u{2010}'..='\u{2015}' | '\u{ff0d}' | '\u{30fb}' | '\u{b7}'
        )
}

/// Characters that show nothing of themselves, also those that make a digit a key's picture or turn the direction.
pub(super) const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{20e3}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

/// Some groups of digits with nothing but signs between them, from one group on.
pub(super) struct Groups {
    digits: [u8; READ_MAX],
    /// Where in `digits` each group ends, and where in the text.
    ends: [(usize, usize); READ_MAX],
    /// What stands before each group, and at last behind all.
    gaps: [Gap; READ_MAX + 1],
    count: usize,
    /// The value of the group before the first, if it has four digits.
    previous: Option<u16>,
}

impl Groups {
    /// The groups at the beginning of `rest`, which is a digit.
    pub(super) fn at(rest: &str, before: Gap, previous: Option<u16>) -> Self {
        let mut groups = Self {
            digits: [0; READ_MAX],
            ends: [(0, 0); READ_MAX],
            gaps: [Gap::Far; READ_MAX + 1],
            count: 1,
            previous,
        };
        groups.gaps[0] = before;
        let (mut gap, mut length) = (Gap::None, 0);
        for (at, character) in rest.char_indices() {
            match digit(character) {
                Some(_) if length == READ_MAX => break,
                Some(digit) => {
                    if gap != Gap::None {
                        groups.gaps[groups.count] = gap;
                        groups.count += 1;
                    }
                    gap = Gap::None;
                    groups.digits[length] = digit;
                    length += 1;
                    groups.ends[groups.count - 1] = (length, at + character.len_utf8());
                }
                None if is_invisible(character) => {}
                None => gap = gap.and(character),
            }
            if gap == Gap::Far {
                break;
            }
        }
        groups
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// The digits of the groups up to this one.
    pub(super) fn digits_to(&self, last: usize) -> &[u8] {
        &self.digits[..self.ends[last].0]
    }

    /// How much of the text the groups up to this one are, in bytes.
    pub(super) const fn length_to(&self, last: usize) -> usize {
        self.ends[last].1
    }

    fn group(&self, nth: usize) -> &[u8] {
        let start = nth.checked_sub(1).map_or(0, |before| self.ends[before].0);
        &self.digits[start..self.ends[nth].0]
    }

    fn size(&self, nth: usize) -> usize {
        self.group(nth).len()
    }

    /// The value of a group of four digits.
    pub(super) fn four(&self, nth: usize) -> Option<u16> {
        let group = (nth < self.count).then(|| self.group(nth)).filter(|group| group.len() == 4)?;
        Some(group.iter().fold(0, |sum, digit| sum * 10 + u16::from(*digit)))
    }

    /// Whether the groups up to this one are such as people divide a card's number into.
    pub(super) fn are_as_people_write(&self, last: usize) -> bool {
        self.are_few_and_large(last) || self.are_even_and_alone(last)
    }

    /// All digits in one group, or few groups of four and more. The last may be smaller, but not of two: the number
    /// of a ticket goes on so (`1254012345678-79`).
    fn are_few_and_large(&self, last: usize) -> bool {
        last < GROUPS_MAX
            && (0..last).all(|nth| self.size(nth) >= SIZE_MIN)
            && (last != 1 || self.size(last) >= SIZE_MIN)
    }

    /// All groups but the last of one size, and no further ones beside: somebody's own way to write a number.
    fn are_even_and_alone(&self, last: usize) -> bool {
        let size = self.size(0);
        let alone = !self.gaps[0].is_usual() && !self.gaps[last + 1].is_usual();
        alone
            && last > 1
            && (0..last).all(|nth| self.size(nth) == size)
            && self.size(last) <= size
            && (1..=last).all(|nth| self.gaps[nth].is_usual())
    }

    /// Whether the groups are numbers of their own: rising ones of four digits, as rooms and flights are listed, that
    /// go on beyond a card's number or have commas and the like between; two of eight with a comma between, as
    /// telephone numbers are, or two dates; a date between two numbers, as in references.
    pub(super) fn are_a_list(&self, last: usize) -> bool {
        let listing = (1..=last).any(|nth| self.gaps[nth].is_listing());
        match last {
            1 if self.size(0) == 8 && self.size(1) == 8 => {
                return listing || (is_date(self.group(0)) && is_date(self.group(1)));
            }
            2 => return is_date(self.group(1)),
            _ => {}
        }
        let rises =
            |from: usize| matches!((self.four(from), self.four(from + 1)), (Some(a), Some(b)) if a < b);
        let goes_on = rises(last) || matches!((self.previous, self.four(0)), (Some(a), Some(b)) if a < b);
        last > 2 && (0..last).all(rises) && (listing || goes_on)
    }
}

/// Whether these are eight digits of a day, a month and a year, or of a year, a month and a day.
fn is_date(digits: &[u8]) -> bool {
    let &[a, b, c, d, e, f, g, h] = digits else { return false };
    let are_day = |tens, ones| (1..=31).contains(&(tens * 10 + ones));
    let are_month = |tens, ones| (1..=12).contains(&(tens * 10 + ones));
    let are_century = |tens, ones| (19..=20).contains(&(tens * 10 + ones));
    are_day(a, b) && are_month(c, d) && are_century(e, f)
        || are_century(a, b) && are_month(e, f) && are_day(g, h)
}
