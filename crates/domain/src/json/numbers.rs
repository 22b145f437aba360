//! Numbers that are valid JSON but too large for `serde_json`, such as `1e999`.

/// `text` with every well-formed number outside strings replaced by a `0` of the same width (`0` and spaces), so
/// that lines and columns stay what they were. Numbers that break JSON's grammar are left for the reader to
/// refuse.
pub(super) fn made_small(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut small = String::with_capacity(text.len());
    let mut kept = 0;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => at = string_end(bytes, at),
            b'-' | b'0'..=b'9' => {
                let end = run_end(bytes, at);
                if is_number(&bytes[at..end]) {
                    small.push_str(&text[kept..at]);
                    small.push('0');
                    small.extend(std::iter::repeat_n(' ', end - at - 1));
                    kept = end;
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    small.push_str(&text[kept..]);
    small
}

/// Where the string that begins at `at` ends.
fn string_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn run_end(bytes: &[u8], at: usize) -> usize {
    let in_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    bytes[at..].iter().position(|byte| !in_number(byte)).map_or(bytes.len(), |length| at + length)
}

/// Is this a number by RFC 8259, section 6?
fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let (whole, rest) = digits(text);
    if whole.is_empty() || (whole.len() > 1 && whole[0] == b'0') {
        return false;
    }
    let rest = match rest.strip_prefix(b".").map(digits) {
        None => rest,
        Some(([], _)) => return false,
        Some((_, rest)) => rest,
    };
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            let (exponent, rest) = digits(exponent);
            !exponent.is_empty() && rest.is_empty()
        }
        _ => false,
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len()))
}
