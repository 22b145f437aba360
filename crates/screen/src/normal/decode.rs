//! Undoing encodings: percent signs, entities of HTML, escapes of programming languages, look-alike characters.

use std::borrow::Cow;

use super::{entities, fold, percent};

/// How often encodings are undone. Nobody decodes a value more often than a proxy, a server, a framework and a
/// template in a row.
const ROUNDS_MAX: usize = 4;

/// The text with its encodings undone, borrowed if there are none. Never longer than the text.
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    let Some(mut decoded) = once(text, plus_is_space(text)) else { return Cow::Borrowed(text) };
    for _ in 1..ROUNDS_MAX {
        match once(&decoded, false) {
            Some(further) => decoded = further,
            None => break,
        }
    }
    Cow::Owned(decoded)
}

/// One round, or nothing if the text has no encoding. What precedes the first encoded character is copied whole.
fn once(text: &str, plus_is_space: bool) -> Option<String> {
    let mut out: Option<String> = None;
    let mut copied = 0;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some((replacement, length)) = replacement(text, rest, at, plus_is_space) else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
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
fn replacement(text: &str, rest: &str, at: usize, plus_is_space: bool) -> Option<(Replacement, usize)> {
    let one = |(character, length)| (Replacement::One(character), length);
    match rest.as_bytes()[0] {
        b'%' => percent::read(rest.as_bytes()).map(one),
        b'&' => entities::read(rest).map(one),
        b'\\' => escape(rest.as_bytes()).map(one),
        b'+' if plus_is_space => Some((Replacement::One(' '), 1)),
        0 => Some((Replacement::Nothing, 1)),
        1..=127 => None,
        _ => fold::fold(text, at),
    }
}

/// Whether `+` is a space, as in the body of a form: the text has escapes and no space.
fn plus_is_space(text: &str) -> bool {
    text.contains('+') && text.contains('%') && !text.contains(' ')
}

/// `\xHH`, `\uHHHH`, `\u{H..}`, `\UHHHHHHHH` and `\OOO` of the programming languages.
fn escape(bytes: &[u8]) -> Option<(char, usize)> {
    let (digits, skipped, closing) = match bytes.get(1)? {
        b'x' | b'X' => (hex(bytes.get(2..4)?)?, 4, 0),
        b'u' if bytes.get(2) == Some(&b'{') => {
            let digits = bytes[3..].iter().take(6).take_while(|byte| byte.is_ascii_hexdigit()).count();
            if bytes.get(3 + digits) != Some(&b'}') {
                return None;
            }
            (hex(&bytes[3..3 + digits])?, 3 + digits, 1)
        }
        b'u' => (hex(bytes.get(2..6)?)?, 6, 0),
        b'U' => (hex(bytes.get(2..10)?)?, 10, 0),
        b'0'..=b'3' => (octal(bytes.get(1..4)?)?, 4, 0),
        _ => return None,
    };
    char::from_u32(digits).map(|character| (character, skipped + closing))
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
