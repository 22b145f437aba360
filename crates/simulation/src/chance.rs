//! Everything that could be otherwise, drawn from one seed.

use std::sync::Mutex;

use skybridge_domain::id::Randomness;

/// `SplitMix64` (Steele, Lea, Flood 2014): small, and every seed is a good one.
#[derive(Debug, Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// Another sequence, which draws nothing from this one later on.
    pub(crate) fn branch(&mut self) -> Self {
        Self(self.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() % count as u64).expect("it is below a usize")
    }

    /// One of `from..=to`.
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.next() % (to - from + 1)
    }

    /// True in `part` of `whole` draws.
    pub(crate) fn happens(&mut self, part: u64, whole: u64) -> bool {
        self.next() % whole < part
    }

    pub(crate) fn one_of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// The same, for the desk.
pub(crate) struct SharedChance(pub(crate) Mutex<Chance>);

impl Randomness for SharedChance {
    fn fill(&self, bytes: &mut [u8]) {
        let mut chance = self.0.lock().expect("nothing panics while it is locked");
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&chance.next().to_be_bytes()[..chunk.len()]);
        }
    }
}
