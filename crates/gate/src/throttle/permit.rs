//! Leave to carry out one call.

use std::sync::Arc;

use super::{Account, PaceSnapshot};
use crate::Caller;

/// Leave to carry out one call: who calls, and that the plan allows it. Only the gate makes one.
///
/// Holds one of the agency's places in flight until it is dropped, so drop it when the call is answered.
#[derive(Debug)]
pub struct Permit {
    caller: Caller,
    pace: PaceSnapshot,
    renewal_due: bool,
}

impl Permit {
    /// The place in flight is already taken.
    pub(super) fn new(caller: Caller, pace: PaceSnapshot, renewal_due: bool) -> Self {
        Self { caller, pace, renewal_due }
    }

    /// The account whose lease is running low, if somebody should take more for it now, ahead of need. Said to one
    /// caller at a time: until a [`renewal`](Account::renewal) is written, found nothing, or was said to have failed,
    /// no other is told.
    #[must_use]
    pub fn renewal_due(&self) -> Option<Account> {
        self.renewal_due.then(|| Account(Arc::clone(self.caller.pace())))
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
