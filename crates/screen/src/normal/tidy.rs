//! Comments and white space: what stands between two words, and means no more than one space.

use crate::traits::bytes_of;

/// The text with every run of comments and white space turned into one space, or nothing if that is the same.
///
/// A comment that MySQL executes (`/*!50000 select*/`) keeps what is in it. A comment that is never closed stays: it
/// would hide all that follows.
pub(super) fn tidy(text: &str) -> Option<String> {
    let first = first_untidy(text.as_bytes())?;
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let closings = Closings::of(bytes);
    let (mut copied, mut at) = (0, first);
    while let Some(next) = bytes[at..].iter().position(|byte| BEGINS[usize::from(*byte)]) {
        at += next;
        // One space between two words is most of what is met here, and stays.
        if bytes[at] == b' ' && !out_ends_with_gap(&out, copied, at) && !begins_gap(bytes.get(at + 1)) {
            at += 1;
            continue;
        }
        let Some(length) = gap(bytes, at, &closings) else {
            at += 1;
            continue;
        };
        out.push_str(&text[copied..at]);
        if !out.ends_with(' ') {
            out.push(' ');
        }
        at += length;
        copied = at;
    }
    out.push_str(&text[copied..]);
    (out != text).then_some(out)
}

/// Whether a space at `at` would stand behind another: nothing was kept since the last gap.
fn out_ends_with_gap(out: &str, copied: usize, at: usize) -> bool {
    copied == at && out.ends_with(' ')
}

fn begins_gap(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| BEGINS[usize::from(*byte)])
}

/// The bytes that a gap begins with: all others are passed over at one look each.
static BEGINS: [bool; 256] = bytes_of(b" \t\n\x0b\x0c\r/*-#");

/// Where the last end of a comment and the last end of a line are: past those no search for one is begun, so that a
/// text of nothing but `/*` is not searched to its end again and again.
struct Closings {
    block: Option<usize>,
    line: Option<usize>,
}

impl Closings {
    fn of(bytes: &[u8]) -> Self {
        Self {
            block: bytes.windows(2).rposition(|pair| pair == b"*/"),
            line: bytes.iter().rposition(is_line_end),
        }
    }
}

const fn is_line_end(byte: &u8) -> bool {
    matches!(*byte, b'\n' | b'\r')
}

/// The first byte that would be changed, or may be.
fn first_untidy(bytes: &[u8]) -> Option<usize> {
    // A comment that ends with its line begins before it.
    if bytes.iter().any(is_line_end) {
        return Some(0);
    }
    (0..bytes.len()).find(|at| match bytes[*at] {
        b' ' => bytes.get(at + 1) == Some(&b' '),
        b'\t'..=b'\r' => true,
        b'/' => bytes.get(at + 1) == Some(&b'*'),
        b'*' => bytes.get(at + 1) == Some(&b'/'),
        _ => false,
    })
}

/// How many bytes from `at` on stand between two words; nothing if a word stands there.
fn gap(bytes: &[u8], at: usize, closings: &Closings) -> Option<usize> {
    let rest = &bytes[at..];
    match rest {
        [b' ' | b'\t'..=b'\r', ..] => Some(1),
        [b'/', b'*', b'!', version @ ..] => {
            Some(3 + version.iter().take(6).take_while(|byte| byte.is_ascii_digit()).count())
        }
        [b'/', b'*', inside @ ..] if closings.block.is_some_and(|last| last >= at + 2) => {
            inside.windows(2).position(|pair| pair == b"*/").map(|end| end + 4)
        }
        [b'*', b'/', ..] => Some(2),
        [b'-', b'-', ..] | [b'#', ..] if closings.line.is_some_and(|last| last > at) => {
            rest.iter().position(is_line_end)
        }
        _ => None,
    }
}
