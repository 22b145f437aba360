//! Sets of bytes: classes in brackets, and escapes that stand for one byte or several.

use super::Refusal;
use crate::set::Set;

/// A piece of a pattern that stands for one byte.
pub(super) struct Read {
    pub(super) text: String,
    pub(super) set: Set,
    /// Where the pattern goes on.
    pub(super) end: usize,
    /// The byte, when it is one and no class: only such can begin or end a range.
    single: Option<u8>,
}

/// A byte so written that it means itself everywhere.
pub(super) fn written(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("\\x{byte:02x}") }
}

const DIGITS: &[(u8, u8)] = &[(b'0', b'9')];
const WORD: &[(u8, u8)] = &[(b'0', b'9'), (b'A', b'Z'), (b'_', b'_'), (b'a', b'z')];
const BLANK: &[(u8, u8)] = &[(9, 13), (32, 32)];
/// Line feed to carriage return, and next line.
const VERTICAL: &[(u8, u8)] = &[(10, 13), (0x85, 0x85)];
const HORIZONTAL: &[(u8, u8)] = &[(9, 9), (32, 32), (0xa0, 0xa0)];

fn union(ranges: &[(u8, u8)]) -> Set {
    ranges.iter().fold(Set::NONE, |set, (from, to)| set.with(&Set::range(*from, *to)))
}

/// Reads the escape whose letter stands at `at`.
pub(super) fn escape(pattern: &[u8], at: usize) -> Result<Read, Refusal> {
    let letter = *pattern.get(at).ok_or("ends in a backslash")?;
    let of = |set: Set| Read { text: format!("[{}]", set.ranges()), set, end: at + 1, single: None };
    let one =
        |byte: u8, end: usize| Read { text: written(byte), set: Set::of(byte), end, single: Some(byte) };
    Ok(match letter {
        b'd' => of(union(DIGITS)),
        b'D' => of(union(DIGITS).inverse()),
        b'w' => of(union(WORD)),
        b'W' => of(union(WORD).inverse()),
        b's' => of(union(BLANK)),
        b'S' => of(union(BLANK).inverse()),
        b'v' => of(union(VERTICAL)),
        b'V' => of(union(VERTICAL).inverse()),
        b'h' => of(union(HORIZONTAL)),
        b'H' => of(union(HORIZONTAL).inverse()),
        b'a' => one(7, at + 1),
        b'e' => one(27, at + 1),
        b'f' => one(12, at + 1),
        b'n' => one(10, at + 1),
        b'r' => one(13, at + 1),
        b't' => one(9, at + 1),
        b'x' => return hexadecimal(pattern, at + 1).map(|(byte, end)| one(byte, end)),
        b'0' => return octal(pattern, at).map(|(byte, end)| one(byte, end)),
        _ if letter.is_ascii_alphanumeric() => return Err("uses an escape that is not known"),
        _ => one(letter, at + 1),
    })
}

fn hexadecimal(pattern: &[u8], at: usize) -> Result<(u8, usize), Refusal> {
    let rest = &pattern[at..];
    if rest.first() == Some(&b'{') {
        let close = rest.iter().position(|byte| *byte == b'}').ok_or("has \\x{ without an end")?;
        let digits = std::str::from_utf8(&rest[1..close]).map_err(|_| "has \\x{ without digits")?;
        let byte = u8::from_str_radix(digits, 16).map_err(|_| "names a character above one byte")?;
        return Ok((byte, at + close + 1));
    }
    let count = rest.iter().take(2).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let byte = rest[..count].iter().fold(0, |value, digit| value * 16 + crate::crs::transform::hex(*digit));
    Ok((byte, at + count))
}

fn octal(pattern: &[u8], at: usize) -> Result<(u8, usize), Refusal> {
    let digits = pattern[at..].iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7'));
    let (value, count) =
        digits.fold((0_u16, 0), |(value, count), digit| (value * 8 + u16::from(digit - b'0'), count + 1));
    Ok((u8::try_from(value).map_err(|_| "names a character above one byte")?, at + count))
}

