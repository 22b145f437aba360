//! The text as a shell would read it: `c'a't`, `c\at`, `c$@at`, `c^at` and `cat${IFS}` are all `cat`.

use crate::traits::bytes_of;

/// The text without what a shell takes out of words, or nothing if that would not differ.
pub(super) fn unquote(text: &str) -> Option<String> {
    // A word alone is no command that a quote could hide: names such as O'Brien end here.
    if !text.bytes().any(|byte| matches!(byte, b' ' | b'/' | b';' | b'|' | b'`' | b'$' | b'{')) {
        return None;
    }
    let mut out: Option<String> = None;
    let (mut copied, mut at) = (0, 0);
    while let Some(next) = text.as_bytes()[at..].iter().position(|byte| BEGINS[usize::from(*byte)]) {
        at += next;
        let Some((replacement, length)) = taken_out(&text.as_bytes()[at..]) else {
            at += 1;
            continue;
        };
        // A text in which nothing changes, as most with an amount in `$`, takes no memory.
        let out = out.get_or_insert_with(|| String::with_capacity(text.len()));
        out.push_str(&text[copied..at]);
        out.push_str(replacement);
        at += length;
        copied = at;
    }
    let mut out = out?;
    out.push_str(&text[copied..]);
    Some(out)
}

/// The bytes that something taken out begins with: all others are passed over at one look each.
static BEGINS: [bool; 256] = bytes_of(b"`\\$'\"^[");

/// What is taken out at the beginning of `rest`: what stands in its place, and its length. Only ASCII is taken out,
/// so what is left is still UTF-8.
fn taken_out(rest: &[u8]) -> Option<(&'static str, usize)> {
    Some(match rest {
        [b'`', b'`', ..]
        | [b'\\', b'\n', ..]
        | [b'$', b'@' | b'*' | b'!' | b'#' | b'?' | b'-' | b'0'..=b'9', ..] => ("", 2),
        [b'\'' | b'"' | b'^' | b'\\', ..] => ("", 1),
        [b'$', b'{', rest @ ..] => match rest {
            [b'I' | b'i', b'F' | b'f', b'S' | b's', b'}', ..] => (" ", 6),
            [b'@' | b'*', b'}', ..] => ("", 4),
            _ => {
                let name = name_length(rest);
                if name == 0 || rest.get(name) != Some(&b'}') {
                    return None;
                }
                ("", name + 3)
            }
        },
        [b'$', b'I' | b'i', b'F' | b'f', b'S' | b's', ..] => (" ", 4),
        [b'$', rest @ ..] => match name_length(rest) {
            0 => return None,
            name => ("", name + 1),
        },
        [b'[', letter, b']', ..] if letter.is_ascii_alphanumeric() => {
            return Some((single(*letter), 3));
        }
        _ => return None,
    })
}

/// The length of the name of a variable.
fn name_length(rest: &[u8]) -> usize {
    rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
}

/// A letter or digit as a text of its own.
fn single(byte: u8) -> &'static str {
    const ALL: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
    let at = ALL.bytes().position(|letter| letter == byte.to_ascii_lowercase()).unwrap_or(0);
    &ALL[at..=at]
}
