//! Finding card numbers among the numbers of a text.

use super::groups::{Gap, Groups, is_invisible};
use super::words::Words;
use super::{DIGITS_MAX, DIGITS_MIN, Issuer};

/// The most digits that a telephone number has which begins like a card's; those that begin with 34 and 37 are shorter.
const PHONE_MAX: usize = 14;

/// The issuer of the first card number in the text.
///
/// Every group of digits is tried as a beginning. What is read from there ends after a card's digits, so each
/// character is read a bounded number of times, however long the text and whatever stands before the number.
pub(super) fn find(text: &str) -> Option<Issuer> {
    if !may_hold_number(text) {
        return None;
    }
    let mut gap = Gap::Far;
    let mut previous = None;
    for (at, character) in text.char_indices() {
        if digit(character).is_none() {
            if !is_invisible(character) {
                gap = gap.and(character);
            }
            continue;
        }
        if gap != Gap::None {
            // Groups of fewer than four digits make a number only where none is before them.
            if gap.is_usual() && !begins_with_four(&text[at..]) {
                (gap, previous) = (Gap::None, None);
                continue;
            }
            let groups = Groups::at(&text[at..], gap, previous.filter(|_| gap != Gap::Far));
            if let Some(issuer) = issuer(text, at, &groups) {
                return Some(issuer);
            }
            previous = groups.four(0);
        }
        gap = Gap::None;
    }
    None
}

fn begins_with_four(text: &str) -> bool {
    text.chars()
        .filter(|character| !is_invisible(*character))
        .take(4)
        .all(|character| digit(character).is_some())
}

/// The issuer, if some of the groups from the first on are a card number.
fn issuer(text: &str, at: usize, groups: &Groups) -> Option<Issuer> {
    (0..groups.count())
        .map(|last| (last, groups.digits_to(last)))
        .skip_while(|(_, digits)| digits.len() < DIGITS_MIN)
        .take_while(|(_, digits)| digits.len() <= DIGITS_MAX)
        .filter(|(last, digits)| groups.are_as_people_write(*last) && luhn(digits))
        .find_map(|(last, digits)| {
            judge(digits, groups, last, &Words::around(text, at, groups.length_to(last)))
        })
}

/// What a number that could be a card's is by what is said around it.
fn judge(digits: &[u8], groups: &Groups, last: usize, words: &Words) -> Option<Issuer> {
    let is_phone = words.plus && digits.len() <= PHONE_MAX;
    let is_listed = !words.card && (words.frequent_flyer || groups.are_a_list(last));
    if is_phone || is_listed {
        return None;
    }
    // Tickets and telephone numbers have thirteen digits, and no card has been issued with so few for decades.
    let said_card = if digits.len() == DIGITS_MIN { words.card && !words.other } else { words.card };
    Issuer::of(digits, said_card)
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