/// Reads the class whose opening bracket stands before `at`.
pub(super) fn read(pattern: &[u8], at: usize) -> Result<Read, Refusal> {
    let negated = pattern.get(at) == Some(&b'^');
    let first = at + usize::from(negated);
    let mut at = first;
    let mut set = Set::NONE;
    loop {
        match pattern.get(at) {
            None => return Err("has a class without an end"),
            Some(b']') if at > first => break,
            Some(_) => {}
        }
        let item = class_item(pattern, at)?;
        at = item.end;
        let ranged = pattern.get(at) == Some(&b'-') && pattern.get(at + 1).is_some_and(|byte| *byte != b']');
        match item.single {
            Some(from) if ranged => {
                let upper = class_item(pattern, at + 1)?;
                match upper.single {
                    Some(to) if from <= to => {
                        set = set.with(&Set::range(from, to));
                        at = upper.end;
                    }
                    Some(_) => return Err("has a range from high to low"),
                    None => set = set.with(&item.set),
                }
            }
            _ => set = set.with(&item.set),
        }
    }
    // The sign of negation stays: letters fold before a class is turned over, not after.
    let text = match (set == Set::NONE, negated) {
        (true, false) => return Err("has an empty class"),
        (_, true) => format!("[^{}]", set.ranges()),
        (false, false) => format!("[{}]", set.ranges()),
    };
    Ok(Read { text, set: if negated { set.inverse() } else { set }, end: at + 1, single: None })
}

fn class_item(pattern: &[u8], at: usize) -> Result<Read, Refusal> {
    match &pattern[at..] {
        [b'\\', b'b', ..] => Ok(Read { text: written(8), set: Set::of(8), end: at + 2, single: Some(8) }),
        [b'\\', b'1'..=b'7', ..] => {
            let (byte, end) = octal(pattern, at + 1)?;
            Ok(Read { text: written(byte), set: Set::of(byte), end, single: Some(byte) })
        }
        [b'\\', ..] => escape(pattern, at + 1),
        [b'[', b':', rest @ ..] => posix(rest, at),
        [b'[', b'.' | b'=', ..] => Err("names a collation"),
        [byte, ..] => {
            Ok(Read { text: written(*byte), set: Set::of(*byte), end: at + 1, single: Some(*byte) })
        }
        [] => Err("has a class without an end"),
    }
}

/// `[:alpha:]` and its like; a `[:` that no `:]` follows is two characters.
fn posix(rest: &[u8], at: usize) -> Result<Read, Refusal> {
    let end = rest.windows(2).position(|pair| pair == b":]");
    let Some(end) =
        end.filter(|end| rest[..*end].iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'^'))
    else {
        return Ok(Read { text: written(b'['), set: Set::of(b'['), end: at + 1, single: Some(b'[') });
    };
    let (negated, name) = rest[..end].strip_prefix(b"^").map_or((false, &rest[..end]), |name| (true, name));
    let set = match name {
        b"alpha" => union(&[(b'A', b'Z'), (b'a', b'z')]),
        b"digit" => union(DIGITS),
        b"alnum" => union(&[(b'0', b'9'), (b'A', b'Z'), (b'a', b'z')]),
        b"upper" => Set::range(b'A', b'Z'),
        b"lower" => Set::range(b'a', b'z'),
        b"space" => union(BLANK),
        b"blank" => union(&[(9, 9), (32, 32)]),
        b"punct" => union(&[(33, 47), (58, 64), (91, 96), (123, 126)]),
        b"print" => Set::range(32, 126),
        b"graph" => Set::range(33, 126),
        b"cntrl" => union(&[(0, 31), (127, 127)]),
        b"xdigit" => union(&[(b'0', b'9'), (b'A', b'F'), (b'a', b'f')]),
        b"word" => union(WORD),
        _ => return Err("names a class that is not known"),
    };
    let set = if negated { set.inverse() } else { set };
    Ok(Read { text: String::new(), set, end: at + 2 + end + 2, single: None })
}
