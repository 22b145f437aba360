//! Which requests fail, and how: a sequence that a seed determines.

/// What can happen to a request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// Passed on after 1 to 4 ms.
    Delay,
    /// Not passed on; 400 `ProvisionedThroughputExceededException` or `ThrottlingException`.
    Throttle,
    /// Not passed on; 500 `InternalServerError` or 503 `ServiceUnavailable`.
    ServerError,
    /// Not passed on; the answer of a write that meets a transaction under way.
    Conflict,
    /// Not passed on; the connection is reset.
    ResetBefore,
    /// Passed on; then the connection is reset, and the answer is lost.
    ResetAfter,
    /// Passed on; then the answer is lost, and 500 `InternalServerError` is told instead.
    ErrorAfter,
    /// A batch of reads is answered in half; the other half comes back as unprocessed.
    HalfBatch,
    /// Not passed on, and never answered.
    SilenceBefore,
    /// Passed on, and never answered.
    SilenceAfter,
}

impl Fault {
    /// All that are over in a few milliseconds. The silent ones cost a caller its whole time limit.
    pub const QUICK: [Self; 8] = [
        Self::Delay,
        Self::Throttle,
        Self::ServerError,
        Self::Conflict,
        Self::ResetBefore,
        Self::ResetAfter,
        Self::ErrorAfter,
        Self::HalfBatch,
    ];

    /// Can DynamoDB do this to `operation`? Only writes meet conflicts, only batches are halved.
    #[must_use]
    pub fn suits(self, operation: &str) -> bool {
        match self {
            Self::Conflict => {
                matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems")
            }
            Self::HalfBatch => operation == "BatchGetItem",
            _ => true,
        }
    }
}

/// How many requests fail, in which ways, in which order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// Of a hundred requests, how many fail: 0 to 100.
    pub share_percent: u8,
    /// The ways, equally likely among those that suit the operation. With none, nothing fails.
    pub kinds: Vec<Fault>,
    /// Equal seeds give equal sequences.
    pub seed: u64,
}

impl Faults {
    /// Lets everything through.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Every quick fault alike, in `share_percent` of a hundred requests.
    #[must_use]
    pub fn quick(share_percent: u8, seed: u64) -> Self {
        Self { share_percent, kinds: Fault::QUICK.to_vec(), seed }
    }

    /// This fault alone, on every request that it suits.
    #[must_use]
    pub fn always(fault: Fault) -> Self {
        Self { share_percent: 100, kinds: vec![fault], seed: 0 }
    }

    pub(super) fn draw(&self, operation: &str, draw: &mut Draw) -> Option<Fault> {
        if draw.below(100) >= u64::from(self.share_percent) {
            return None;
        }
        let kinds: Vec<Fault> = self.kinds.iter().copied().filter(|kind| kind.suits(operation)).collect();
        let count = u64::try_from(kinds.len()).ok().filter(|count| *count > 0)?;
        usize::try_from(draw.below(count)).ok().and_then(|at| kinds.get(at).copied())
    }
}

/// The numbers of one request: SplitMix64 (Steele, Lea, Flood 2014), which has no bad seeds.
#[derive(Debug, Clone)]
pub(super) struct Draw(u64);

impl Draw {
    const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

    pub(super) fn new(seed: u64, ordinal: u64) -> Self {
        // Each request has a sequence of its own, however many numbers the one before took.
        Self(mix(seed ^ mix(ordinal.wrapping_add(Self::GAMMA))))
    }

    /// A number below `bound`, which is at least 1. The bias of the remainder is of no account for small bounds.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(Self::GAMMA);
        mix(self.0) % bound
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

    fn sequence(faults: &Faults, operation: &str, count: u64) -> Vec<Option<Fault>> {
        (0..count).map(|n| faults.draw(operation, &mut Draw::new(faults.seed, n))).collect()
    }

    #[test]
    fn a_seed_determines_the_sequence() {
        let faults = Faults::quick(30, 7);
        assert_eq!(sequence(&faults, "PutItem", 200), sequence(&faults, "PutItem", 200));
        let other = Faults { seed: 8, ..faults.clone() };
        assert_ne!(sequence(&faults, "PutItem", 200), sequence(&other, "PutItem", 200));
    }

    #[test]
    fn the_share_and_the_kinds_are_as_asked_for() {
        let drawn = sequence(&Faults::quick(30, 1), "PutItem", 10_000);
        let failed = drawn.iter().flatten().count();
        assert!((2_800..3_200).contains(&failed), "{failed} of 10000");
        for kind in Fault::QUICK {
            let count = drawn.iter().flatten().filter(|fault| **fault == kind).count();
            assert_eq!(count > 300, kind.suits("PutItem"), "{kind:?}: {count}");
        }
        assert_eq!(sequence(&Faults::none(), "PutItem", 100), vec![None; 100]);
        assert_eq!(sequence(&Faults::always(Fault::Conflict), "GetItem", 100), vec![None; 100]);
        assert_eq!(
            sequence(&Faults::always(Fault::Conflict), "PutItem", 100),
            vec![Some(Fault::Conflict); 100]
        );
    }
}
