//! How a word looks inside a longer text that was encoded in Base64.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The three spellings of `word`, by where in a group of three bytes it begins. Characters that also depend on the
/// bytes before or behind the word are left off.
pub(super) fn spellings(word: &str) -> [String; 3] {
    // Every byte of a Latin word is its own character: `\u{ed}` in a rule file is the byte 0xED.
    let bytes: Vec<u8> =
        word.chars().filter_map(|character| u8::try_from(u32::from(character)).ok()).collect();
    [0, 1, 2].map(|offset| spelling(&bytes, offset))
}

fn spelling(word: &[u8], offset: usize) -> String {
    let bit = |nth: usize| -> Option<u8> {
        let byte = (nth / 8).checked_sub(offset).and_then(|at| word.get(at))?;
        Some(byte >> (7 - nth % 8) & 1)
    };
    let sextets = (8 * (offset + word.len())).div_ceil(6);
    (0..sextets)
        .filter_map(|sextet| (0..6).try_fold(0, |sum, nth| Some(sum << 1 | bit(6 * sextet + nth)?)))
        .map(|value| char::from(ALPHABET[usize::from(value)]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_spelt_in_three_ways() {
        // What `runtime` looks like behind no, one and two other bytes.
        assert_eq!(spellings("runtime"), ["cnVudGltZ", "J1bnRpbW", "ydW50aW1l"]);
    }
}
