//! Chance that a seed determines, so that a trial can be run again.

/// A sequence of numbers: SplitMix64 (Steele, Lea, Flood 2014), which has no bad seeds.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

    /// The dice of one trial: those of another trial are independent, however often each is thrown.
    pub(super) fn of(seed: u64, fault: &str, trial: u32) -> Self {
        let name = fault.bytes().fold(seed, |sum, byte| mix(sum.wrapping_add(u64::from(byte))));
        Self(mix(name ^ mix(u64::from(trial).wrapping_add(Self::GAMMA))))
    }

    /// A number from `least` to `most`.
    pub(super) fn between(&mut self, least: u64, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(Self::GAMMA);
        // The bias of the remainder is of no account for spans this short.
        least + mix(self.0) % (most - least + 1)
    }

    /// One of several.
    pub(super) fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let last = choices.len().checked_sub(1).expect("there is something to choose from");
        let at = self.between(0, last as u64);
        &choices[usize::try_from(at).expect("an index of a slice is one")]
    }

    /// This many bytes.
    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut byte = || u8::try_from(self.between(0, 255)).expect("255 is the most");
        (0..count).map(|_| byte()).collect()
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_fault_and_trial_determine_what_is_thrown() {
        let thrown = |seed, fault, trial| Dice::of(seed, fault, trial).bytes(16);
        assert_eq!(thrown(1, "kill", 7), thrown(1, "kill", 7));
        assert_ne!(thrown(1, "kill", 7), thrown(2, "kill", 7));
        assert_ne!(thrown(1, "kill", 7), thrown(1, "torn-end", 7));
        assert_ne!(thrown(1, "kill", 7), thrown(1, "kill", 8));
    }

    #[test]
    fn both_ends_are_thrown() {
        let mut dice = Dice::of(1, "kill", 0);
        let thrown: Vec<u64> = (0..100).map(|_| dice.between(3, 5)).collect();
        assert!([3, 4, 5].iter().all(|number| thrown.contains(number)));
        assert!(thrown.iter().all(|number| (3..=5).contains(number)));
    }
}
