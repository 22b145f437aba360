//! Card numbers and security codes: what no text of a booking may hold.
//!
//! A number is one if its digits pass Luhn's check, begin as an issuer's numbers do and are as many, and are grouped
//! as people group them, whatever signs are between. Tickets and telephone numbers are what travel texts are full of:
//! thirteen digits, of which one in ten passes Luhn by chance. Only Visa ever issued thirteen, and long ago, so those
//! count only where a word such as `card` is nearer to them than one such as `ticket` or `tel`.
//!
//! A text is read as it was sent and, if it holds encodings, with those undone. Each text is read alone: a number
//! that is divided among fields is not seen, nor one with letters or words between its digits.

mod groups;
mod issuer;
mod number;
mod security_code;
mod words;

use std::borrow::Cow;

use crate::normal;
use crate::traits::Traits;

pub use issuer::Issuer;

/// Fewest digits of a card number.
pub const DIGITS_MIN: usize = 13;
/// Most digits of a card number; a run of more, ungrouped, is something else.
const DIGITS_MAX: usize = 19;

/// Fewest digits of a security code.
const SECURITY_CODE_DIGITS_MIN: usize = 3;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardFinding {
    /// A number that is in an issuer's range and passes Luhn's check.
    Number(Issuer),
    /// Three or four digits behind a word such as `CVV`.
    SecurityCode,
}

/// The first card number or security code in the text, as it was sent or with encodings undone.
///
/// A text without three digits costs one look at its bytes. Allocates only for texts with encodings.
#[must_use]
pub fn card_data(text: &str) -> Option<CardFinding> {
    if has_few_digits(text) {
        return None;
    }
    find(text).or_else(|| match normal::decoded(text, Traits::of(text)) {
        Cow::Owned(decoded) => find(&decoded),
        Cow::Borrowed(_) => None,
    })
}

/// Whether the text has too few digits for anything, of any script and in any form: circled and raised ones are digits
/// once they are undone. No encoding has fewer than what it stands for.
fn has_few_digits(text: &str) -> bool {
    let ascii = text.bytes().filter(u8::is_ascii_digit).count();
    let enough = SECURITY_CODE_DIGITS_MIN;
    ascii < enough
        && (text.is_ascii()
            || text.chars().filter(|character| is_numeric(*character)).nth(enough - 1).is_none())
}

/// As [`char::is_numeric`], which takes its time for letters of Latin, Greek and Cyrillic, and whatever stands on them.
fn is_numeric(character: char) -> bool {
    !matches!(character, '\u{c0}'..='\u{65f}') && character.is_numeric()
}

fn find(text: &str) -> Option<CardFinding> {
    number::find(text)
        .map(CardFinding::Number)
        .or_else(|| security_code::is_in(text).then_some(CardFinding::SecurityCode))
}

#[cfg(test)]
mod tests;
