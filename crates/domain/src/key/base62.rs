//! Numbers in base62, digits `0-9A-Za-z`, most significant first.

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Writes `number` right-aligned into `out`, padded with `0`; digits that do not fit are dropped.
pub(super) fn encode(mut number: u128, out: &mut [u8]) {
    for place in out.iter_mut().rev() {
        *place = digit(number % 62);
        number /= 62;
    }
}

/// As [`encode`], for what is computed with every request: a division of 128 bits is several times as dear.
pub(super) fn encode_32(mut number: u32, out: &mut [u8]) {
    for place in out.iter_mut().rev() {
        *place = digit(u128::from(number % 62));
        number /= 62;
    }
}

/// Whether all of `text` are digits. Looks at each in any case: where the first wrong one stands, and which characters
/// the right ones are, makes no difference in time.
pub(super) fn are_digits(text: &[u8]) -> bool {
    text.iter().fold(true, |all, byte| all & byte.is_ascii_alphanumeric())
}

/// Writes the 256-bit number `bytes` (most significant first) as 43 digits, which hold it: 62^43 > 2^256.
pub(super) fn encode_256(bytes: [u8; 32]) -> [u8; 43] {
    let mut limbs = bytes;
    let mut out = [b'0'; 43];
    for place in out.iter_mut().rev() {
        // Schoolbook division of the whole number by 62; the remainder is the next digit from the right.
        let mut remainder: u16 = 0;
        for limb in &mut limbs {
            let value = remainder << 8 | u16::from(*limb);
            *limb = u8::try_from(value / 62).expect("a remainder below 62 leaves a quotient below 256");
            remainder = value % 62;
        }
        *place = digit(u128::from(remainder));
    }
    out
}

fn digit(value: u128) -> u8 {
    ALPHABET[usize::try_from(value).expect("a digit is below 62")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_number_fits_and_the_smallest_is_padded() {
        assert_eq!(encode_256([0; 32]), [b'0'; 43]);
        let mut one = [0; 32];
        one[31] = 63;
        assert!(encode_256(one).ends_with(b"00011"));
        // 2^256 - 1 in base62, computed independently.
        assert_eq!(&encode_256([0xff; 32]), b"yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1".as_slice());
    }

    #[test]
    fn a_small_number_is_right_aligned() {
        let mut out = [0; 6];
        encode(u128::from(u32::MAX), &mut out);
        assert_eq!(&out, b"4gfFC3");
    }
}
