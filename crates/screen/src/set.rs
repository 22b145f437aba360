//! Sets of bytes.

/// A set of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Set([u64; 4]);

impl Set {
    pub(crate) const NONE: Self = Self([0; 4]);
    pub(crate) const ALL: Self = Self([u64::MAX; 4]);

    pub(crate) fn of(byte: u8) -> Self {
        let mut set = Self::NONE;
        set.add(byte);
        set
    }

    /// The bytes that occur in `text`.
    pub(crate) fn bytes(text: &[u8]) -> Self {
        let mut set = Self::NONE;
        text.iter().for_each(|byte| set.add(*byte));
        set
    }

    pub(crate) fn range(from: u8, to: u8) -> Self {
        let mut set = Self::NONE;
        (from..=to).for_each(|byte| set.add(byte));
        set
    }

    pub(crate) const fn add(&mut self, byte: u8) {
        self.0[(byte >> 6) as usize] |= 1 << (byte & 63);
    }

    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] & (1 << (byte & 63)) != 0
    }

    pub(crate) fn shares(&self, other: &Self) -> bool {
        (0..4).any(|part| self.0[part] & other.0[part] != 0)
    }

    pub(crate) fn with(mut self, other: &Self) -> Self {
        (0..4).for_each(|part| self.0[part] |= other.0[part]);
        self
    }

    /// Whether every byte of this set is in the other.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        (0..4).all(|part| self.0[part] & !other.0[part] == 0)
    }

    pub(crate) fn inverse(mut self) -> Self {
        self.0.iter_mut().for_each(|part| *part = !*part);
        self
    }

    pub(crate) fn count(&self) -> u32 {
        self.0.iter().map(|part| part.count_ones()).sum()
    }

    /// With the other case of every letter.
    pub(crate) fn folded(self) -> Self {
        let mut set = self;
        for letter in b'a'..=b'z' {
            let upper = letter.to_ascii_uppercase();
            if self.has(letter) || self.has(upper) {
                set.add(letter);
                set.add(upper);
            }
        }
        set
    }

    /// The set as the inside of a class in brackets.
    pub(crate) fn ranges(&self) -> String {
        let mut text = String::new();
        let mut at = 0_u16;
        while at < 256 {
            let begun = at;
            while at < 256 && u8::try_from(at).is_ok_and(|byte| self.has(byte)) {
                at += 1;
            }
            if at > begun {
                text.push_str(&format!("\\x{begun:02x}-\\x{:02x}", at - 1));
            }
            at += 1;
        }
        text
    }
}
