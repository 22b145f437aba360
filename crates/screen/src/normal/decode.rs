//! Undoing encodings: percent signs, entities of HTML, escapes of programming languages, look-alike characters.

use std::borrow::Cow;

use super::{entities, fold, percent};
use crate::traits::Traits;

/// How often encodings are undone. Nobody decodes a value more often than a proxy, a server, a framework and a
/// template in a row.
const ROUNDS_MAX: usize = 4;

/// A text with its encodings undone.
pub(super) struct Decoded<'a> {
    /// Borrowed if there was nothing to undo. Never longer than the text that was sent.
    pub(super) text: Cow<'a, str>,
    /// Whether there was more to undo than characters that are taken for others.
    pub(super) was_encoded: bool,
}

/// The text with its encodings undone.
pub(super) fn decode(text: &str, traits: Traits) -> Decoded<'_> {
    let mut was_encoded = false;
    if !traits.may_be_encoded() {
        return Decoded { text: Cow::Borrowed(text), was_encoded };
    }
    let Some(mut decoded) = once(text, plus_is_space(text), &mut was_encoded) else {
        return Decoded { text: Cow::Borrowed(text), was_encoded };
    };
    for _ in 1..ROUNDS_MAX {
        match once(&decoded, false, &mut was_encoded) {
            Some(further) => decoded = further,
            None => break,
        }
    }
    Decoded { text: Cow::Owned(decoded), was_encoded }
}

/// One round, or nothing if the text has no encoding. What precedes the first encoded character is copied whole.
fn once(text: &str, plus_is_space: bool, was_encoded: &mut bool) -> Option<String> {
    let mut out: Option<String> = None;
    let mut copied = 0;
    let mut at = 0;
    while let Some(next) = text.as_bytes()[at..].iter().position(|byte| may_be_encoded(*byte)) {
        at += next;
        let first = &text.as_bytes()[at];
        let found = match first {
            b'%' | b'&' | b'\\' | b'+' | 0 => replacement(&text[at..], plus_is_space),
            // Scripts that nothing is folded from: Hebrew, those of India and Thailand, Han and Hangul.
            1..=127 | 0xd7 | 0xe0 | 0xe4..=0xed => None,
            _ => fold::fold(text, at),
        };
        let Some((replacement, length)) = found else {
            at += length_of(*first);
            continue;
        };
        *was_encoded |= first.is_ascii();
        let out = out.get_or_insert_with(|| String::with_capacity(text.len()));
        out.push_str(&text[copied..at]);
        replacement.write_to(out);
        at += length;
        copied = at;
    }
    out.map(|mut out| {
        out.push_str(&text[copied..]);
        out
    })
}

/// Whether an encoded character, or one that is folded, may begin with this byte.
const fn may_be_encoded(byte: u8) -> bool {
    matches!(byte, b'%' | b'&' | b'\\' | b'+' | 0 | 0xc0..)
}

/// What stands for an encoded character.
pub(super) enum Replacement {
    One(char),
    Nothing,
}

impl Replacement {
    fn write_to(&self, out: &mut String) {
        if let Self::One(character) = self {
            out.push(*character);
        }
    }
}

/// What is encoded at the beginning of `rest`, and in how many bytes. What comes out is never longer than those.
fn replacement(rest: &str, plus_is_space: bool) -> Option<(Replacement, usize)> {
    let one = |(character, length)| (Replacement::One(character), length);
    match rest.as_bytes()[0] {
        b'%' => percent::read(rest.as_bytes()).map(one),
        b'&' => entities::read(rest).map(one),
        b'\\' => escape(rest.as_bytes()).map(one),
        b'+' if plus_is_space => Some((Replacement::One(' '), 1)),
        0 => Some((Replacement::Nothing, 1)),
        _ => None,
    }
}

/// The length of a character that begins with this byte.
const fn length_of(first: u8) -> usize {
    match first {
        0..=0x7f => 1,
        0x80..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xff => 4,
    }
}

/// Whether `+` is a space, as in the body of a form: the text has escapes and no space.
fn plus_is_space(text: &str) -> bool {
    text.contains('+') && text.contains('%') && !text.contains(' ')
}

/// `\xHH`, `\uHHHH`, `\u{H..}`, `\UHHHHHHHH` and `\OOO` of the programming languages, `\HH` of style sheets.
fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let (digits, skipped, closing) = match bytes.get(1)? {
        b'x' | b'X' => (hex(bytes.get(2..4)?)?, 4, 0),
        b'u' if bytes.get(2) == Some(&b'{') => {
            // Any number of zeros, as in entities.
            let zeros = bytes[3..].iter().take_while(|byte| **byte == b'0').count();
            let digits =
                bytes[3 + zeros..].iter().take(6).take_while(|byte| byte.is_ascii_hexdigit()).count();
            let end = 3 + zeros + digits;
            if bytes.get(end) != Some(&b'}') {
                return None;
            }
            // The last zero stays: it is all there is of the number zero.
            (hex(&bytes[3 + zeros.saturating_sub(1)..end])?, end, 1)
        }
        b'u' => (hex(bytes.get(2..6)?)?, 6, 0),
        b'U' => (hex(bytes.get(2..10)?)?, 10, 0),
        b'0'..=b'9' => match style_escape(bytes) {
            // Three digits are also an octal number, and then more likely that.
            Some(escaped) if escaped.1 > 4 || octal_at(bytes).is_none() => return Some(escaped),
            _ => (octal_at(bytes)?, 4, 0),
        },
        _ => return None,
    };
    char::from_u32(digits).map(|character| (character, skipped + closing))
}

/// An escape of CSS for a sign or letter of ASCII: up to six hexadecimal digits, of which the first is none of `a` to
/// `f` (`\dead` is a directory of Windows), and one space that ends them.
fn style_escape(bytes: &[u8]) -> Option<(char, usize)> {
    let digits = bytes[1..].iter().take(6).take_while(|byte| byte.is_ascii_hexdigit()).count();
    if digits < 2 {
        return None;
    }
    let code = hex(&bytes[1..=digits])?;
    let space = usize::from(bytes.get(1 + digits) == Some(&b' '));
    (0x20..0x7f).contains(&code).then(|| char::from_u32(code).map(|sign| (sign, 1 + digits + space)))?
}

fn octal_at(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.get(1..4)?;
    matches!(digits[0], b'0'..=b'3').then(|| octal(digits))?
}

/// The number that these digits are; nothing if there are none or one of them is not.
pub(super) fn hex(digits: &[u8]) -> Option<u32> {
    number(digits, 16)
}

fn octal(digits: &[u8]) -> Option<u32> {
    number(digits, 8)
}

pub(super) fn number(digits: &[u8], base: u32) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |sum, digit| {
        let digit = char::from(*digit).to_digit(base)?;
        sum.checked_mul(base)?.checked_add(digit)
    })
}
