//! Leave to carry out one call.

use std::sync::Arc;

use super::{Account, Pace, PaceSnapshot};
use crate::Caller;

/// Leave to carry out one call: who calls, and that the plan allows it. Only the gate makes one.
///
/// Holds one of the agency's places in flight until it is dropped, so drop it when the call is answered.
#[derive(Debug)]
pub struct Permit {
    caller: Caller,
    pace: PaceSnapshot,
    renewal_due: bool,
    route_due: Option<Account>,
}

impl Permit {
    /// The place in flight is already taken.
    pub(super) fn new(
        caller: Caller,
        pace: PaceSnapshot,
        renewal_due: bool,
        route_due: Option<Account>,
    ) -> Self {
        let Pace { load, post, .. } = &**caller.pace();
        post.load.begin(load);
        Self { caller, pace, renewal_due, route_due }
    }

    /// The accounts whose lease is running low, so that somebody should take more for them now, ahead of need. Said to
    /// one caller at a time: until a [`renewal`](Account::renewal) is written, found nothing, or was said to have
    /// failed, no other is told.
    pub fn renewals_due(&self) -> impl Iterator<Item = Account> {
        let of_plan = self.renewal_due.then(|| Account(Arc::clone(self.caller.pace())));
        of_plan.into_iter().chain(self.route_due.clone())
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
        let Pace { load, post, .. } = &**self.caller.pace();
        post.load.end(load);
        self.caller.pace().lock().leave();
    }
}
