//! Chance that is the same in every run.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use skybridge_domain::id::Randomness;

/// SplitMix64 from a seed.
pub(crate) struct Seeded(Mutex<u64>);

impl Seeded {
    /// A sequence that no other store of this process has: two nodes never draw the same commit id.
    pub(crate) fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(Mutex::new(NEXT.fetch_add(1, Ordering::Relaxed) << 32))
    }
}

impl Randomness for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.lock().expect("no test panics while it draws");
        for chunk in bytes.chunks_mut(8) {
            *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}
