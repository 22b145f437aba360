//! Which bytes may stand where, as tables: one look-up per byte.

/// Of names and methods: `tchar` (RFC 9110, section 5.6.2).
pub(super) const TOKEN: [bool; 256] = table(b"!#$%&'*+-.^_`|~");

/// Of a path and query: RFC 3986's `pchar`, `/` and `?`; `%` begins a triplet, which is the router's to decode.
pub(super) const TARGET: [bool; 256] = table(b"-._~!$&'()*+,;=:@%/?");

/// Of a host's name: what names in use are made of. The grammar allows commas and more, which no host has and two
/// headers that something on the way joined into one do.
const HOST: [bool; 256] = table(b"-._");

/// Letters, digits, and `others`.
const fn table(others: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let mut index = 0;
    while index < others.len() {
        table[others[index] as usize] = true;
        index += 1;
    }
    table
}

/// Are all `bytes` of the table, and is there at least one?
pub(super) fn all_of(table: &[bool; 256], bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| table[usize::from(*byte)])
}

/// May `value` be a header's value: visible characters, spaces, tabs, and bytes above ASCII? Looks at every byte
/// without stopping at the first bad one, which the compiler turns into a few vector instructions.
pub(super) fn is_field_value(value: &[u8]) -> bool {
    !value.iter().fold(false, |bad, byte| bad | ((*byte < b' ') & (*byte != b'\t')) | (*byte == 0x7f))
}

/// Does `value` of an Expect header ask for what is met here? There is one such thing.
pub(super) fn is_expectation_met(value: &[u8]) -> bool {
    value.eq_ignore_ascii_case(b"100-continue")
}

/// Is `text` a host with or without a port (RFC 9110, section 7.2), and neither empty nor with user information?
pub(super) fn is_host(text: &[u8]) -> bool {
    let (host, port) = match text.iter().rposition(|byte| *byte == b':') {
        // The colons of an address in brackets are its own.
        Some(colon) if !text[colon..].contains(&b']') => (&text[..colon], Some(&text[colon + 1..])),
        _ => (text, None),
    };
    let host_fits = match host {
        [b'[', address @ .., b']'] => is_ipv6(address),
        name => all_of(&HOST, name),
    };
    host_fits && port.is_none_or(is_port)
}

fn is_ipv6(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok())
}

/// The grammar lets the digits be missing altogether.
fn is_port(digits: &[u8]) -> bool {
    let number = digits.iter().try_fold(0_u32, |number, digit| match digit {
        b'0'..=b'9' if number <= 65_535 => Some(number * 10 + u32::from(digit - b'0')),
        _ => None,
    });
    number.is_some_and(|number| number <= 65_535)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_and_addresses() {
        for host in ["x", "a-b.example", "a_b:8080", "192.0.2.1:80", "[2001:db8::1]", "[::1]:443", "x:"] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in [
            "", ":80", "a b", "a,b", "user@x", "x/y", "x:65536", "x:8o", "x:+1", "[::1", "::1", "[x]",
            "a:1:2", "x\t", "[::1]x", "h\u{e9}",
        ] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }

    #[test]
    fn values_have_no_control_characters_but_tabs() {
        for byte in 0..=255_u8 {
            let mut value = *b"a value that is long enough to be looked at in blocks of many bytes";
            value[33] = byte;
            assert_eq!(is_field_value(&value), byte == b'\t' || (byte >= b' ' && byte != 0x7f), "{byte:#x}");
        }
    }
}
