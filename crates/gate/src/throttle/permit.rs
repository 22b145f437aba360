//! Leave to carry out one call.

use super::PaceSnapshot;
use crate::Caller;

/// Leave to carry out one call: who calls, and that the plan allows it. Only the gate makes one.
///
/// Holds one of the agency's places in flight until it is dropped, so drop it when the call is answered.
#[derive(Debug)]
pub struct Permit {
    caller: Caller,
    pace: PaceSnapshot,
}

impl Permit {
    /// The place in flight is already taken.
    pub(super) fn new(caller: Caller, pace: PaceSnapshot) -> Self {
        Self { caller, pace }
    }

    /// Who calls.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// How the plan stood once this call was counted.
    #[must_use]
    pub fn pace(&self) -> &PaceSnapshot {
        &self.pace
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.caller.pace().lock().leave();
    }
}
