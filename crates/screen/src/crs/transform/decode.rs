//! Transformations that undo an encoding. What is not well formed stays as it is: ModSecurity does the same, and a
//! decoder that drops text would hide it from the rules.

/// The value of a hexadecimal digit; 0 for anything else.
pub(in super::super) fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        b'A'..=b'F' => digit - b'A' + 10,
        _ => 0,
    }
}

fn all_hex(text: &[u8], count: usize) -> bool {
    text.len() >= count && text[..count].iter().all(u8::is_ascii_hexdigit)
}

/// The byte that stands for a code of four digits: the lower half, with the full-width forms of ASCII taken to ASCII.
fn low_byte(code: &[u8]) -> u8 {
    let low = hex(code[2]).wrapping_mul(16).wrapping_add(hex(code[3]));
    let full_width = code[0].eq_ignore_ascii_case(&b'f') && code[1].eq_ignore_ascii_case(&b'f');
    if full_width && (0x01..=0x5e).contains(&low) { low + 0x20 } else { low }
}

/// `%41`, `+` and, if asked for, `%u0041`.
pub(super) fn url(text: &[u8], wide: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at + 1..];
        match text[at] {
            b'%' if wide && matches!(rest.first(), Some(b'u' | b'U')) && all_hex(&rest[1..], 4) => {
                out.push(low_byte(&rest[1..5]));
                at += 6;
            }
            b'%' if all_hex(rest, 2) => {
                out.push(hex(rest[0]) * 16 + hex(rest[1]));
                at += 3;
            }
            b'+' => {
                out.push(b' ');
                at += 1;
            }
            byte => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// `&#x41;`, `&#65;` and the five names that matter, with or without the semicolon.
pub(super) fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match (text[at] == b'&').then(|| entity(&text[at + 1..])).flatten() {
            Some((byte, length)) => {
                out.push(byte);
                at += 1 + length;
                at += usize::from(text.get(at) == Some(&b';'));
            }
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    out
}

/// The byte that an entity stands for and its length, without the ampersand and the semicolon.
fn entity(rest: &[u8]) -> Option<(u8, usize)> {
    let run = |text: &[u8], digit: fn(&u8) -> bool| text.iter().take_while(|byte| digit(byte)).count();
    match rest {
        [b'#', b'x' | b'X', digits @ ..] => {
            let count = run(digits, u8::is_ascii_hexdigit);
            let value = digits[..count]
                .iter()
                .fold(0_u8, |value, digit| value.wrapping_mul(16).wrapping_add(hex(*digit)));
            (count > 0).then_some((value, 2 + count))
        }
        [b'#', digits @ ..] => {
            let count = run(digits, u8::is_ascii_digit);
            let value = digits[..count]
                .iter()
                .fold(0_u8, |value, digit| value.wrapping_mul(10).wrapping_add(digit - b'0'));
            (count > 0).then_some((value, 1 + count))
        }
        _ => {
            let count = run(rest, u8::is_ascii_alphanumeric);
            let byte = match rest[..count].to_ascii_lowercase().as_slice() {
                b"quot" => b'"',
                b"amp" => b'&',
                b"lt" => b'<',
                b"gt" => b'>',
                b"nbsp" => 0xa0,
                _ => return None,
            };
            Some((byte, count))
        }
    }
}

/// `\u0041`, `\x41`, `\101`, `\n` and the like; any other character stands for itself.
pub(super) fn javascript(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'\\' || at + 1 == text.len() {
            out.push(text[at]);
            at += 1;
            continue;
        }
        let rest = &text[at + 1..];
        let (byte, length) = match rest[0] {
            b'u' if all_hex(&rest[1..], 4) => (low_byte(&rest[1..5]), 5),
            b'x' if all_hex(&rest[1..], 2) => (hex(rest[1]) * 16 + hex(rest[2]), 3),
            b'0'..=b'7' => octal(rest),
            letter => (control(letter).unwrap_or(letter), 1),
        };
        out.push(byte);
        at += 1 + length;
    }
    out
}

/// Up to three octal digits; the third only if the value fits a byte.
fn octal(digits: &[u8]) -> (u8, usize) {
    let most = if digits[0] <= b'3' { 3 } else { 2 };
    let count = digits.iter().take(most).take_while(|digit| matches!(digit, b'0'..=b'7')).count();
    (digits[..count].iter().fold(0, |value, digit| value * 8 + (digit - b'0')), count)
}

fn control(letter: u8) -> Option<u8> {
    Some(match letter {
        b'a' => 7,
        b'b' => 8,
        b'f' => 12,
        b'n' => 10,
        b'r' => 13,
        b't' => 9,
        b'v' => 11,
        _ => return None,
    })
}

/// C's escapes: as in JavaScript but without `\u`, and what is not one of them stays with its backslash.
pub(super) fn escapes(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at + 1..];
        let read = if text[at] == b'\\' { rest.first().copied() } else { None };
        let (byte, length) = match read {
            Some(b'x' | b'X') if all_hex(&rest[1..], 2) => (hex(rest[1]) * 16 + hex(rest[2]), 4),
            Some(b'0'..=b'7') => {
                let (byte, count) = octal(rest);
                (byte, 1 + count)
            }
            Some(letter @ (b'\\' | b'?' | b'\'' | b'"')) => (letter, 2),
            Some(letter) => control(letter).map_or((b'\\', 1), |byte| (byte, 2)),
            None => (text[at], 1),
        };
        out.push(byte);
        at += length;
    }
    out
}

/// CSS 2: a backslash and one to six hexadecimal digits, of which the last two count, with one blank after them.
pub(super) fn css(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'\\' {
            out.push(text[at]);
            at += 1;
            continue;
        }
        let rest = &text[at + 1..];
        let count = rest.iter().take(6).take_while(|byte| byte.is_ascii_hexdigit()).count();
        match (count, rest.first()) {
            (0, None | Some(b'\n')) => at += 2,
            (0, Some(byte)) => {
                out.push(*byte);
                at += 2;
            }
            _ => {
                out.push(css_byte(&rest[..count]));
                at += 1 + count;
                at += usize::from(text.get(at).is_some_and(u8::is_ascii_whitespace));
            }
        }
    }
    out
}

fn css_byte(digits: &[u8]) -> u8 {
    match digits {
        [only] => hex(*only),
        [.., first, second, third, last] => low_byte(&[*first, *second, *third, *last]),
        [.., first, last] => hex(*first) * 16 + hex(*last),
        [] => 0,
    }
}

/// Every character beyond ASCII becomes `%uXXXX`, which `urlDecodeUni` then reads.
pub(super) fn utf8_to_unicode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() * 2);
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match u8::try_from(character) {
                Ok(byte) if byte.is_ascii() => out.push(byte),
                _ => out.extend_from_slice(format!("%u{:04x}", u32::from(character)).as_bytes()),
            }
        }
        out.extend_from_slice(chunk.invalid());
    }
    out
}

/// Base64 up to the first byte that is none of it.
pub(super) fn base64(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for value in text.iter().map_while(|byte| sextet(*byte)) {
        held = (held << 6) | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push(((held >> bits) & 0xff).to_le_bytes()[0]);
        }
    }
    out
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}
