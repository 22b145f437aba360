//! Percent signs of URLs, with the spellings that careless decoders take: `%uHHHH` and overlong UTF-8.

use super::decode::hex;

/// The character that is encoded at the beginning of `bytes`, and in how many of them.
///
/// Bytes that are no UTF-8 stand for the character of the same number, as in Latin-1. An overlong form (`%c0%af`)
/// stands for the ASCII character that lenient decoders take it for.
pub(super) fn read(bytes: &[u8]) -> Option<(char, usize)> {
    if matches!(bytes.get(1), Some(b'u' | b'U')) {
        let number = hex(bytes.get(2..6)?)?;
        return char::from_u32(number).map(|character| (character, 6));
    }
    let first = byte_at(bytes, 0)?;
    let (length, begin) = match first {
        0xc0..=0xdf => (2, u32::from(first & 0x1f)),
        0xe0..=0xef => (3, u32::from(first & 0x0f)),
        0xf0..=0xf7 => (4, u32::from(first & 0x07)),
        // ASCII, and bytes that begin no character.
        _ => return Some((char::from(first), 3)),
    };
    let whole = (1..length).try_fold(begin, |sum, nth| {
        let next = byte_at(bytes, 3 * nth).filter(|byte| byte & 0xc0 == 0x80)?;
        Some(sum << 6 | u32::from(next & 0x3f))
    });
    match whole.and_then(char::from_u32) {
        Some(character) => Some((character, 3 * length)),
        None => Some((char::from(first), 3)),
    }
}

fn byte_at(bytes: &[u8], at: usize) -> Option<u8> {
    if bytes.get(at) != Some(&b'%') {
        return None;
    }
    hex(bytes.get(at + 1..at + 3)?).and_then(|byte| u8::try_from(byte).ok())
}
